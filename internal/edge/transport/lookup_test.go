package transport

import (
	"net"
	"net/netip"
	"strconv"
	"strings"
	"testing"
)

func TestLookup(t *testing.T) {
	s := serve(t, Config{}, newSink(), "udp://127.0.0.2:0", "udp://127.0.0.1:0", "tcp://0.0.0.0:0", "udp://127.0.0.1:0")
	one, two, again := s.addr(1), s.addr(0), s.addr(3)
	remote := netip.MustParseAddrPort("127.0.0.9:5060") // the kernel sends there from 127.0.0.1
	for _, tc := range []struct{ prefer, want netip.AddrPort }{
		{netip.AddrPort{}, one},
		{one, one},
		{again, again}, // of two that suit alike
		{two, one},     // which is not on the route
		{netip.MustParseAddrPort("192.0.2.1:5060"), one},
	} {
		f, ok := s.Flow(Destination{Kind: UDP, Addr: remote}, tc.prefer)
		if !ok || f.Local != tc.want || f.Remote != remote {
			t.Errorf("preferring %s: %s, %v, want from %s", tc.prefer, f, ok, tc.want)
		}
	}
	if f, ok := s.Flow(Destination{Kind: UDP, Addr: netip.MustParseAddrPort("[::ffff:127.0.0.9]:5060")}, one); !ok || f.Remote != remote {
		t.Errorf("flow to an IPv4 address written as IPv6: %s, %v", f, ok)
	}
	if f, ok := s.Flow(Destination{Kind: UDP, Addr: netip.MustParseAddrPort("[::1]:5060")}, netip.AddrPort{}); ok {
		t.Errorf("IPv6 flow of an IPv4 socket: %s", f)
	}
	for k, want := range map[Kind][2]bool{UDP: {true, false}, TCP: {true, false}, 0: {false, false}} {
		v4, v6 := s.HasKind(k, remote.Addr()), s.HasKind(k, netip.IPv6Loopback())
		if v4 != want[0] || v6 != want[1] {
			t.Errorf("%s: IPv4 %v, IPv6 %v, want %v", k, v4, v6, want)
		}
	}
}

// TestIsOwnAsAdvertised knows the address that stands for a listener, and no other
// transport or port of it.
func TestIsOwnAsAdvertised(t *testing.T) {
	s := serve(t, Config{Advertise: "[2001:db8::1]", AdvertiseAt: map[Address]string{
		{Kind: UDP, AddrPort: netip.MustParseAddrPort("127.0.0.1:0")}: "192.0.2.1",
	}}, newSink(), "udp://127.0.0.1:0", "tcp://127.0.0.1:0")
	udp, tcp := s.addr(0).Port(), s.addr(1).Port()
	for _, tc := range []struct {
		kind Kind
		addr string
		port uint16
		want bool
	}{
		{UDP, "192.0.2.1", udp, true},
		{UDP, "::ffff:192.0.2.1", udp, true},
		{UDP, "192.0.2.1", udp + 1, false},
		{TCP, "192.0.2.1", tcp, false},
		{TCP, "2001:db8::1", tcp, false},
		{UDP, "192.0.2.2", udp, false},
	} {
		if got := s.IsOwn(tc.kind, netip.AddrPortFrom(netip.MustParseAddr(tc.addr), tc.port)); got != tc.want {
			t.Errorf("%s %s %d: %v, want %v", tc.kind, tc.addr, tc.port, got, tc.want)
		}
	}
}

// TestSuits ranks listeners of a machine with an inside and an outside.
func TestSuits(t *testing.T) {
	const source, remote = "203.0.113.1", "203.0.113.9"
	for _, tc := range []struct{ better, worse, prefer string }{
		{"203.0.113.1:5060", "10.0.0.1:5060", "10.0.0.1:5060"},
		{"203.0.113.1:5060", "0.0.0.0:5060", "0.0.0.0:5060"},
		{"0.0.0.0:5060", "10.0.0.1:5060", "10.0.0.1:5060"},
		{"203.0.113.1:5062", "203.0.113.1:5060", "203.0.113.1:5062"},
		{"10.0.0.2:5060", "10.0.0.1:5060", "10.0.0.2:5060"},
		{"10.0.0.1:5060", "127.0.0.1:5060", "127.0.0.1:5060"},
		{"127.0.0.1:5060", "[2001:db8::1]:5060", "[2001:db8::1]:5060"},
	} {
		rank := func(bound string) int {
			return suits(netip.MustParseAddrPort(bound), netip.MustParseAddr(remote), netip.MustParseAddr(source), netip.MustParseAddrPort(tc.prefer))
		}
		if better, worse := rank(tc.better), rank(tc.worse); better <= worse {
			t.Errorf("to %s, preferring %s: %s has rank %d and %s %d", remote, tc.prefer, tc.better, better, tc.worse, worse)
		}
	}
}

