package edge

import (
	"fmt"
	"strings"
	"testing"
	"time"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/siptest"
)

// TestManyHeaderFieldsStillCancel has the most header fields that are read, with
// those that CANCEL and ACK need at the end.
func TestManyHeaderFieldsStillCancel(t *testing.T) {
	t.Parallel()
	caller, target := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(target.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com", siptest.Variant(func(raw string) string {
		head, body, _ := strings.Cut(raw, "\r\n\r\n")
		lines := strings.Split(head, "\r\n")
		first, via, rest := lines[0], lines[1], append(append([]string(nil), lines[6:]...), lines[2:6]...)
		out := []string{first, via}
		for i := 0; len(out)-1+len(rest) < 256; i++ {
			out = append(out, fmt.Sprintf("X: %d", i))
		}
		return strings.Join(append(out, rest...), "\r\n") + "\r\n\r\n" + body
	}))
	m := target.Expect("INVITE ")
	target.Respond(m, 180, "Ringing")
	caller.ExpectSkipping100("SIP/2.0 180")
	call.Cancel()
	c := target.Expect("CANCEL ")
	if c.Header("Call-ID") != call.CallID || c.Header("CSeq") != "1 CANCEL" {
		t.Errorf("broken CANCEL:\n%s", c.Raw)
	}
	target.Respond(m, 487, "Terminated")
	a := target.Expect("ACK ")
	if a.Header("Call-ID") != call.CallID || a.Header("CSeq") != "1 ACK" {
		t.Errorf("broken ACK:\n%s", a.Raw)
	}
}

// TestTrunkOfSeveralAddresses sends the later requests of a dialog from another
// address of the same trunk.
func TestTrunkOfSeveralAddresses(t *testing.T) {
	t.Parallel()
	a1, target := siptest.UDP(t), siptest.New(t, "udp", "127.0.0.3")
	a2 := siptest.New(t, "udp", "127.0.0.7")
	e := startEdge(t, nextHop(target.URI("")), trunks(Trunk{Name: "a", From: from("127.0.0.1/32", "127.0.0.7/32")}))
	a := answer(t, e, a1, target, "sip:bob@example.com")
	s := callerSide(a1, a.ok)
	s.peer = a2
	a2.Send(e.udp, s.request("BYE", 2))
	target.Expect("BYE ")
}

// TestCallerMovesWithinItsTrunk has its target refreshed to another host of the
// trunk.
func TestCallerMovesWithinItsTrunk(t *testing.T) {
	t.Parallel()
	caller, target := siptest.New(t, "udp", "127.0.0.2"), siptest.New(t, "udp", "127.0.0.3")
	moved := siptest.New(t, "udp", "127.0.0.4")
	e := startEdge(t, nextHop(target.URI("")), trunks(Trunk{Name: "a", From: from("127.0.0.0/24")}))
	a := answer(t, e, caller, target, "sip:bob@example.com")
	s := callerSide(caller, a.ok)
	raw := s.request("UPDATE", 2, "Contact: <"+moved.URI("caller")+">")
	caller.Send(e.udp, raw)
	target.Respond(target.Expect("UPDATE "), 200, "OK", "Contact: <"+target.URI("callee")+">")
	caller.Expect("SIP/2.0 200")
	c := calleeSide(target, a.invite, a.answer)
	c.target = moved.URI("caller")
	target.Send(e.udp, c.request("BYE", 9))
	moved.Expect("BYE ")
}

// TestAllOwnRoutesAreRemoved has been through the edge twice, with a doubled
// Record-Route each time.
func TestAllOwnRoutesAreRemoved(t *testing.T) {
	t.Parallel()
	caller, callee := siptest.TCP(t), siptest.TCP(t)
	e := startEdge(t)
	a := answer(t, e, caller, callee, callee.URI("bob"))
	s := callerSide(caller, a.ok)
	own := []string{"<sip:" + e.tcp.String() + ";transport=tcp;lr>", "<sip:" + e.udp.String() + ";lr>", "<sip:" + e.udp.String() + ";lr>", "<sip:" + e.tcp.String() + ";transport=tcp;lr>"}
	s.routes = own
	caller.Send(e.tcp, s.request("BYE", 2))
	callee.Expect("BYE ")
}

