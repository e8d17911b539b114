package edge

import (
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/siptest"
)

// TestCancelIsNotAnswered487BeforeDownstream has a target that takes its time:
// until it has ended, the caller gets the 200 of the CANCEL and nothing else.
func TestCancelIsNotAnswered487BeforeDownstream(t *testing.T) {
	t.Parallel()
	caller, target := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(target.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	invite := target.Expect("INVITE ")
	target.Respond(invite, 180, "Ringing")
	caller.ExpectSkipping100("SIP/2.0 180")
	call.Cancel()
	if m := caller.Expect("SIP/2.0 200"); m.Method() != "CANCEL" {
		t.Fatalf("want the 200 of the CANCEL:\n%s", m.Raw)
	}
	cancel := target.Expect("CANCEL ")
	target.Respond(cancel, 200, "OK")
	caller.Silent(100 * time.Millisecond)
	target.Respond(invite, 487, "Terminated downstream", "X-From: downstream")
	target.Expect("ACK ")
	final := caller.Expect("SIP/2.0 487 Terminated downstream")
	if final.Header("X-From") != "downstream" {
		t.Errorf("the 487 is not the target's own:\n%s", final.Raw)
	}
	call.Ack(final)
	caller.Silent(50 * time.Millisecond)
}

// TestCrossing200DoesNotPoisonTheTransaction sends the 200 that crossed the
// CANCEL upstream, once: the callee repeats it, not the edge, and no 487 comes.
func TestCrossing200DoesNotPoisonTheTransaction(t *testing.T) {
	t.Parallel()
	caller, target := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(target.URI("")), fast)
	call := caller.Invite(e.udp, "sip:bob@example.com")
	invite := target.Expect("INVITE ")
	target.Respond(invite, 180, "Ringing")
	caller.ExpectSkipping100("SIP/2.0 180")
	call.Cancel()
	caller.Expect("SIP/2.0 200")
	target.Respond(target.Expect("CANCEL "), 200, "OK")
	target.Respond(invite, 200, "OK")
	if m := caller.Expect("SIP/2.0 200"); m.Method() != "INVITE" {
		t.Fatalf("want the 200 of the INVITE:\n%s", m.Raw)
	}
	caller.Silent(6 * 50 * time.Millisecond) // no 487, and nothing is sent again after T1
	target.Respond(invite, 200, "OK")        // the callee repeats it
	call.Ack(caller.Expect("SIP/2.0 200"))
	target.Expect("ACK ")
	call.Cancel() // a CANCEL that comes again changes nothing
	caller.Expect("SIP/2.0 200")
	target.Silent(50 * time.Millisecond)
}

// TestNo200AfterA487 drops a 200 to an INVITE that has ended: the client
// transaction is over (17.1.1.2).
func TestNo200AfterA487(t *testing.T) {
	t.Parallel()
	caller, target := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(target.URI("")), fast)
	call := caller.Invite(e.udp, "sip:bob@example.com")
	invite := target.Expect("INVITE ")
	target.Respond(invite, 180, "Ringing")
	caller.ExpectSkipping100("SIP/2.0 180")
	call.Cancel()
	caller.Expect("SIP/2.0 200")
	target.Respond(target.Expect("CANCEL "), 200, "OK")
	target.Respond(invite, 487, "Request Terminated")
	target.Expect("ACK ")
	first := caller.Expect("SIP/2.0 487")
	target.Respond(invite, 200, "OK")
	again := caller.Expect("SIP/2.0 487") // Timer G: no ACK came yet
	if again.Raw != first.Raw {
		t.Errorf("what is sent again is not what was sent:\n%s", again.Raw)
	}
	call.Ack(again)
	for {
		m, ok := caller.ReceiveWithin(200 * time.Millisecond)
		if !ok {
			break
		}
		if m.Raw != first.Raw { // one more may have crossed the ACK
			t.Errorf("after the 487 came:\n%s", m.Raw)
		}
	}
}

// TestCancelIsRetransmittedAlone repeats a lost CANCEL downstream (17.1.2) and
// absorbs that of the caller.
func TestCancelIsRetransmittedAlone(t *testing.T) {
	t.Parallel()
	caller, target := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(target.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	invite := target.Expect("INVITE ")
	target.Respond(invite, 180, "Ringing")
	caller.ExpectSkipping100("SIP/2.0 180")
	call.Cancel()
	call.Cancel()
	caller.Expect("SIP/2.0 200")
	caller.Expect("SIP/2.0 200")
	first := target.Expect("CANCEL ")
	target.Silent(100 * time.Millisecond) // the caller's second one ended here
	again := target.Expect("CANCEL ")     // Timer E
	if again.Raw != first.Raw {
		t.Errorf("CANCEL differs from the one before:\n%s", again.Raw)
	}
	target.Respond(again, 200, "OK")
	target.Respond(invite, 487, "Request Terminated")
	for m := target.Receive(); m.Method() != "ACK"; m = target.Receive() {
		if m.Raw != first.Raw {
			t.Fatalf("want the ACK of the 487:\n%s", m.Raw)
		}
	}
	call.Ack(caller.Expect("SIP/2.0 487"))
}

// TestCancelWithoutTransactionIs481 reaches nobody's call.
func TestCancelWithoutTransactionIs481(t *testing.T) {
	t.Parallel()
	caller, stranger, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(target.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	invite := target.Expect("INVITE ")
	target.Respond(invite, 180, "Ringing")
	caller.ExpectSkipping100("SIP/2.0 180")

	from := "From: <sip:x@example.com>;tag=1"
	stranger.Send(e.udp, requestText(stranger, "CANCEL", "sip:bob@example.com", from, "To: <sip:bob@example.com>",
		"Call-ID: "+call.CallID, "CSeq: 1 CANCEL"))
	stranger.Expect("SIP/2.0 481 ")
	// A CANCEL that knows only the edge's branch is of another transaction too.
	stranger.Send(e.udp, ofInvite(invite.Raw, "CANCEL", nil))
	target.Silent(100 * time.Millisecond)
	caller.Silent(0)
	call.Cancel()
	caller.Expect("SIP/2.0 200")
	target.Expect("CANCEL ")
}
