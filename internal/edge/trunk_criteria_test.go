package edge

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/edge/transport"
	"github.com/redirectd/redirectd/internal/siptest"
)

// listen replaces the listeners, and the trunks that list makes of them.
func listen(t *testing.T, addresses ...string) func(*Options) {
	t.Helper()
	return func(o *Options) {
		if err := o.Config.SetListen(addresses); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTrunkByListener knows a peer by where its requests arrive, whatever its
// address, and by both where both are given.
func TestTrunkByListener(t *testing.T) {
	t.Parallel()
	inner, outer := siptest.UDP(t), siptest.UDP(t)
	one, two := mustAddress(t, "udp://127.0.0.1:0"), mustAddress(t, "udp://127.0.0.2:0")
	e := startEdge(t, listen(t, one.String(), two.String()), trunks(
		Trunk{Name: "inner", Listeners: []transport.Address{one}, NextHop: []string{inner.URI("")}},
		Trunk{Name: "outer", Listeners: []transport.Address{two}, From: from("127.0.0.9/32"), NextHop: []string{outer.URI("")}},
	))
	for _, c := range []struct {
		from string
		to   int
		hop  *siptest.Peer
	}{
		{"127.0.0.8", 0, inner}, {"127.0.0.9", 0, inner}, {"127.0.0.9", 1, outer}, {"127.0.0.8", 1, nil},
	} {
		caller := siptest.New(t, "udp", c.from)
		caller.Invite(e.Listeners()[c.to].Addr, "sip:bob@example.com", siptest.Method("MESSAGE"))
		if c.hop == nil {
			caller.Expect("SIP/2.0 403 ")
			continue
		}
		c.hop.Respond(c.hop.Expect("MESSAGE "), 200, "OK")
		caller.Expect("SIP/2.0 200 ")
	}
}

// TestListenerOnEveryAddress is one listener, whichever address of it a request
// came to.
func TestListenerOnEveryAddress(t *testing.T) {
	t.Parallel()
	target, caller := siptest.UDP(t), siptest.UDP(t)
	all := mustAddress(t, "udp://0.0.0.0:0")
	e := startEdge(t, listen(t, all.String()), trunks(Trunk{Name: "a", Listeners: []transport.Address{all}, NextHop: []string{target.URI("")}}))
	for _, host := range []string{"127.0.0.1", "127.0.0.5"} {
		caller.Invite(netip.AddrPortFrom(netip.MustParseAddr(host), e.udp.Port()), "sip:bob@example.com", siptest.Method("MESSAGE"))
		target.Respond(target.Expect("MESSAGE "), 200, "OK")
		caller.Expect("SIP/2.0 200 ")
	}
}

// TestCallerOfAListener may send within its dialog from another address, if it
// comes by the same listener; who comes by another may reach the caller only.
func TestCallerOfAListener(t *testing.T) {
	t.Parallel()
	caller, callee := siptest.New(t, "udp", "127.0.0.3"), siptest.New(t, "udp", "127.0.0.9")
	one, two := mustAddress(t, "udp://127.0.0.1:0"), mustAddress(t, "udp://127.0.0.2:0")
	e := startEdge(t, listen(t, one.String(), two.String()), nextHop(callee.URI("")), trunks(
		Trunk{Name: "inner", Listeners: []transport.Address{one}}, Trunk{Name: "outer", Listeners: []transport.Address{two}, From: from("127.0.0.8/32")},
	))
	e.udp = e.Listeners()[0].Addr
	call := answer(t, e, caller, callee, "sip:bob@example.com")
	moved, elsewhere := siptest.New(t, "udp", "127.0.0.4"), siptest.New(t, "udp", "127.0.0.7")
	s := callerSide(moved, call.ok)
	moved.Send(e.Listeners()[1].Addr, s.request("INFO", 5))
	moved.Expect("SIP/2.0 403 ")
	moved.Send(e.Listeners()[0].Addr, s.request("INFO", 6))
	callee.Respond(callee.Expect("INFO "), 200, "OK")
	moved.Expect("SIP/2.0 200 ")

	back := calleeSide(callee, call.invite, call.answer)
	callee.Send(e.Listeners()[1].Addr, back.request("INFO", 7))
	caller.Respond(caller.Expect("INFO "), 200, "OK")
	callee.Expect("SIP/2.0 200 ")
	for i, target := range []string{elsewhere.URI("x"), back.target + ";maddr=127.0.0.7", "sip:x@" + elsewhere.Addr().String() + ";maddr=127.0.0.3"} {
		back.target = target
		callee.Send(e.Listeners()[1].Addr, back.request("INFO", 8+i))
		if i < 2 {
			callee.Expect("SIP/2.0 403 ")
			continue
		}
		callee.Expect("SIP/2.0 ") // it goes to the caller's address, where nobody has that port
	}
	elsewhere.Silent(20 * time.Millisecond)
}

// TestDialogReachesTheTrunkOfTheCaller at any of its addresses, as where the caller
// is may change within a dialog.
func TestDialogReachesTheTrunkOfTheCaller(t *testing.T) {
	t.Parallel()
	caller, callee := siptest.New(t, "udp", "127.0.0.2"), siptest.New(t, "udp", "127.0.0.9")
	moved, other := siptest.New(t, "udp", "127.0.0.3"), siptest.New(t, "udp", "127.0.0.4")
	e := startEdge(t, nextHop(callee.URI("")), trunks(Trunk{Name: "a", From: from("127.0.0.2/31")}, Trunk{Name: "b", From: from("127.0.0.4/32")}))
	call := answer(t, e, caller, callee, "sip:bob@example.com")
	s := calleeSide(callee, call.invite, call.answer)
	s.target = moved.URI("x")
	callee.Send(e.udp, s.request("INFO", 5))
	moved.Respond(moved.Expect("INFO "), 200, "OK")
	callee.Expect("SIP/2.0 200 ")
	s.target = other.URI("x")
	callee.Send(e.udp, s.request("INFO", 6))
	callee.Expect("SIP/2.0 403 ")
	other.Silent(0)
}

// TestResponseTimeoutIsOfTheNextHop and not of requests within a dialog.
func TestResponseTimeoutIsOfTheNextHop(t *testing.T) {
	t.Parallel()
	caller, callee := siptest.New(t, "udp", "127.0.0.2"), siptest.New(t, "udp", "127.0.0.9")
	e := startEdge(t, nextHop(callee.URI("")), trunks(Trunk{Name: "a", From: from("127.0.0.2/32"), ResponseTimeout: 100 * time.Millisecond}))
	call := answer(t, e, caller, callee, "sip:bob@example.com")
	call.call.Bye(call.ok)
	bye := callee.Expect("BYE ")
	callee.Silent(250 * time.Millisecond)
	callee.Respond(bye, 200, "OK")
	caller.Expect("SIP/2.0 200 ")
}

// TestTrunkTLSNames are compared without regard to case, and not in part.
func TestTrunkTLSNames(t *testing.T) {
	t.Parallel()
	trunk := Trunk{TLSNames: []string{"sip.example.com", "b.example.com"}}
	for name, want := range map[string]bool{
		"SIP.example.com": true, "b.example.com": true, "example.com": false, "x.sip.example.com": false, "": false,
	} {
		if got := trunk.hasTLSName(name); got != want {
			t.Errorf("%q: %v, want %v", name, got, want)
		}
	}
	if trunk.sends(transport.Flow{Kind: transport.UDP}) {
		t.Error("who shows no certificate is of a trunk with tls_names")
	}
}

// TestStrangersAreIgnored has no answer for who is of no trunk, whatever comes,
// and counts it. A peer that is known learns what is wrong.
func TestStrangersAreIgnored(t *testing.T) {
	t.Parallel()
	caller, callee := siptest.New(t, "udp", "127.0.0.2"), siptest.New(t, "udp", "127.0.0.9")
	e := startEdge(t, nextHop(callee.URI("")), trunks(Trunk{Name: "a", From: from("127.0.0.2/32")}),
		func(o *Options) { o.Config.Strangers = Ignore })
	call := answer(t, e, caller, callee, "sip:bob@example.com")
	stranger := siptest.New(t, "udp", "127.0.0.3")
	invite := stranger.Invite(e.udp, "sip:bob@example.com")
	stranger.Invite(e.udp, "sip:"+e.udp.String(), siptest.Method("OPTIONS"))
	invite.Cancel()
	in := calleeSide(stranger, call.invite, call.answer)
	in.routes = nil
	for i, method := range []string{"INVITE", "ACK", "BYE"} {
		stranger.Send(e.udp, in.request(method, 5+i))
	}
	malformed := func(s side) string {
		return strings.Replace(s.request("INFO", 9), "Max-Forwards: 70\r\n", "Max-Forwards: 70\r\nMax-Forwards: 70\r\n", 1)
	}
	stranger.Send(e.udp, malformed(in))
	stranger.Silent(50 * time.Millisecond)
	callee.Silent(0)
	if got := counted(t, e.metrics.forbidden.WithLabelValues("no_trunk")); got != 2 {
		t.Errorf("%v requests without a trunk were counted, want 2", got)
	}
	if got := counted(t, e.metrics.forbidden.WithLabelValues("in_dialog_without_mac")); got != 3 {
		t.Errorf("%v requests without a MAC were counted, want 3", got)
	}
	known := callerSide(caller, call.ok)
	known.routes = nil
	caller.Send(e.udp, known.request("INFO", 6))
	caller.Expect("SIP/2.0 403 ")
	caller.Send(e.udp, malformed(known))
	caller.Expect("SIP/2.0 400 ")
	// The MAC admits a stranger.
	good := calleeSide(callee, call.invite, call.answer)
	callee.Send(e.udp, good.request("BYE", 7))
	caller.Respond(caller.Expect("BYE "), 200, "OK")
	callee.Expect("SIP/2.0 200 ")
}

// TestMethodsOfATrunk are all that it may send outside a dialog; within one it
// may send any.
func TestMethodsOfATrunk(t *testing.T) {
	t.Parallel()
	caller, callee := siptest.New(t, "udp", "127.0.0.2"), siptest.New(t, "udp", "127.0.0.9")
	e := startEdge(t, nextHop(callee.URI("")), trunks(Trunk{Name: "a", From: from("127.0.0.2/32"), Methods: []string{"INVITE", "X-PING"}}))
	for _, method := range []string{"MESSAGE", "OPTIONS", "x-ping"} {
		caller.Invite(e.udp, "sip:bob@example.com", siptest.Method(method))
		if m := caller.Expect("SIP/2.0 405 Method Not Allowed"); m.Header("Allow") != "INVITE, X-PING" {
			t.Errorf("Allow: %q", m.Header("Allow"))
		}
	}
	caller.Invite(e.udp, "sip:"+e.udp.String(), siptest.Method("OPTIONS")) // a ping is ours to answer
	caller.Expect("SIP/2.0 200 ")
	callee.Silent(10 * time.Millisecond)
	caller.Invite(e.udp, "sip:bob@example.com", siptest.Method("X-PING"))
	callee.Respond(callee.Expect("X-PING "), 200, "OK")
	caller.Expect("SIP/2.0 200 ")
	call := answer(t, e, caller, callee, "sip:bob@example.com")
	caller.Send(e.udp, callerSide(caller, call.ok).request("MESSAGE", 5))
	callee.Respond(callee.Expect("MESSAGE "), 200, "OK")
	caller.Expect("SIP/2.0 200 ")
	cancelled := caller.Invite(e.udp, "sip:bob@example.com") // CANCEL is a part of it
	callee.Respond(callee.Expect("INVITE "), 180, "Ringing")
	caller.ExpectSkipping100("SIP/2.0 180")
	cancelled.Cancel()
	callee.Expect("CANCEL ")
}