func TestIsOwn(t *testing.T) {
	s := serve(t, Config{}, newSink(), "udp://127.0.0.1:0", "tcp://0.0.0.0:0")
	udp, tcp := s.addr(0).Port(), s.addr(1).Port()
	tests := map[string]bool{
		"udp 127.0.0.1 " + strconv.Itoa(int(udp)):        true,
		"udp ::ffff:127.0.0.1 " + strconv.Itoa(int(udp)): true,
		"udp 0.0.0.0 " + strconv.Itoa(int(udp)):          true,
		"udp 127.0.0.2 " + strconv.Itoa(int(udp)):        false,
		"udp 127.0.0.1 " + strconv.Itoa(int(udp)+1):      false,
		"udp ::1 " + strconv.Itoa(int(udp)):              false,
		"tcp 127.0.0.1 " + strconv.Itoa(int(tcp)):        true,
		"tcp 127.1.2.3 " + strconv.Itoa(int(tcp)):        true,
		"tcp 192.0.2.250 " + strconv.Itoa(int(tcp)):      false,
		"tcp 0.0.0.0 " + strconv.Itoa(int(tcp)):          true,
		"tcp ::1 " + strconv.Itoa(int(tcp)):              false,
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addrs {
		ip := netip.MustParsePrefix(a.String()).Addr()
		tests["tcp "+ip.String()+" "+strconv.Itoa(int(tcp))] = ip.Is4()
	}
	for in, want := range tests {
		fields := strings.Fields(in)
		kind, _ := ParseKind(fields[0])
		port, _ := strconv.ParseUint(fields[2], 10, 16)
		if got := s.IsOwn(kind, netip.AddrPortFrom(netip.MustParseAddr(fields[1]), uint16(port))); got != want {
			t.Errorf("%s: %v, want %v", in, got, want)
		}
	}
}

func TestSentBy(t *testing.T) {
	local := "127.0.0.1"
	for _, tc := range []struct{ advertise, at, host string }{
		{"", "", local},
		{"edge.example.com", "", "edge.example.com"},
		{"192.0.2.1", "", "192.0.2.1"},
		{"::ffff:192.0.2.1", "", "192.0.2.1"},
		{"2001:db8::1", "", local}, // is not of its family
		{"edge.example.com", "inside.example.com", "inside.example.com"},
		{"", "2001:db8::1", "[2001:db8::1]"},
		{"", "[2001:db8::1]", "[2001:db8::1]"},
	} {
		cfg := Config{Advertise: tc.advertise}
		if tc.at != "" {
			at, _ := ParseAddress("udp://127.0.0.1:0")
			cfg.AdvertiseAt = map[Address]string{at: tc.at}
		}
		s := serve(t, cfg, newSink(), "udp://127.0.0.1:0")
		f, _ := s.Flow(Destination{Kind: UDP, Addr: netip.MustParseAddrPort("127.0.0.1:9")}, netip.AddrPort{})
		if want := tc.host + ":" + strconv.Itoa(int(s.addr(0).Port())); s.SentBy(f) != want {
			t.Errorf("advertise %q, %q: %s, want %s", tc.advertise, tc.at, s.SentBy(f), want)
		}
	}
	s := &Set{}
	link := Flow{Local: netip.MustParseAddrPort("[fe80::1%eth0]:5060"), path: &udpSocket{addr: netip.MustParseAddrPort("[fe80::1%eth0]:5060")}}
	if got := s.SentBy(link); got != "[fe80::1]:5060" {
		t.Errorf("link-local address: %s, want none of its zone", got)
	}
	if got := s.SentBy(Flow{}); got != "" {
		t.Errorf("no flow: %q", got)
	}
}
