package admin

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// start serves on addr until the test ends.
func start(t *testing.T, addr string) *Server {
	t.Helper()
	return startWith(t, addr, Options{})
}

func startWith(t *testing.T, addr string, o Options) *Server {
	t.Helper()
	s, err := Listen(addr, o)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve() }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 5*time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return s
}

func get(t *testing.T, s *Server, path string) (status int, body string) {
	t.Helper()
	_, port, err := net.SplitHostPort(s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Timeout: 5 * time.Second}
	defer client.CloseIdleConnections()
	resp, err := client.Get("http://127.0.0.1:" + port + path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func TestPages(t *testing.T) {
	s := start(t, "127.0.0.1:0")
	counter := prometheus.NewCounter(prometheus.CounterOpts{Name: "test_calls_total", Help: "Calls."})
	s.Registry().MustRegister(counter)
	counter.Add(3)
	for _, c := range []struct {
		path   string
		status int
		has    string
	}{
		{"/metrics", 200, "test_calls_total 3\n"},
		{"/metrics", 200, "go_goroutines"},
		{"/healthz", 200, "ok\n"},
		{"/readyz", 503, "starting\n"},
		{"/debug/pprof/", 200, "goroutine"},
		{"/nothing", 404, "not found"},
	} {
		if status, body := get(t, s, c.path); status != c.status || !strings.Contains(body, c.has) {
			t.Errorf("%s: got %d %.80q, want %d with %q", c.path, status, body, c.status, c.has)
		}
	}
}

func TestReadiness(t *testing.T) {
	s := start(t, "127.0.0.1:0")
	s.SetReady(true, "serving on 127.0.0.1:1")
	if status, body := get(t, s, "/readyz"); status != 200 || body != "serving on 127.0.0.1:1\n" {
		t.Errorf("ready: got %d %q", status, body)
	}
	s.SetReady(false, "draining")
	if status, body := get(t, s, "/readyz"); status != 503 || body != "draining\n" {
		t.Errorf("draining: got %d %q", status, body)
	}
}

// TestNote: what is wrong and keeps nobody from serving.
func TestNote(t *testing.T) {
	note := ""
	s := startWith(t, "127.0.0.1:0", Options{Note: func() string { return note }})
	s.SetReady(true, "serving")
	if _, body := get(t, s, "/readyz"); body != "serving\n" {
		t.Errorf("without a note: %q", body)
	}
	note = "policy.yaml was not reloaded"
	if status, body := get(t, s, "/readyz"); status != 200 || body != "serving; policy.yaml was not reloaded\n" {
		t.Errorf("with a note: %d %q", status, body)
	}
	s.SetReady(false, "draining")
	if status, body := get(t, s, "/readyz"); status != 503 || body != "draining\n" {
		t.Errorf("draining: %d %q", status, body)
	}
}

func TestNoProfilesForTheNetwork(t *testing.T) {
	s := start(t, "0.0.0.0:0")
	if status, _ := get(t, s, "/debug/pprof/"); status != 404 {
		t.Errorf("got %d, want 404: profiles are for loopback only", status)
	}
	if status, _ := get(t, s, "/healthz"); status != 200 {
		t.Errorf("healthz: got %d", status)
	}
}

func TestListenSaysWhichAddress(t *testing.T) {
	s := start(t, "127.0.0.1:0")
	_, err := Listen(s.Addr().String(), Options{})
	if err == nil || !strings.Contains(err.Error(), s.Addr().String()) {
		t.Errorf("got %v, want an error that names %s", err, s.Addr())
	}
}

func TestShutdownWithoutServe(t *testing.T) {
	s, err := Listen("127.0.0.1:0", Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if conn, err := net.DialTimeout("tcp", s.Addr().String(), time.Second); err == nil {
		_ = conn.Close()
		t.Error("it still listens")
	}
}

func TestShutdownWaitsForARequest(t *testing.T) {
	s, err := Listen("127.0.0.1:0", Options{})
	if err != nil {
		t.Fatal(err)
	}
	entered, leave := make(chan struct{}), make(chan struct{})
	s.mux.Handle("GET /slow", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(entered)
		<-leave
		answer(w, 200, "done")
	}))
	served := make(chan error, 1)
	go func() { served <- s.Serve() }()
	conn, err := net.DialTimeout("tcp", s.Addr().String(), time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, "GET /slow HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	<-entered
	stopped := make(chan error, 1)
	go func() { stopped <- s.Shutdown(t.Context()) }()
	if err := <-served; err != nil { // the listener is closed before the wait
		t.Error(err)
	}
	close(leave)
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil || !strings.Contains(line, "200") {
		t.Errorf("the request in progress got %q, %v", line, err)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}
