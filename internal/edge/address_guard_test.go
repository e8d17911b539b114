package edge

import (
	"net/netip"
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/siptest"
)

// TestNowhere are addresses that no configuration makes good.
func TestNowhere(t *testing.T) {
	t.Parallel()
	for to, want := range map[string]string{
		"192.0.2.1:5060": "", "[2001:db8::1]:5060": "", "[::ffff:192.0.2.1]:5060": "", "127.0.0.1:5060": "", "255.255.255.254:1": "",
		"192.0.2.1:0": "port 0 is none", "0.0.0.0:5060": "it is no address of a host", "[::]:5060": "it is no address of a host",
		"[::ffff:0.0.0.0]:5060": "it is no address of a host", "224.0.0.1:5060": "it is multicast", "239.255.255.255:5060": "it is multicast",
		"[ff02::1]:5060": "it is multicast", "[ff02::1%eth0]:5060": "it is multicast", "[::ffff:224.0.1.75]:5060": "it is multicast",
		"255.255.255.255:5060": "it is broadcast", "[::ffff:255.255.255.255]:5060": "it is broadcast",
	} {
		if got := nowhere(netip.MustParseAddrPort(to)); got != want {
			t.Errorf("%s: %q, want %q", to, got, want)
		}
	}
}

// TestTargets: deny goes before allow, and neither the mapped form of an address
// nor its zone is a way around.
func TestTargets(t *testing.T) {
	t.Parallel()
	const denied, notAllowed, port = "targets.deny has it", "targets.allow does not have it", "targets.ports does not have its port"
	open, strict := &Targets{}, &Targets{
		Allow: from("192.0.2.0/24", "2001:db8::/32", "fe80::/10"), Deny: from("192.0.2.128/25", "fe80::1/128"),
		Ports: []PortRange{{5060, 5061}, {10000, 65535}},
	}
	for _, c := range []struct {
		targets  *Targets
		to, want string
	}{
		{open, "10.0.0.1:1", ""},
		{open, "[fc00::1]:65535", ""},
		{strict, "192.0.2.127:5060", ""},
		{strict, "[::ffff:192.0.2.127]:5061", ""},
		{strict, "[2001:db8::1]:10000", ""},
		{strict, "[fe80::2%eth0]:65535", ""},
		{strict, "192.0.2.128:5060", denied},
		{strict, "[::ffff:192.0.2.128]:5060", denied},
		{strict, "[fe80::1%eth0]:5060", denied},
		{strict, "192.0.3.1:5060", notAllowed},
		{strict, "[2001:db9::1]:5060", notAllowed},
		{strict, "192.0.2.1:5059", port},
		{strict, "192.0.2.1:5062", port},
		{strict, "192.0.2.1:9999", port},
	} {
		if got := c.targets.forbid(netip.MustParseAddrPort(c.to)); got != c.want {
			t.Errorf("%s: %q, want %q", c.to, got, c.want)
		}
	}
}

func targets(list Targets) func(*Options) { return func(o *Options) { o.Config.Targets = list } }

// TestRedirectToDeniedAddress skips the target, by number or by name, and goes on
// with the next. The next hop is configured: there the list has nothing to say.
func TestRedirectToDeniedAddress(t *testing.T) {
	t.Parallel()
	caller, server := siptest.UDP(t), siptest.New(t, "udp", "127.0.0.5")
	denied, good := siptest.UDP(t), siptest.New(t, "udp", "127.0.0.6")
	e := startEdge(t, nextHop(server.URI("")), targets(Targets{Deny: from("127.0.0.1/32", "127.0.0.5/32", "::1/128")}))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	port := denied.Addr().String()[len("127.0.0.1"):]
	server.Respond(server.Expect("INVITE "), 302, "Moved Temporarily", "Contact: <"+denied.URI("a")+">;q=0.9, <sip:a@localhost"+port+">;q=0.8, <sip:a@[::ffff:127.0.0.1]"+port+
		">;q=0.7, <sip:a@example.com;maddr=127.0.0.1>;q=0.6, <sip:a@239.1.1.1>;q=0.5, <sip:a@0.0.0.0:9>;q=0.4, <"+good.URI("a")+">;q=0.3")
	server.Expect("ACK ")
	good.Respond(good.Expect("INVITE "), 200, "OK")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 200 "))
	good.Expect("ACK ")
	denied.Silent(0)
	if got := counted(t, e.metrics.refused.WithLabelValues("address")); got != 6 {
		t.Errorf("%v targets were refused for their address, want 6", got)
	}
	e.log.find(t, "attempt refused", "reason=address", denied.Addr().String(), "targets.deny has it")
	e.log.find(t, "redirected call", "refused (", "targets.deny has it", "200 OK")
}

