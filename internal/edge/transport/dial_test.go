package transport

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/siptest"
)

// TestDial: a connection of ours leaves from the listener's address, is named
// by the listener's port, is read, and is found again.
func TestDial(t *testing.T) {
	for _, host := range append(siptest.Loopbacks(), "127.0.0.2") {
		t.Run(host, func(t *testing.T) {
			r := newSink()
			s := serve(t, Config{}, r, freePort("udp", host), freePort("tcp", host))
			p := siptest.New(t, "tcp", host)
			if f, ok := s.Flow(Destination{Kind: TCP, Addr: p.Addr()}, netip.AddrPort{}); ok {
				t.Fatalf("flow %s before the dial", f)
			}
			f, err := s.Dial(t.Context(), Destination{Kind: TCP, Addr: p.Addr()})
			if err != nil {
				t.Fatal(err)
			}
			if f.Remote != p.Addr() || f.Local.Addr() != s.addr(1).Addr() || f.Local.Port() == s.addr(1).Port() || s.SentBy(f) != s.addr(1).String() {
				t.Errorf("flow %s, sent-by %s, want those of %s", f, s.SentBy(f), s.addr(1))
			}
			if err := f.Send([]byte(options("1", 0))); err != nil {
				t.Fatal(err)
			}
			m := p.Expect("OPTIONS ")
			if m.From != f.Local {
				t.Errorf("came from %s, want %s", m.From, f.Local)
			}
			p.Respond(m, 200, "OK")
			if got := r.next(t); got.flow != f || got.err != nil {
				t.Errorf("answer on %s, %v", got.flow, got.err)
			}
			if again, err := s.Dial(t.Context(), Destination{Kind: TCP, Addr: p.Addr()}); again != f || err != nil {
				t.Errorf("second dial: %s, %v", again, err)
			}
			if again, ok := s.Flow(Destination{Kind: TCP, Addr: p.Addr()}, netip.AddrPort{}); again != f || !ok {
				t.Errorf("flow after the dial: %s, %v", again, ok)
			}
		})
	}
}

// TestDialJoins: many callers, one connection.
func TestDialJoins(t *testing.T) {
	s := serve(t, Config{}, newSink(), "tcp://127.0.0.1:0")
	p := siptest.TCP(t)
	const callers = 50
	flows := make([]Flow, callers)
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			f, err := s.Dial(t.Context(), Destination{Kind: TCP, Addr: p.Addr()})
			if err != nil {
				t.Errorf("caller %d: %v", i, err)
			}
			flows[i] = f
		})
	}
	wg.Wait()
	for i, f := range flows {
		if f != flows[0] {
			t.Errorf("caller %d has %s, caller 0 %s", i, f, flows[0])
		}
	}
}

// unanswered is an address that takes no connection and refuses none: a
// listener whose queue is full.
func unanswered(t *testing.T) netip.AddrPort {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	sa, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	addr := "127.0.0.1:" + strconv.Itoa(sa.(*syscall.SockaddrInet4).Port)
	for range 4 { // until one is not taken
		nc, err := net.DialTimeout("tcp", addr, 100*time.Millisecond)
		if err != nil {
			return netip.MustParseAddrPort(addr)
		}
		t.Cleanup(func() { _ = nc.Close() })
	}
	t.Fatal("the listener's queue does not fill")
	return netip.AddrPort{}
}

func TestDialFails(t *testing.T) {
	r := newSink()
	s := serve(t, Config{DialTimeout: 300 * time.Millisecond}, r, "tcp://127.0.0.1:0")
	silent := unanswered(t)
	t.Run("refused", func(t *testing.T) {
		p := siptest.TCP(t)
		p.Close()
		if _, err := s.Dial(t.Context(), Destination{Kind: TCP, Addr: p.Addr()}); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("%v, want ECONNREFUSED", err)
		}
	})
	t.Run("times out", func(t *testing.T) {
		start := time.Now()
		_, err := s.Dial(t.Context(), Destination{Kind: TCP, Addr: silent})
		if took := time.Since(start); !isTimeout(err) || took < 300*time.Millisecond || took > wait {
			t.Errorf("after %s: %v, want a timeout", took, err)
		}
	})
	t.Run("handshake times out", func(t *testing.T) {
		s := serve(t, secured(siptest.NewCA(t), siptest.NewCA(t).Issue("a.example"), ClientAuthNone), newSink(), "tls://127.0.0.1:0", "ws://127.0.0.1:0")
		s.cfg.DialTimeout = 300 * time.Millisecond
		for _, k := range []Kind{TLS, WS} {
			start := time.Now()
			_, err := s.Dial(t.Context(), Destination{Kind: k, Addr: accepting(t), Name: "a.example"})
			if took := time.Since(start); !isTimeout(err) || took < 300*time.Millisecond || took > wait {
				t.Errorf("%s after %s: %v, want a timeout", k, took, err)
			}
		}
	})
	t.Run("caller leaves", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		start := time.Now()
		if _, err := s.Dial(ctx, Destination{Kind: TCP, Addr: silent}); !errors.Is(err, context.Canceled) || time.Since(start) > 200*time.Millisecond {
			t.Errorf("after %s: %v, want context.Canceled", time.Since(start), err)
		}
	})
	t.Run("no listener", func(t *testing.T) {
		for _, k := range []Kind{UDP, TCP, 0} {
			if _, err := s.Dial(t.Context(), Destination{Kind: k, Addr: netip.MustParseAddrPort("[2001:db8::1]:5060")}); !errors.Is(err, ErrNoListener) {
				t.Errorf("%s: %v, want ErrNoListener", k, err)
			}
		}
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.conns.all); n != 0 {
		t.Errorf("%d connections are left", n)
	}
}
