package locate

import (
	"net/netip"
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/edge/locate/dnstest"
	"github.com/redirectd/redirectd/internal/edge/transport"
)

// TestUnreachable: a hop that failed comes last for a while, is never dropped, and
// comes back when it answers.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	r, k := resolving(t, Config{Usable: ipv4Only, UnreachableFor: 10 * time.Second}, dnstest.Serve(t, `
_sip._tcp.example. SRV 0 0 5060 a.example.
_sip._tcp.example. SRV 1 0 5060 b.example.
_sip._tcp.example. SRV 2 0 5060 c.example.
a.example. A 192.0.2.1
b.example. A 192.0.2.2
c.example. A 192.0.2.3
`))
	const uri = "sip:example;transport=tcp"
	const a, b, c = "tcp 192.0.2.1:5060", "tcp 192.0.2.2:5060", "tcp 192.0.2.3:5060"
	hop := func(addr string) Hop { return Hop{Kind: transport.TCP, Addr: netip.MustParseAddrPort(addr + ":5060")} }
	expect := func(when, want string) {
		t.Helper()
		if got := lookUp(t, r, uri); got != want {
			t.Errorf("%s: Lookup says %s, want %s", when, got, want)
		}
		if hops, ok := r.Known(parse(t, uri)); !ok || texts(hops) != want {
			t.Errorf("%s: Known says %s, %v, want %s", when, texts(hops), ok, want)
		}
	}
	expect("at first", a+", "+b+", "+c)
	r.Failed(hop("192.0.2.1"))
	expect("after a failed", b+", "+c+", "+a)
	r.Failed(hop("192.0.2.2"))
	expect("after b failed", c+", "+a+", "+b)
	r.Failed(hop("192.0.2.3"))
	expect("after all failed", a+", "+b+", "+c)
	r.Answered(hop("192.0.2.2"))
	expect("after b answered", b+", "+a+", "+c)
	if udp := (Hop{Kind: transport.UDP, Addr: hop("192.0.2.1").Addr}); r.Unreachable(udp) || !r.Unreachable(hop("192.0.2.1")) {
		t.Error("TCP is unreachable, UDP is not")
	}
	k.Advance(10 * time.Second)
	expect("after a while", a+", "+b+", "+c)
	if r.Unreachable(hop("192.0.2.1")) {
		t.Error("unreachable for longer than configured")
	}
}

func TestUnreachableIsBounded(t *testing.T) {
	t.Parallel()
	r := New(Config{})
	addr := netip.MustParseAddr("10.0.0.1")
	for range maxRemember + 500 {
		r.Failed(Hop{Kind: transport.UDP, Addr: netip.AddrPortFrom(addr, 5060)})
		addr = addr.Next()
	}
	eventually(t, "the memory has shrunk", func() bool { return r.unreachable.EstimatedSize() <= maxRemember })
}
