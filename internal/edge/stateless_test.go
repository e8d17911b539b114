package edge

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/edge/transport"
	"github.com/redirectd/redirectd/internal/siptest"
)

// TestAckOfA2xxIsForwardedStatelessly has the branch of the ACK before when the
// callee, which repeats its 200, gets it again (16.11).
func TestAckOfA2xxIsForwardedStatelessly(t *testing.T) {
	t.Parallel()
	caller, callee := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(callee.URI("")))
	a := answer(t, e, caller, callee, "sip:bob@example.com")
	s := callerSide(caller, a.ok)
	raw := s.request("ACK", 1)
	caller.Send(e.udp, raw)
	first := callee.Expect("ACK " + s.target + " SIP/2.0")
	if via := first.Values("Via"); len(via) != 2 || !strings.HasPrefix(via[0], "SIP/2.0/UDP "+e.udp.String()+";branch=z9hG4bK") {
		t.Errorf("Vias are %q", via)
	}
	if port := fmt.Sprintf(";rport=%d", caller.Addr().Port()); !strings.Contains(first.Values("Via")[1], port) {
		t.Errorf("the caller's Via lacks %s: %q", port, first.Values("Via")[1])
	}
	if first.Header("Max-Forwards") != "69" || first.Header("Route") != "" || first.Header("Record-Route") != "" {
		t.Errorf("ACK is not as a proxy sends it:\n%s", first.Raw)
	}
	caller.Send(e.udp, raw)
	if again := callee.Expect("ACK "); again.Raw != first.Raw {
		t.Errorf("the same ACK was forwarded otherwise:\n%s", again.Raw)
	}
	caller.Send(e.udp, s.request("ACK", 1))
	if other := callee.Expect("ACK "); other.Param("Via", "branch") == first.Param("Via", "branch") {
		t.Error("another ACK has the same branch")
	}
	caller.Silent(20 * time.Millisecond)
}

// TestStrayAcksEndHere has those that lead nowhere: nobody is told.
func TestStrayAcksEndHere(t *testing.T) {
	t.Parallel()
	caller, callee := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(callee.URI("")))
	a := answer(t, e, caller, callee, "sip:bob@example.com")
	good := callerSide(caller, a.ok)
	for name, change := range map[string]func(s *side) string{
		"Max-Forwards 0": func(s *side) string {
			return strings.Replace(s.request("ACK", 1), "Max-Forwards: 70", "Max-Forwards: 0", 1)
		},
		"no To tag, and no Record-Route of ours": func(s *side) string {
			s.to, _, _ = strings.Cut(s.to, ";tag=")
			return strings.ReplaceAll(s.request("ACK", 1), ";k=", ";x=")
		},
		"to the edge":    func(s *side) string { s.target = "sip:" + e.udp.String(); return s.request("ACK", 1) },
		"another scheme": func(s *side) string { s.target = "tel:+1"; return s.request("ACK", 1) },
		"no transport":   func(s *side) string { s.target += ";transport=ws"; return s.request("ACK", 1) },
		"malformed": func(s *side) string {
			return strings.Replace(s.request("ACK", 1), "Call-ID:", "Call-ID: x\r\nCall-ID:", 1)
		},
	} {
		s := good
		caller.Send(e.udp, change(&s))
		if m, ok := callee.ReceiveWithin(15 * time.Millisecond); ok {
			t.Errorf("%s was forwarded:\n%s", name, m.Raw)
		}
	}
	caller.Silent(20 * time.Millisecond)
}

// TestAckWaitsForItsConnection goes to a callee on TCP whose connection is gone
// by the time of the ACK.
func TestAckWaitsForItsConnection(t *testing.T) {
	t.Parallel()
	caller, callee := siptest.UDP(t), siptest.TCP(t)
	e := startEdge(t)
	call := caller.Invite(e.udp, callee.URI("bob"))
	invite := callee.Expect("INVITE ")
	callee.Respond(invite, 200, "OK")
	ok := caller.ExpectSkipping100("SIP/2.0 200")
	callee.Disconnect(invite.From)
	eventually(t, "the edge sees that the connection is gone", func() bool {
		_, open := e.sockets.Flow(transport.Destination{Kind: transport.TCP, Addr: callee.Addr()}, netip.AddrPort{})
		return !open
	})
	call.Ack(ok)
	ack := callee.Expect("ACK " + callee.URI("callee") + " SIP/2.0")
	if ack.From == invite.From || ack.Header("Content-Length") != "0" {
		t.Errorf("want an ACK over a new connection, with Content-Length:\n%s", ack.Raw)
	}
}