// TestCallerToDeniedAddress guards what a caller says too: its Request-URI, and
// its Route.
func TestCallerToDeniedAddress(t *testing.T) {
	t.Parallel()
	caller, denied, good := siptest.UDP(t), siptest.New(t, "udp", "127.0.0.7"), siptest.New(t, "udp", "127.0.0.6")
	e := startEdge(t, targets(Targets{Allow: from("127.0.0.6/32")}))
	for _, c := range []struct{ uri, route string }{
		{denied.URI("bob"), ""},
		{good.URI("bob"), denied.URI("") + ";lr"},
		{good.URI("bob"), denied.URI("")}, // a strict router
		{"sip:bob@example.com;maddr=127.0.0.7", ""},
		{"sip:bob@255.255.255.255", ""},
	} {
		options := []siptest.Option{siptest.Method("MESSAGE")}
		if c.route != "" {
			options = append(options, siptest.Header("Route", "<"+c.route+">"))
		}
		caller.Invite(e.udp, c.uri, options...)
		caller.Expect("SIP/2.0 480 ")
	}
	denied.Silent(10 * time.Millisecond)
	caller.Invite(e.udp, good.URI("bob"), siptest.Method("MESSAGE"))
	good.Respond(good.Expect("MESSAGE "), 200, "OK")
	caller.Expect("SIP/2.0 200 ")
}

// TestPortsOfTargets guards ports that are not of SIP.
func TestPortsOfTargets(t *testing.T) {
	t.Parallel()
	caller, server, denied, good := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	port := good.Addr().Port()
	e := startEdge(t, nextHop(server.URI("")), targets(Targets{Ports: []PortRange{{port, port}}}))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	server.Respond(server.Expect("INVITE "), 302, "Moved Temporarily", "Contact: <"+denied.URI("a")+">;q=0.9, <"+good.URI("a")+">;q=0.3")
	server.Expect("ACK ")
	good.Respond(good.Expect("INVITE "), 486, "Busy Here")
	good.Expect("ACK ")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 486 "))
	denied.Silent(0)
}

// TestTargetsOfATrunk stand instead of those of the edge, for its calls.
func TestTargetsOfATrunk(t *testing.T) {
	t.Parallel()
	one, other := siptest.New(t, "udp", "127.0.0.2"), siptest.New(t, "udp", "127.0.0.3")
	target := siptest.New(t, "udp", "127.0.0.9")
	e := startEdge(t, targets(Targets{Deny: from("127.0.0.9/32")}), trunks(
		Trunk{Name: "a", From: from("127.0.0.2/32")},
		Trunk{Name: "b", From: from("127.0.0.3/32"), Targets: &Targets{Deny: from("127.0.0.10/32")}},
	))
	one.Invite(e.udp, target.URI("bob"), siptest.Method("MESSAGE"))
	one.Expect("SIP/2.0 480 ")
	other.Invite(e.udp, target.URI("bob"), siptest.Method("MESSAGE"))
	target.Respond(target.Expect("MESSAGE "), 200, "OK")
	other.Expect("SIP/2.0 200 ")
}

// TestDialogToDeniedAddress guards what a callee says of where it is - the ACK
// goes there, and the BYE - but reaches the caller, and a configured next hop, in
// spite of the list.
func TestDialogToDeniedAddress(t *testing.T) {
	t.Parallel()
	caller, callee := siptest.New(t, "udp", "127.0.0.2"), siptest.New(t, "udp", "127.0.0.9")
	victim := siptest.New(t, "udp", "127.0.0.7")
	for name, everybody := range map[string]bool{"of its own": false, "of everybody": true} {
		list := []Trunk{{Name: "a", From: from("127.0.0.2/32")}}
		if everybody { // is no address of anybody
			list = append(list, Trunk{Name: "b", From: from("0.0.0.0/0")})
		}
		e := startEdge(t, nextHop(callee.URI("")), trunks(list...),
			targets(Targets{Deny: from("127.0.0.0/8")}))
		call := answer(t, e, caller, callee, "sip:bob@example.com") // with its ACK to the next hop
		back := calleeSide(callee, call.invite, call.answer)
		callee.Send(e.udp, back.request("INFO", 5))
		caller.Respond(caller.Expect("INFO "), 200, "OK")
		callee.Expect("SIP/2.0 200 ")

		s := callerSide(caller, call.ok)
		s.target = victim.URI("x")
		before := counted(t, e.metrics.dropped.WithLabelValues("stray_ack"))
		caller.Send(e.udp, s.request("ACK", 1))
		caller.Send(e.udp, s.request("BYE", 6))
		caller.Expect("SIP/2.0 480 ")
		victim.Silent(10 * time.Millisecond)
		if got := counted(t, e.metrics.dropped.WithLabelValues("stray_ack")) - before; got != 1 {
			t.Errorf("a trunk %s: %v ACKs were dropped, want 1", name, got)
		}
	}
}
