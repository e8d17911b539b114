package transport

import (
	"net/netip"
	"strconv"
	"testing"

	"github.com/redirectd/redirectd/internal/siptest"
)

// TestAlias: a connection of a peer that has proved a name is used for requests to
// that name, and for no other, as long as it lives.
func TestAlias(t *testing.T) {
	ca := siptest.NewCA(t)
	r := newSink()
	s := serve(t, secured(ca, ca.Issue("127.0.0.1"), ClientAuthRequest), r, "tls://127.0.0.1:0")
	nc := connectTLS(t, s.addr(0), ca.Issue("a.example", "B.example", "192.0.2.1"))
	send(t, nc, options("1", 0))
	f := r.next(t).flow
	sentBy := netip.MustParseAddrPort("127.0.0.1:1") // nobody listens: a dial fails
	s.Alias(f, sentBy)
	for _, name := range []string{"a.example", "b.EXAMPLE", "192.0.2.1"} {
		to := Destination{Kind: TLS, Addr: sentBy, Name: name}
		if found, ok := s.Flow(to, netip.AddrPort{}); !ok || found != f {
			t.Errorf("flow to %s: %s, %v", to, found, ok)
		}
		if found, err := s.Dial(t.Context(), to); err != nil || found != f {
			t.Errorf("dial to %s: %s, %v", to, found, err)
		}
	}
	for _, to := range []Destination{
		{Kind: TLS, Addr: sentBy},
		{Kind: TLS, Addr: sentBy, Name: "c.example"},
		{Kind: TCP, Addr: sentBy, Name: "a.example"},
		{Kind: WSS, Addr: sentBy, Name: "a.example"},
		{Kind: TLS, Addr: f.Remote, Name: "a.example"},
	} {
		if found, ok := s.Flow(to, netip.AddrPort{}); ok {
			t.Errorf("%s has %s", to, found)
		}
	}
	_ = nc.Close()
	r.failure(t)
	if found, ok := s.Flow(Destination{Kind: TLS, Addr: sentBy, Name: "a.example"}, netip.AddrPort{}); ok {
		t.Errorf("after its end: %s", found)
	}
	s.Alias(f, sentBy)
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.conns.byPeer) + len(s.conns.byID); n != 0 {
		t.Errorf("%d entries are left of it", n)
	}
}

// TestNoAlias: not for who has proved nothing, and not for a connection of ours.
func TestNoAlias(t *testing.T) {
	ca := siptest.NewCA(t)
	r := newSink()
	s := serve(t, secured(ca, ca.Issue("127.0.0.1"), ClientAuthRequest), r, "tls://127.0.0.1:0", "tcp://127.0.0.1:0", "udp://127.0.0.1:0")
	sentBy := netip.MustParseAddrPort("127.0.0.1:1")
	send(t, connectTLS(t, s.addr(0)), options("1", 0))
	s.Alias(r.next(t).flow, sentBy)
	send(t, connect(t, s.addr(1)), options("1", 0))
	s.Alias(r.next(t).flow, sentBy)
	datagram(t, s.addr(2), []byte(options("1", 0)))
	s.Alias(r.next(t).flow, sentBy)
	p := siptest.TLS(t, ca, ca.Issue("a.example"))
	ours, err := s.Dial(t.Context(), Destination{Kind: TLS, Addr: p.Addr(), Name: "a.example"})
	if err != nil {
		t.Fatal(err)
	}
	s.Alias(ours, sentBy)
	s.Alias(Flow{}, sentBy)
	for _, k := range []Kind{TCP, TLS} {
		for _, name := range []string{"", "a.example"} {
			if found, ok := s.Flow(Destination{Kind: k, Addr: sentBy, Name: name}, netip.AddrPort{}); ok {
				t.Errorf("%s for %q: %s", k, name, found)
			}
		}
	}
}

// TestAliasBound: one connection takes no more than maxAliases places.
func TestAliasBound(t *testing.T) {
	ca := siptest.NewCA(t)
	r := newSink()
	s := serve(t, secured(ca, ca.Issue("127.0.0.1"), ClientAuthRequire), r, "tls://127.0.0.1:0")
	names := make([]string, 20)
	for i := range names {
		names[i] = "n" + strconv.Itoa(i) + ".example"
	}
	send(t, connectTLS(t, s.addr(0), ca.Issue(names...)), options("1", 0))
	f := r.next(t).flow
	for range 2 {
		for port := range uint16(100) {
			s.Alias(f, netip.AddrPortFrom(f.Remote.Addr(), port))
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.conns.byPeer); n != maxAliases {
		t.Errorf("%d places, want %d", n, maxAliases)
	}
}