// TestSpiralKeepsItsDialog comes through the edge twice, for two trunks: each lap
// has a MAC of its own.
func TestSpiralKeepsItsDialog(t *testing.T) {
	t.Parallel()
	caller, p, callee := siptest.New(t, "udp", "127.0.0.2"), siptest.New(t, "udp", "127.0.0.3"), siptest.New(t, "udp", "127.0.0.4")
	e := startEdge(t, trunks(
		Trunk{Name: "a", From: from("127.0.0.2/32"), NextHop: []string{p.URI("")}},
		Trunk{Name: "p", From: from("127.0.0.3/32"), NextHop: []string{callee.URI("")}}))
	caller.Invite(e.udp, "sip:bob@example.com")
	m := p.Expect("INVITE ")
	p.Send(e.udp, strings.Replace(m.Raw, "\r\n", fmt.Sprintf("\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bKp1\r\n", p.Addr()), 1))
	i := callee.Expect("INVITE ")
	callee.Respond(i, 200, "OK")
	var ok *siptest.Msg
	p.Expect("SIP/2.0 100")
	r := p.Expect("SIP/2.0 200")
	l := strings.SplitN(r.Raw, "\r\n", 3)
	p.Send(e.udp, l[0]+"\r\n"+l[2])
	ok = caller.ExpectSkipping100("SIP/2.0 200")
	s := callerSide(caller, ok)
	caller.Send(e.udp, s.request("ACK", 1))
	callee.Expect("ACK ")
}

// TestAckOfARefusalInADialogEndsHere is hop by hop, though its To tag is the
// callee's.
func TestAckOfARefusalInADialogEndsHere(t *testing.T) {
	t.Parallel()
	caller, target := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(target.URI("")))
	a := answer(t, e, caller, target, "sip:bob@example.com")
	s := callerSide(caller, a.ok)
	raw := strings.Replace(s.request("INVITE", 5), "Max-Forwards: 70", "Max-Forwards: 0", 1)
	caller.Send(e.udp, raw)
	f := caller.Expect("SIP/2.0 483")
	caller.Send(e.udp, strings.Replace(ofInvite(raw, "ACK", f), "Max-Forwards: 0", "Max-Forwards: 70", 1))
	if m, ok := target.ReceiveWithin(200 * time.Millisecond); ok {
		t.Errorf("hop-by-hop ACK was forwarded:\n%s", m.Raw)
	}
}

// TestBareCookieIsNoBranch matches such requests as RFC 2543 does: two calls are
// two (RFC 4475 section 3.2.1).
func TestBareCookieIsNoBranch(t *testing.T) {
	t.Parallel()
	caller, target := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(target.URI("")))
	bare := siptest.Variant(func(raw string) string {
		b := (&siptest.Msg{Raw: raw}).Param("Via", "branch")
		return strings.Replace(raw, b, "z9hG4bK", 1)
	})
	caller.Invite(e.udp, "sip:bob@example.com", bare)
	target.Expect("INVITE ")
	c2 := caller.Invite(e.udp, "sip:carol@example.com", bare)
	if m := target.Expect("INVITE "); m.Header("Call-ID") != c2.CallID {
		t.Errorf("other call")
	}
}