// TestForgedResponsesMatchNothing tries branches that the edge did not make, and
// those of another element: a stray response is dropped (RFC 6026).
func TestForgedResponsesMatchNothing(t *testing.T) {
	t.Parallel()
	caller, stranger, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(target.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	caller.Expect("SIP/2.0 100")
	invite := target.Expect("INVITE ")
	ours := invite.Param("Via", "branch")
	id, _, _ := strings.Cut(ours, ".")
	for _, branch := range []string{
		"", "z9hG4bK", "z9hG4bK.", "z9hG4bK1.1", "z9hG4bK-1.1", call.Branch, ours + "zz", id, id + ".", id + ".1",
		id + ".zzzzzzzzzzzzzz", "other" + ours,
	} {
		forged := strings.Replace(target.Response(invite, 200, "OK"), ours, branch, 1)
		stranger.Send(e.udp, forged)
	}
	caller.Silent(50 * time.Millisecond)
	target.Respond(invite, 486, "Busy Here")
	target.Expect("ACK ")
	call.Ack(caller.Expect("SIP/2.0 486"))
}

// TestResponseWithoutAnotherViaIsForNobody ends a call with 500: it is not relayed
// to the wind (16.7 step 3), and the caller does not wait for ever.
func TestResponseWithoutAnotherViaIsForNobody(t *testing.T) {
	t.Parallel()
	caller, target := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(target.URI("")))
	for _, status := range []int{200, 486} {
		call := caller.Invite(e.udp, "sip:bob@example.com")
		caller.Expect("SIP/2.0 100")
		invite := target.Expect("INVITE ")
		without := func(status int) string {
			raw := target.Response(invite, status, "Reason")
			return strings.Replace(raw, "Via: "+invite.Headers("Via")[1]+"\r\n", "", 1)
		}
		target.Reply(invite, without(180))
		caller.Silent(20 * time.Millisecond)
		target.Reply(invite, without(status))
		call.Ack(caller.Expect("SIP/2.0 500"))
	}
	target.Expect("ACK ") // of the 486
	caller.Silent(20 * time.Millisecond)
}

// TestRFC2543PeersAreServed have no magic cookie in their branch, or none at all:
// their retransmissions, ACK and CANCEL are known by the rest of the request
// (17.2.3).
func TestRFC2543PeersAreServed(t *testing.T) {
	t.Parallel()
	for _, with := range []string{";branch=1", ""} {
		caller, target := siptest.UDP(t), siptest.UDP(t)
		e := startEdge(t, nextHop(target.URI("")))
		old := func(raw string, branch string) string { return strings.Replace(raw, ";branch="+branch, with, 1) }
		call := caller.Invite(e.udp, "sip:bob@example.com", siptest.Variant(func(raw string) string {
			return old(raw, (&siptest.Msg{Raw: raw}).Param("Via", "branch"))
		}))
		caller.Expect("SIP/2.0 100")
		invite := target.Expect("INVITE ")
		call.Retransmit()
		caller.Expect("SIP/2.0 100")
		target.Respond(invite, 180, "Ringing")
		caller.Expect("SIP/2.0 180")
		caller.Send(e.udp, ofInvite(call.Raw, "CANCEL", nil))
		caller.Expect("SIP/2.0 200")
		target.Respond(target.Expect("CANCEL "), 200, "OK")
		target.Respond(invite, 487, "Request Terminated")
		target.Expect("ACK ")
		caller.Send(e.udp, ofInvite(call.Raw, "ACK", caller.Expect("SIP/2.0 487")))
		caller.Silent(600 * time.Millisecond) // longer than T1: the ACK was understood
		target.Silent(0)
	}
}
