package transport

import (
	"errors"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/redirectd/redirectd/internal/siptest"
)

// TestShutdown: with connections of every kind open, a queue that does not
// drain and a dial that hangs, Shutdown is quick and leaves nothing behind.
func TestShutdown(t *testing.T) {
	silent := unanswered(t)
	ca := siptest.NewCA(t)
	pair := ca.Issue("127.0.0.1")
	before := runtime.NumGoroutine()
	r := newSink()
	cfg := secured(ca, pair, ClientAuthNone)
	cfg.QueueBytes = 64 << 20
	s := serve(t, cfg, r, "udp://127.0.0.1:0", "udp://0.0.0.0:0", "tcp://127.0.0.1:0",
		"tls://127.0.0.1:0", "ws://127.0.0.1:0", "wss://127.0.0.1:0")
	for i := 3; i <= 5; i++ { // in their handshakes, and after
		connect(t, s.addr(i))
	}
	send(t, connectTLS(t, s.addr(3)), options("1", 9)[:30])
	send(t, connectWS(t, s.addr(4)), masked(ws.OpText, false, "OPTIONS"))
	for range 10 {
		send(t, connect(t, s.addr(2)), options("1", 9)[:30])
	}
	stuck := connect(t, s.addr(2))
	send(t, stuck, options("1", 0))
	f := r.next(t).flow
	if err := f.Send(make([]byte, 32<<20)); err != nil {
		t.Fatal(err)
	}
	dialled := make(chan error, 4)
	mute := accepting(t)
	for _, to := range []Destination{
		{Kind: TCP, Addr: silent}, {Kind: TLS, Addr: mute, Name: "a.example"}, {Kind: WS, Addr: mute}, {Kind: WSS, Addr: mute, Name: "a.example"},
	} {
		go func() {
			_, err := s.Dial(t.Context(), to)
			dialled <- err
		}()
	}
	eventually(t, "the dials are pending", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return len(s.conns.dials) == 4
	})
	u, _ := s.Flow(Destination{Kind: UDP, Addr: s.addr(1)}, netip.AddrPort{})
	start := time.Now()
	s.Shutdown()
	if took := time.Since(start); took > 2*stopGrace {
		t.Errorf("Shutdown took %s", took)
	}
	for range 4 {
		if err := <-dialled; err == nil {
			t.Error("a dial succeeded")
		}
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

// accepting is an address that takes connections and never says a word.
func accepting(t *testing.T) netip.AddrPort {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	return ln.Addr().(*net.TCPAddr).AddrPort()
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
