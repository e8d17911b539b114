package transport

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/edge/message"
)

const wait = 3 * time.Second

// sink is a Receiver that hands on what it is told.
type sink struct {
	received chan arrival
	failures chan failure
	react    func(f Flow, m *message.Message, err error) // on the reader's goroutine; may be nil
}

type arrival struct {
	flow Flow
	raw  string
	err  error
}

type failure struct {
	flow    Flow
	payload string
	err     error
}

func newSink() *sink {
	return &sink{received: make(chan arrival, 4096), failures: make(chan failure, 4096)}
}

func (s *sink) Receive(f Flow, m *message.Message, err error) {
	s.received <- arrival{f, string(m.Raw()), err}
	if s.react != nil {
		s.react(f, m, err)
	}
}

func (s *sink) Failed(f Flow, payload []byte, err error) {
	s.failures <- failure{f, string(payload), err}
}

func (s *sink) next(t *testing.T) arrival {
	t.Helper()
	select {
	case a := <-s.received:
		return a
	case <-time.After(wait):
		t.Fatalf("nothing received within %s", wait)
		return arrival{}
	}
}

func (s *sink) failure(t *testing.T) failure {
	t.Helper()
	select {
	case f := <-s.failures:
		return f
	case <-time.After(wait):
		t.Fatalf("no failure within %s", wait)
		return failure{}
	}
}

func (s *sink) silent(t *testing.T, d time.Duration) {
	t.Helper()
	select {
	case a := <-s.received:
		t.Fatalf("received %q (%v)", a.raw, a.err)
	case f := <-s.failures:
		t.Fatalf("failure of %s: %v", f.flow, f.err)
	case <-time.After(d):
	}
}

// serve runs a Set with these addresses until the test ends.
func serve(t *testing.T, cfg Config, r Receiver, listen ...string) *Set {
	t.Helper()
	for _, l := range listen {
		a, err := ParseAddress(l)
		if err != nil {
			t.Fatal(err)
		}
		cfg.Listen = append(cfg.Listen, a)
	}
	s, err := Listen(cfg, r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Shutdown)
	s.Serve()
	return s
}

func (s *Set) addr(i int) netip.AddrPort { return s.listeners[i].Addr }

func freePort(network, host string) string { return network + "://" + net.JoinHostPort(host, "0") }

func connect(t *testing.T, to netip.AddrPort) *net.TCPConn {
	t.Helper()
	var d net.Dialer
	ctx, cancel := context.WithTimeout(t.Context(), wait)
	defer cancel()
	nc, err := d.DialContext(ctx, "tcp", to.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	return nc.(*net.TCPConn)
}

// read reads until the peer closes, or n bytes have come.
func read(t *testing.T, nc net.Conn, n int) string {
	t.Helper()
	_ = nc.SetReadDeadline(time.Now().Add(wait))
	var got []byte
	buf := make([]byte, 64<<10)
	for len(got) < n {
		k, err := nc.Read(buf[:min(len(buf), n-len(got))])
		got = append(got, buf[:k]...)
		if err != nil {
			if isTimeout(err) {
				t.Fatalf("only %d of %d bytes came: %q", len(got), n, got)
			}
			break
		}
	}
	return string(got)
}

func isTimeout(err error) bool {
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}

// closed fails the test unless the far side closes without another byte.
func closed(t *testing.T, nc net.Conn) {
	t.Helper()
	if got := read(t, nc, 1); got != "" {
		t.Fatalf("got %q, want the end of the connection", got)
	}
}

// eventually polls.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(wait); !ok(); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s", wait, what)
		}
	}
}

// options is a request with a body of n bytes.
func options(branch string, n int) string {
	return "OPTIONS sip:b@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:5070;branch=z9hG4bK" + branch +
		"\r\nMax-Forwards: 70\r\nFrom: <sip:a@127.0.0.1>;tag=1\r\nTo: <sip:b@127.0.0.1>\r\nCall-ID: " + branch +
		"\r\nCSeq: 1 OPTIONS\r\nContent-Length: " + strconv.Itoa(n) + "\r\n\r\n" + strings.Repeat("x", n)
}