// TestCancelledCallHasNo503 does not tell the caller to stay away because a target
// is unavailable.
func TestCancelledCallHasNo503(t *testing.T) {
	t.Parallel()
	caller, target := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(target.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	m := target.Expect("INVITE ")
	target.Respond(m, 180, "Ringing")
	caller.ExpectSkipping100("SIP/2.0 180")
	call.Cancel()
	caller.Expect("SIP/2.0 200")
	target.Expect("CANCEL ")
	target.Respond(m, 503, "Unavailable", "Retry-After: 3600")
	if f := caller.Expect("SIP/2.0 "); f.Status() == 503 {
		t.Errorf("a 503 went upstream:\n%s", f.Raw)
	}
}

// TestReasonOfACancelGoesOn tells the phone that the call was completed elsewhere
// (RFC 3326).
func TestReasonOfACancelGoesOn(t *testing.T) {
	t.Parallel()
	caller, target := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(target.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	m := target.Expect("INVITE ")
	target.Respond(m, 180, "Ringing")
	caller.ExpectSkipping100("SIP/2.0 180")
	caller.Send(e.udp, strings.Replace(ofInvite(call.Raw, "CANCEL", nil), "\r\nContent-Length", "\r\nReason: SIP;cause=200;text=\"Call completed elsewhere\"\r\nContent-Length", 1))
	if c := target.Expect("CANCEL "); c.Header("Reason") == "" {
		t.Errorf("Reason is lost:\n%s", c.Raw)
	}
}

// TestHeaderCopiesDoNotAmplify has a decision that multiplies a header beyond any
// message: the attempt is refused, and the connection that other calls use stays.
func TestHeaderCopiesDoNotAmplify(t *testing.T) {
	t.Parallel()
	caller, server, target := siptest.UDP(t), siptest.UDP(t), siptest.TCP(t)
	var ops []*redirectv1.HeaderOp
	for range 64 {
		ops = append(ops, copyOf(&redirectv1.HeaderCopy{Source: redirectv1.MessageRef_MESSAGE_REF_RESPONSE, Name: "X-Big"}))
	}
	n := 0
	p := policy.Func(func(_ contextT, req *requestT) (*responseT, error) {
		n++
		t := &redirectv1.Target{Uri: target.URI("a")}
		if n > 1 {
			t.HeaderOps = ops
		}
		return &responseT{Action: &redirectv1.DecideResponse_TryTargets{TryTargets: &redirectv1.TryTargets{Targets: []*redirectv1.Target{t}}}}, nil
	})
	e := startEdge(t, nextHop(server.URI("")), withPolicy(p))
	caller.Invite(e.udp, "sip:bob@example.com")
	redirectTo(server)
	first := target.Expect("INVITE ") // an innocent call on the same connection
	caller.Invite(e.udp, "sip:carol@example.com")
	big := strings.Repeat("X-Big: "+strings.Repeat("x", 7000)+"\r\n", 3)
	server.Respond(server.Expect("INVITE "), 302, "Moved", strings.TrimSuffix(big, "\r\n"), "Contact: <sip:x@127.0.0.1:9>")
	server.Expect("ACK ")
	e.log.find(t, "attempt refused", "reason=size")
	target.Respond(first, 486, "Busy Here")
	target.Expect("ACK ")
}

// TestLoopEnds has a proxy bring the request back as it left: 482. With another
// Request-URI it is a spiral, and goes on (RFC 5393).
func TestLoopEnds(t *testing.T) {
	t.Parallel()
	caller, proxy := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(proxy.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	again := func(m *siptest.Msg, lap int) string {
		via := fmt.Sprintf("\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bKlap%d\r\n", proxy.Addr(), lap)
		return strings.Replace(m.Raw, "\r\n", via, 1)
	}
	first := proxy.Expect("INVITE sip:bob@example.com ")
	proxy.Send(e.udp, again(first, 1))
	looped := proxy.Expect("SIP/2.0 482 ")
	proxy.Send(e.udp, ofInvite(again(first, 1), "ACK", looped))
	proxy.Send(e.udp, strings.Replace(again(first, 2), "sip:bob@example.com", "sip:carol@example.com", 1))
	proxy.Expect("SIP/2.0 100")
	spiral := proxy.Expect("INVITE sip:carol@example.com ")
	proxy.Respond(spiral, 486, "Busy Here")
	proxy.Expect("ACK ")
	proxy.Expect("SIP/2.0 486")
	proxy.Respond(first, 404, "Not Found")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 404"))
}

// TestSpiralsAreLimited counts the laps.
func TestSpiralsAreLimited(t *testing.T) {
	t.Parallel()
	caller, proxy := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(proxy.URI("")), func(o *Options) { o.Config.Limits.Nesting = 2 })
	caller.Invite(e.udp, "sip:0@example.com")
	for lap := range 2 {
		m := proxy.ExpectSkipping100(fmt.Sprintf("INVITE sip:%d@example.com ", lap))
		via := fmt.Sprintf("\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bKlap%d\r\n", proxy.Addr(), lap)
		raw := strings.Replace(m.Raw, "\r\n", via, 1)
		proxy.Send(e.udp, strings.Replace(raw, fmt.Sprintf("sip:%d@", lap), fmt.Sprintf("sip:%d@", lap+1), 1))
	}
	proxy.Expect("SIP/2.0 482 ")
}

// TestStrangersCostNoState refuses requests of strangers, in a dialog or not,
// without a transaction.
func TestStrangersCostNoState(t *testing.T) {
	t.Parallel()
	stranger, target := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(target.URI("")), trunks(Trunk{Name: "a", From: from("127.0.0.2/32")}))
	tagged := siptest.Variant(func(raw string) string {
		return strings.Replace(raw, "\r\nTo: <sip:bob@example.com>", "\r\nTo: <sip:bob@example.com>;tag=x", 1)
	})
	for _, opts := range [][]siptest.Option{{}, {tagged}, {tagged, siptest.MaxForwards(0)}, {siptest.MaxForwards(0)}} {
		stranger.Invite(e.udp, "sip:bob@example.com", opts...)
		stranger.Expect("SIP/2.0 403 ")
	}
	if n := e.InProgress(); n != 0 {
		t.Errorf("%d transactions are held for strangers", n)
	}
}

// TestRoomForRequestsThatEndCalls keeps a tenth of the transactions for requests
// within dialogs.
func TestRoomForRequestsThatEndCalls(t *testing.T) {
	t.Parallel()
	caller, callee := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(callee.URI("")), func(o *Options) { o.Config.Limits.Transactions = 10 })
	a := answer(t, e, caller, callee, "sip:bob@example.com")
	for range 8 {
		caller.Invite(e.udp, "sip:bob@example.com")
		caller.Expect("SIP/2.0 100")
		callee.Expect("INVITE ")
	}
	caller.Invite(e.udp, "sip:bob@example.com")
	if m := caller.Expect("SIP/2.0 503 "); m.Header("Retry-After") == "" {
		t.Errorf("no Retry-After:\n%s", m.Raw)
	}
	a.call.Bye(a.ok)
	callee.Respond(callee.ExpectSkipping100("BYE "), 200, "OK")
	caller.Expect("SIP/2.0 200")
}
