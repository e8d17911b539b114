package transport

import (
	"errors"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/siptest"
)

// TestShutdown: with connections of every kind open, a queue that does not
// drain and a dial that hangs, Shutdown is quick and leaves nothing behind.
func TestShutdown(t *testing.T) {
	silent := unanswered(t)
	before := runtime.NumGoroutine()
	r := newSink()
	s := serve(t, Config{QueueBytes: 64 << 20}, r, "udp://127.0.0.1:0", "udp://0.0.0.0:0", "tcp://127.0.0.1:0")
	for range 10 {
		send(t, connect(t, s.addr(2)), options("1", 9)[:30])
	}
	stuck := connect(t, s.addr(2))
	send(t, stuck, options("1", 0))
	f := r.next(t).flow
	if err := f.Send(make([]byte, 32<<20)); err != nil {
		t.Fatal(err)
	}
	dialled := make(chan error, 1)
	go func() {
		_, err := s.Dial(t.Context(), Destination{Kind: TCP, Addr: silent})
		dialled <- err
	}()
	eventually(t, "a dial is pending", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return len(s.conns.dials) == 1
	})
	u, _ := s.Flow(Destination{Kind: UDP, Addr: s.addr(1)}, netip.AddrPort{})
	start := time.Now()
	s.Shutdown()
	if took := time.Since(start); took > 2*stopGrace {
		t.Errorf("Shutdown took %s", took)
	}
	if err := <-dialled; err == nil {
		t.Error("the dial succeeded")
	}
	s.Shutdown()
	eventually(t, "all goroutines ended", func() bool { return runtime.NumGoroutine() <= before })
	if f.Alive() || u.Alive() || !errors.Is(u.Send([]byte("x")), ErrClosed) || !errors.Is(f.Send([]byte("x")), ErrClosed) {
		t.Error("a flow is alive")
	}
	if _, err := s.Dial(t.Context(), Destination{Kind: TCP, Addr: silent}); !errors.Is(err, ErrClosed) {
		t.Errorf("dial: %v, want ErrClosed", err)
	}
	if _, ok := s.Flow(Destination{Kind: UDP, Addr: silent}, netip.AddrPort{}); ok {
		t.Error("there is a UDP flow")
	}
	if len(r.failures) > 0 {
		t.Errorf("Shutdown was reported as a failure: %v", (<-r.failures).err)
	}
}

// TestShutdownWrites: what is queued still goes out to a peer that reads.
func TestShutdownWrites(t *testing.T) {
	r := newSink()
	s := serve(t, Config{}, r, "tcp://127.0.0.1:0")
	nc := connect(t, s.addr(0))
	send(t, nc, options("1", 0))
	f := r.next(t).flow
	want := strings.Repeat(options("2", 1000), 500)
	if err := f.Send([]byte(want)); err != nil {
		t.Fatal(err)
	}
	go s.Shutdown()
	if got := read(t, nc, len(want)); got != want {
		t.Errorf("%d bytes came, want %d", len(got), len(want))
	}
	closed(t, nc)
}

// TestNotServed: before Serve nothing is read, and Shutdown works.
func TestNotServed(t *testing.T) {
	r := newSink()
	local := netip.MustParseAddrPort("127.0.0.1:0")
	s, err := Listen(Config{Listen: []Address{{UDP, local}, {TCP, local}}}, r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Shutdown)
	p := siptest.UDP(t)
	p.SendBytes(s.addr(0), []byte(options("1", 0)))
	send(t, connect(t, s.addr(1)), options("2", 0))
	r.silent(t, 50*time.Millisecond)
	s.Serve()
	got := r.next(t).raw + r.next(t).raw
	if !strings.Contains(got, options("1", 0)) || !strings.Contains(got, options("2", 0)) {
		t.Errorf("received %q", got)
	}
	s.Shutdown()
	s.Serve() // too late: starts nothing
	if again, err := Listen(Config{Listen: []Address{{UDP, s.addr(0)}, {TCP, s.addr(1)}}}, r); err != nil {
		t.Errorf("the addresses are not free: %v", err)
	} else {
		again.Shutdown()
	}
}
