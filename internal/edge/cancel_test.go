package edge

import (
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/siptest"
)

// TestCancelBeforeAProvisional holds the CANCEL back until the target has
// answered anything (9.1).
func TestCancelBeforeAProvisional(t *testing.T) {
	t.Parallel()
	caller, target := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(target.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	caller.Expect("SIP/2.0 100")
	invite := target.Expect("INVITE ")
	call.Cancel()
	caller.Expect("SIP/2.0 200") // of the CANCEL
	target.Silent(50 * time.Millisecond)
	target.Respond(invite, 180, "Ringing")
	cancel := target.Expect("CANCEL sip:bob@example.com ")
	if cancel.Param("Via", "branch") != invite.Param("Via", "branch") || len(cancel.Headers("Via")) != 1 {
		t.Errorf("CANCEL does not match its INVITE:\n%s", cancel.Raw)
	}
	caller.Expect("SIP/2.0 180")
	target.Respond(cancel, 200, "OK")
	caller.Silent(50 * time.Millisecond) // no 487 of our own
	target.Respond(invite, 487, "Request Terminated")
	target.Expect("ACK ")
	call.Ack(caller.Expect("SIP/2.0 487"))
	caller.Silent(50 * time.Millisecond)
}

// TestCancelDuringTheSecondAttempt ends the search: the third contact stays
// silent.
func TestCancelDuringTheSecondAttempt(t *testing.T) {
	t.Parallel()
	caller, server := siptest.UDP(t), siptest.UDP(t)
	busy, ringing, unused := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(server.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	server.Respond(server.Expect("INVITE "), 300, "Multiple Choices",
		"Contact: <"+busy.URI("a")+">", "Contact: <"+ringing.URI("b")+">", "Contact: <"+unused.URI("c")+">")
	server.Expect("ACK ")
	busy.Respond(busy.Expect("INVITE "), 486, "Busy Here")
	busy.Expect("ACK ")
	invite := ringing.Expect("INVITE ")
	ringing.Respond(invite, 180, "Ringing")
	caller.ExpectSkipping100("SIP/2.0 180")
	call.Cancel()
	caller.Expect("SIP/2.0 200")
	ringing.Respond(ringing.Expect("CANCEL "), 200, "OK")
	ringing.Respond(invite, 487, "Request Terminated")
	ringing.Expect("ACK ")
	call.Ack(caller.Expect("SIP/2.0 487"))
	unused.Silent(50 * time.Millisecond)
	server.Silent(0)
	busy.Silent(0)
}

// TestCancelCrossing302 does not follow a 302 that comes after the CANCEL.
func TestCancelCrossing302(t *testing.T) {
	t.Parallel()
	caller, server, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(server.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	caller.Expect("SIP/2.0 100")
	invite := server.Expect("INVITE ")
	call.Cancel()
	caller.Expect("SIP/2.0 200")
	server.Respond(invite, 302, "Moved Temporarily", "Contact: <"+target.URI("bob")+">")
	server.Expect("ACK ")
	call.Ack(caller.Expect("SIP/2.0 487"))
	target.Silent(50 * time.Millisecond)
}

// TestCancelCrossing200 relays the 200: the callee has answered (16.7 step 5).
func TestCancelCrossing200(t *testing.T) {
	t.Parallel()
	caller, target := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(target.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	invite := target.Expect("INVITE ")
	target.Respond(invite, 180, "Ringing")
	caller.ExpectSkipping100("SIP/2.0 180")
	call.Cancel()
	caller.Expect("SIP/2.0 200")
	cancel := target.Expect("CANCEL ")
	target.Respond(invite, 200, "OK")
	ok := caller.Expect("SIP/2.0 200")
	if ok.Method() != "INVITE" {
		t.Fatalf("want the 200 of the INVITE:\n%s", ok.Raw)
	}
	target.Respond(cancel, 481, "Call/Transaction Does Not Exist")
	call.Ack(ok)
	target.Expect("ACK ")
	caller.Silent(50 * time.Millisecond)
}

// TestCancelWhileThePolicyThinks answers 487 at once, and drops the decision
// that comes later.
func TestCancelWhileThePolicyThinks(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	caller, server, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	cancelled := make(chan struct{})
	e := startEdge(t, nextHop(server.URI("")), func(o *Options) {
		o.Config.Policy.Timeout = 5 * time.Second
		builtin := o.Embedded
		o.Policy = policy.Func(func(ctx contextT, req *requestT) (*responseT, error) {
			select {
			case <-ctx.Done():
				close(cancelled)
			case <-release:
			}
			return builtin.Decide(t.Context(), req)
		})
	})
	defer close(release)
	call := caller.Invite(e.udp, "sip:bob@example.com")
	caller.Expect("SIP/2.0 100")
	server.Respond(server.Expect("INVITE "), 302, "Moved Temporarily", "Contact: <"+target.URI("bob")+">")
	server.Expect("ACK ")
	call.Cancel()
	var statuses []int
	for range 2 {
		statuses = append(statuses, caller.Expect("SIP/2.0 ").Status())
	}
	if statuses[0] != 200 || statuses[1] != 487 {
		t.Errorf("got %v, want 200 to the CANCEL and 487 to the INVITE", statuses)
	}
	<-cancelled
	target.Silent(50 * time.Millisecond)
}

// TestCancelIsAnsweredIfTheTargetStaysSilent gives up 64*T1 after the CANCEL.
func TestCancelIsAnsweredIfTheTargetStaysSilent(t *testing.T) {
	t.Parallel()
	caller, target := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(target.URI("")), func(o *Options) {
		o.Config.Timers.T1, o.Config.Timers.T2, o.Config.Timers.T4 = 10*time.Millisecond, 40*time.Millisecond, 50*time.Millisecond
	})
	call := caller.Invite(e.udp, "sip:bob@example.com")
	target.Respond(target.Expect("INVITE "), 180, "Ringing")
	caller.ExpectSkipping100("SIP/2.0 180")
	call.Cancel()
	caller.Expect("SIP/2.0 200")
	target.Expect("CANCEL ")
	call.Ack(caller.Expect("SIP/2.0 487"))
	eventually(t, "nothing is left in progress", func() bool { return e.InProgress() == 0 })
}

// TestCancelAfterTheFinalResponse is answered and does nothing (9.2).
func TestCancelAfterTheFinalResponse(t *testing.T) {
	t.Parallel()
	caller, target := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(target.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	target.Respond(target.Expect("INVITE "), 486, "Busy Here")
	target.Expect("ACK ")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 486"))
	call.Cancel()
	caller.Expect("SIP/2.0 200")
	target.Silent(50 * time.Millisecond)
	caller.Silent(0)
}
