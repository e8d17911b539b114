package transport

import (
	"net"
	"net/netip"
	"testing"

	"github.com/redirectd/redirectd/internal/edge/message"
)

// echo sends back what it receives.
type echo struct{}

func (echo) Receive(f Flow, m *message.Message, _ error) { _ = f.Send(m.Raw()) }

func (echo) Failed(Flow, []byte, error) {}

// TestUDPSendAllocates nothing, from a bound socket and from a wildcard.
func TestUDPSendAllocates(t *testing.T) {
	for _, bound := range []string{"udp://127.0.0.1:0", "udp://0.0.0.0:0"} {
		s := serve(t, Config{}, newSink(), bound)
		f, ok := s.Flow(Destination{Kind: UDP, Addr: netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), s.addr(0).Port())}, netip.AddrPort{})
		if !ok {
			t.Fatal("no flow")
		}
		keepAlive := []byte("\r\n") // which the reader drops
		// On average: the race detector empties the pool of calls at random.
		if n := testing.AllocsPerRun(1000, func() { _ = f.Send(keepAlive) }); n != 0 {
			t.Errorf("%s: %v allocations for each datagram, want none", bound, n)
		}
	}
}

func BenchmarkUDPEcho(b *testing.B) {
	benchmarkEcho(b, "udp", "127.0.0.1:0")
}

func BenchmarkUDPEchoWildcard(b *testing.B) {
	benchmarkEcho(b, "udp", "0.0.0.0:0")
}

func BenchmarkTCPEcho(b *testing.B) {
	benchmarkEcho(b, "tcp", "127.0.0.1:0")
}

func benchmarkEcho(b *testing.B, network, at string) {
	b.Helper()
	a, err := ParseAddress(network + "://" + at)
	if err != nil {
		b.Fatal(err)
	}
	s, err := Listen(Config{Listen: []Address{a}}, echo{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(s.Shutdown)
	s.Serve()
	to := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), s.addr(0).Port())
	nc, err := net.Dial(network, to.String())
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = nc.Close() }()
	want := []byte(options("1", 500))
	got := make([]byte, 64<<10)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := nc.Write(want); err != nil {
			b.Fatal(err)
		}
		for n := 0; n < len(want); {
			k, err := nc.Read(got)
			if err != nil {
				b.Fatal(err)
			}
			n += k
		}
	}
}
