package policyhttp_test

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/policyhttp"
	"github.com/redirectd/redirectd/internal/policy/policytest"
)

const decidePath = "/redirect.v1.RedirectPolicyService/Decide"

// TestPaths: what is there, and what is said of what is not.
func TestPaths(t *testing.T) {
	t.Parallel()
	d := open(t, policy.NewBuiltin(nil), policyhttp.Options{})
	for _, c := range []struct {
		method, path string
		status       int
		handler      string
	}{
		{"POST", "/redirect.v1.RedirectPolicyService/GetPolicyInfo", 200, "get_policy_info"},
		{"POST", decidePath, 400, "decide"},
		{"PUT", decidePath, 405, ""},
		{"POST", "/v1/next", 400, "next"},
		{"GET", "/v1/next", 405, "other"},
		{"POST", "/redirect.v1.RedirectPolicyService/Nothing", 404, ""},
		{"GET", "/", 404, ""},
	} {
		got := d.send(t, c.method, c.path, jsonForm, "{}")
		if got.StatusCode != c.status {
			t.Errorf("%s %s: %s %s", c.method, c.path, got.Status, got.body)
		}
		if c.handler != "" {
			if n := d.value(t, "redirectd_http_requests_total", "code="+strconv.Itoa(got.StatusCode), "handler="+c.handler); n != 1 {
				t.Errorf("%s %s: %v requests were counted", c.method, c.path, n)
			}
		}
	}
	if n := d.value(t, "redirectd_http_request_duration_seconds", "handler=decide"); n != 2 {
		t.Errorf("%v durations", n)
	}
}

// hold is a policy that holds every question until it is let go, or its context ends.
type hold struct {
	asked atomic.Int64
	leave chan struct{}
}

func newHold() *hold { return &hold{leave: make(chan struct{})} }

func (h *hold) Decide(ctx context.Context, _ *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
	h.asked.Add(1)
	select {
	case <-h.leave:
		return &redirectv1.DecideResponse{Action: &redirectv1.DecideResponse_Reject{Reject: &redirectv1.FinalResponse{Status: 404}}}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// await waits until the policy was asked so often.
func (h *hold) await(t *testing.T, n int64) {
	t.Helper()
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for end := time.Now().Add(10 * time.Second); h.asked.Load() < n; <-ticker.C {
		if time.Now().After(end) {
			t.Fatalf("asked %d times, not %d", h.asked.Load(), n)
		}
	}
}

func (d *door) client() *connect.Client[redirectv1.DecideRequest, redirectv1.DecideResponse] {
	own := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	return connect.NewClient[redirectv1.DecideRequest, redirectv1.DecideResponse](own, d.url+decidePath)
}

// ask puts a question in the background.
func (d *door) ask(ctx context.Context) <-chan error {
	ended := make(chan error, 1)
	go func() {
		_, err := d.client().CallUnary(ctx, connect.NewRequest(policytest.Redirected(302, "Moved")))
		ended <- err
	}()
	return ended
}

// TestConnectionsAreBounded: each has one question at a time, and others wait.
func TestConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	h := newHold()
	d := open(t, h, policyhttp.Options{MaxConnections: 2})
	first, second := d.ask(t.Context()), d.ask(t.Context())
	h.await(t, 2)
	third := d.ask(t.Context())
	select {
	case err := <-third:
		t.Errorf("the third one: %v", err)
	case <-time.After(100 * time.Millisecond):
	}
	if n := h.asked.Load(); n != 2 {
		t.Errorf("%d questions at once", n)
	}
	close(h.leave)
	for _, ended := range []<-chan error{first, second, third} {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// TestDrains: what is in progress is finished, nothing new begins.
func TestDrains(t *testing.T) {
	t.Parallel()
	h := newHold()
	d := open(t, h, policyhttp.Options{})
	asked := d.ask(t.Context())
	h.await(t, 1)
	drained := make(chan error, 1)
	go func() { drained <- d.Drain(t.Context()) }()
	for refused := false; !refused; {
		conn, err := net.Dial("tcp", d.address)
		if refused = err != nil; !refused {
			_ = conn.Close()
		}
	}
	close(h.leave)
	for what, ended := range map[string]<-chan error{"the question": asked, "drain": drained, "serve": d.ended} {
		if err := <-ended; err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestDrainIsBounded(t *testing.T) {
	t.Parallel()
	h := newHold()
	d := open(t, h, policyhttp.Options{})
	asked := d.ask(t.Context())
	h.await(t, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := d.Drain(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("drain: %v", err)
	}
	if err := <-asked; err == nil {
		t.Error("the question was answered")
	}
}

// TestGoneClient: a policy does not work for a client that has gone.
func TestGoneClient(t *testing.T) {
	t.Parallel()
	ended := make(chan error, 1)
	entered := make(chan struct{})
	d := open(t, policy.Func(func(ctx context.Context, _ *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
		close(entered)
		<-ctx.Done()
		ended <- ctx.Err()
		return nil, ctx.Err()
	}), policyhttp.Options{})
	conn, err := net.Dial("tcp", d.address)
	if err != nil {
		t.Fatal(err)
	}
	body := invite + moved
	if _, err := conn.Write([]byte("POST /v1/next HTTP/1.1\r\nHost: a\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body)); err != nil {
		t.Fatal(err)
	}
	<-entered
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the policy's context ended with %v", err)
	}
}

// TestConnectionAge: an old connection ends with its next answer, so that a new one can
// lead to a new replica.
func TestConnectionAge(t *testing.T) {
	t.Parallel()
	for age, want := range map[time.Duration]bool{time.Nanosecond: true, time.Hour: false} {
		d := open(t, policy.NewBuiltin(nil), policyhttp.Options{MaxConnectionAge: age})
		conn, err := net.Dial("tcp", d.address)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Write([]byte("GET / HTTP/1.1\r\nHost: a\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		if resp.Close != want {
			t.Errorf("after %s: Connection: close is %v", age, resp.Close)
		}
		if err := errors.Join(resp.Body.Close(), conn.Close()); err != nil {
			t.Error(err)
		}
	}
}

// TestPanicOfNext is no end of the process, and its text stays here.
func TestPanicOfNext(t *testing.T) {
	t.Parallel()
	d := open(t, policy.Func(func(context.Context, *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
		panic("the key is 1234")
	}), policyhttp.Options{})
	got := d.next(t, textForm, invite+moved)
	if got.StatusCode != 500 || got.body != "Code: internal\nMessage: the policy failed; its log says why\n" {
		t.Errorf("%s %s", got.Status, got.body)
	}
	if n := d.value(t, "redirectd_panics_total"); n != 1 {
		t.Errorf("%v panics were counted", n)
	}
}
