package transport

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/siptest"
)

// TestSilentConnections: they delay no other, and cost no more than their
// goroutine.
func TestSilentConnections(t *testing.T) {
	r := newSink()
	s := serve(t, Config{}, r, "tcp://127.0.0.1:0")
	for i := range 100 {
		nc := connect(t, s.addr(0))
		if i%2 == 0 {
			send(t, nc, options("1", 9)[:40])
		}
	}
	start := time.Now()
	send(t, connect(t, s.addr(0)), options("1", 0))
	if got := r.next(t); got.raw != options("1", 0) {
		t.Errorf("received %q", got.raw)
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("a message took %s beside silent connections", took)
	}
}

func TestConnectionLimits(t *testing.T) {
	for _, tc := range []struct {
		name string
		cfg  Config
	}{
		{"in all", Config{MaxConnections: 3}},
		{"by source", Config{MaxConnectionsPerSource: 3}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var journal logged
			tc.cfg.Logger = journal.logger()
			r := newSink()
			s := serve(t, tc.cfg, r, "tcp://127.0.0.1:0")
			var open []net.Conn
			for i := range 3 {
				open = append(open, connect(t, s.addr(0)))
				send(t, open[i], options("1", 0))
				r.next(t)
			}
			for range 5 {
				closed(t, connect(t, s.addr(0)))
			}
			if n := strings.Count(journal.String(), "connections refused"); n != 1 {
				t.Errorf("%d lines in the log, want 1 within a second:\n%s", n, journal.String())
			}
			_, err := s.Dial(t.Context(), Destination{Kind: TCP, Addr: siptest.TCP(t).Addr()})
			if errors.Is(err, ErrTooManyConnections) != (tc.cfg.MaxConnections > 0) {
				t.Errorf("dial at the limit: %v", err)
			}
			_ = open[0].Close()
			r.failure(t)
			send(t, connect(t, s.addr(0)), options("2", 0))
			if got := r.next(t); got.raw != options("2", 0) {
				t.Errorf("after one was closed: %q", got.raw)
			}
		})
	}
}

func TestSourceOf(t *testing.T) {
	for in, want := range map[string]string{
		"192.0.2.1": "192.0.2.1/32", "2001:db8::1": "2001:db8::/64", "2001:db8:0:0:ffff::2": "2001:db8::/64", "fe80::1%eth0": "fe80::/64",
	} {
		if got := sourceOf(netip.MustParseAddr(in)).String(); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

// TestQueueOverflow: a peer that does not read costs QueueBytes and its
// connection, and no waiting.
func TestQueueOverflow(t *testing.T) {
	r := newSink()
	s := serve(t, Config{QueueBytes: 256 << 10}, r, "tcp://127.0.0.1:0")
	nc := connect(t, s.addr(0))
	_ = nc.SetReadBuffer(4096)
	send(t, nc, options("1", 0))
	f := r.next(t).flow
	b := []byte(options("2", 10000))
	start := time.Now()
	var err error
	for n := 0; err == nil && n < 10000; n++ {
		err = f.Send(b)
	}
	if took := time.Since(start); !errors.Is(err, ErrQueueFull) || took > wait {
		t.Fatalf("ended after %s: %v, want ErrQueueFull", took, err)
	}
	if f.Alive() || !errors.Is(f.Send(b), ErrClosed) {
		t.Error("the connection is still there")
	}
	if got := r.failure(t); got.flow != f || !errors.Is(got.err, ErrQueueFull) {
		t.Errorf("failure of %s: %v", got.flow, got.err)
	}
}

// TestWriteTimeout: a peer that reads nothing, of few bytes.
func TestWriteTimeout(t *testing.T) {
	r := newSink()
	s := serve(t, Config{QueueBytes: 64 << 20, WriteTimeout: 200 * time.Millisecond}, r, "tcp://127.0.0.1:0")
	nc := connect(t, s.addr(0))
	_ = nc.SetReadBuffer(4096)
	send(t, nc, options("1", 0))
	f := r.next(t).flow
	if err := f.Send(make([]byte, 32<<20)); err != nil {
		t.Fatal(err)
	}
	if got := r.failure(t); got.flow != f || !isTimeout(got.err) {
		t.Errorf("failure of %s: %v, want a timeout", got.flow, got.err)
	}
}

// TestQueueOrder: many senders at once, every message whole and each sender's
// in its order.
func TestQueueOrder(t *testing.T) {
	r := newSink()
	s := serve(t, Config{}, r, "tcp://127.0.0.1:0")
	p := siptest.TCP(t)
	f, err := s.Dial(t.Context(), Destination{Kind: TCP, Addr: p.Addr()})
	if err != nil {
		t.Fatal(err)
	}
	const senders, each = 8, 50
	for i := range senders {
		go func() {
			for j := range each {
				if err := f.Send([]byte(options(fmt.Sprintf("%d.%d", i, j), j))); err != nil {
					t.Errorf("sender %d: %v", i, err)
				}
			}
		}()
	}
	var next [senders]int
	for range senders * each {
		m := p.Expect("OPTIONS ")
		var i, j int
		if _, err := fmt.Sscanf(m.Header("Call-ID"), "%d.%d", &i, &j); err != nil || j != next[i] || len(m.Body()) != j {
			t.Fatalf("sender %d: message %d with %d bytes, want %d (%v)", i, j, len(m.Body()), next[i], err)
		}
		next[i]++
	}
}

// failing is a listener whose first calls fail as if files were short.
type failing struct {
	net.Listener
	left atomic.Int32
}

func (f *failing) Accept() (net.Conn, error) {
	if f.left.Add(-1) >= 0 {
		return nil, &net.OpError{Op: "accept", Err: syscall.EMFILE}
	}
	return f.Listener.Accept()
}

func TestAcceptErrors(t *testing.T) {
	var journal logged
	r := newSink()
	s, err := Listen(Config{Listen: []Address{{TCP, netip.MustParseAddrPort("127.0.0.1:0")}}, Logger: journal.logger()}, r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Shutdown)
	f := &failing{Listener: s.tcp[0].ln}
	f.left.Store(5)
	s.tcp[0].ln = f
	s.Serve()
	send(t, connect(t, s.addr(0)), options("1", 0))
	if got := r.next(t); got.raw != options("1", 0) {
		t.Errorf("received %q", got.raw)
	}
	if n := strings.Count(journal.String(), "cannot accept connections"); n != 5 {
		t.Errorf("%d lines in the log, want 5:\n%s", n, journal.String())
	}
	f.left.Store(1 << 30) // it is failing when it is shut down
	_ = connect(t, s.addr(0)).Close()
}

// TestStrangersCannotStopOutgoingConnections keeps a tenth of the connections
// for those that we make.
func TestStrangersCannotStopOutgoingConnections(t *testing.T) {
	t.Parallel()
	set := serve(t, Config{MaxConnections: 10}, newSink(), freePort("tcp", "127.0.0.1"))
	for range 12 {
		connect(t, set.addr(0))
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	if _, err := set.Dial(t.Context(), Destination{Kind: TCP, Addr: l.Addr().(*net.TCPAddr).AddrPort()}); err != nil {
		t.Errorf("dial beside strangers: %v", err)
	}
}
