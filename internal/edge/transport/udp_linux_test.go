package transport

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/redirectd/redirectd/internal/siptest"
)

// closedPort is a UDP port of host that nobody listens on.
func closedPort(t *testing.T, host string) netip.AddrPort {
	t.Helper()
	var lc net.ListenConfig
	pc, err := lc.ListenPacket(t.Context(), "udp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = pc.Close() }()
	return unmap(pc.LocalAddr().(*net.UDPAddr).AddrPort())
}

// TestICMP: a closed port is known at once, with the branch of what was sent,
// from a bound socket and from a wildcard.
func TestICMP(t *testing.T) {
	for _, host := range siptest.Loopbacks() {
		wildcard := map[string]string{"127.0.0.1": "0.0.0.0", "::1": "::"}[host]
		for _, bound := range []string{host, wildcard} {
			t.Run(host+" from "+bound, func(t *testing.T) {
				r := newSink()
				s := serve(t, Config{}, r, freePort("udp", bound))
				remote := closedPort(t, host)
				f, ok := s.Flow(Destination{Kind: UDP, Addr: remote}, netip.AddrPort{})
				if !ok {
					t.Fatal("no flow")
				}
				if err := f.Send([]byte(options("refused", 0))); err != nil {
					t.Fatal(err)
				}
				got := r.failure(t)
				if got.flow != f || !errors.Is(got.err, syscall.ECONNREFUSED) {
					t.Errorf("failure of %s: %v, want ECONNREFUSED of %s", got.flow, got.err, f)
				}
				if !strings.HasPrefix(got.payload, "OPTIONS ") || !strings.Contains(got.payload, "branch=z9hG4bKrefused") {
					t.Errorf("payload %q has no branch", got.payload)
				}
			})
		}
	}
}

// TestICMPOfOthers: refusals of many datagrams cost no other its sending, and
// each is told.
func TestICMPOfOthers(t *testing.T) {
	r := newSink()
	s := serve(t, Config{}, r, "udp://127.0.0.1:0")
	p := siptest.UDP(t)
	dead, _ := s.Flow(Destination{Kind: UDP, Addr: closedPort(t, "127.0.0.1")}, netip.AddrPort{})
	alive, _ := s.Flow(Destination{Kind: UDP, Addr: p.Addr()}, netip.AddrPort{})
	const n = 200
	for range n {
		for _, f := range []Flow{dead, alive} {
			if err := f.Send([]byte(options("1", 0))); err != nil {
				t.Fatalf("sending to %s: %v", f.Remote, err)
			}
		}
	}
	for i := range n {
		p.Expect("OPTIONS ")
		if got := r.failure(t); got.flow != dead {
			t.Fatalf("failure %d of %s", i, got.flow)
		}
	}
	datagram(t, s.addr(0), []byte(options("2", 0)))
	if got := r.next(t); got.raw != options("2", 0) {
		t.Errorf("after the refusals: received %q", got.raw)
	}
}

// TestWildcardSource: an answer leaves from the address that the request came
// to (RFC 3581 section 4).
func TestWildcardSource(t *testing.T) {
	type test struct{ wildcard, host, to string }
	tests := []test{{"0.0.0.0", "127.0.0.1", "127.0.0.2"}, {"0.0.0.0", "127.0.0.1", "127.0.0.1"}}
	if slices.Contains(siptest.Loopbacks(), "::1") {
		tests = append(tests, test{"::", "::1", "::1"})
	}
	for _, tc := range tests {
		t.Run(tc.to, func(t *testing.T) {
			r := newSink()
			s := serve(t, Config{}, r, freePort("udp", tc.wildcard))
			to := netip.AddrPortFrom(netip.MustParseAddr(tc.to), s.addr(0).Port())
			p := siptest.New(t, "udp", tc.host)
			p.SendBytes(to, []byte(options("1", 0)))
			f := r.next(t).flow
			if f.Local != to || s.SentBy(f) != to.String() {
				t.Errorf("local address %s, sent-by %s, want %s", f.Local, s.SentBy(f), to)
			}
			if err := f.Send([]byte("SIP/2.0 200 OK\r\n\r\n")); err != nil {
				t.Fatal(err)
			}
			if m := p.Expect("SIP/2.0 200"); m.From != to {
				t.Errorf("answer from %s, want %s", m.From, to)
			}
		})
	}
}

// TestWildcardRoute: the routing table says where a datagram of a wildcard
// leaves from, whatever is preferred, and what the peer sees is what the flow
// says.
func TestWildcardRoute(t *testing.T) {
	s := serve(t, Config{}, newSink(), "udp://0.0.0.0:0")
	p := siptest.New(t, "udp", "127.0.0.3")
	for _, prefer := range []string{"", "127.0.0.9:1", "127.0.0.9:" + strings.TrimPrefix(s.addr(0).String(), "0.0.0.0:"), "192.0.2.77:" + strings.TrimPrefix(s.addr(0).String(), "0.0.0.0:")} {
		preferred, _ := netip.ParseAddrPort(prefer)
		f, ok := s.Flow(Destination{Kind: UDP, Addr: p.Addr()}, preferred)
		if !ok || f.Local.Addr() != netip.AddrFrom4([4]byte{127, 0, 0, 1}) || f.Local.Port() != s.addr(0).Port() {
			t.Fatalf("flow %s, %v", f, ok)
		}
		if err := f.Send([]byte("SIP/2.0 200 OK\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
		if m := p.Receive(); m.From != f.Local {
			t.Errorf("came from %s, flow says %s", m.From, f.Local)
		}
	}
	for i := range 3 * localSources {
		s.local.source(netip.AddrFrom4([4]byte{127, 1, byte(i >> 8), byte(i)}))
	}
	if n := len(s.local.sources); n > localSources {
		t.Errorf("%d routes are remembered, want %d at most", n, localSources)
	}
	if _, err := s.Dial(t.Context(), Destination{Kind: UDP, Addr: netip.MustParseAddrPort("[::1]:9")}); !errors.Is(err, ErrNoListener) {
		t.Errorf("IPv6 from an IPv4 socket: %v", err)
	}
}
