package edge

import (
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/siptest"
)

// TestCancelledCallHasIts487InTime: 64*T1 after the caller's CANCEL, though the
// target rang so late that its own CANCEL has more time (9.1).
func TestCancelledCallHasIts487InTime(t *testing.T) {
	t.Parallel()
	caller, target := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, fast, nextHop(target.URI(""))) // 64*T1 is 3.2 s
	call := caller.Invite(e.udp, "sip:bob@example.com")
	invite := target.Expect("INVITE ")
	call.Cancel()
	cancelled := time.Now()
	caller.ExpectSkipping100("SIP/2.0 200")
	for time.Since(cancelled) < 2*time.Second {
		target.ReceiveWithin(100 * time.Millisecond) // the INVITE again
	}
	target.Respond(invite, 180, "Ringing")
	caller.Expect("SIP/2.0 180")
	call.Ack(caller.Expect("SIP/2.0 487"))
	if took := time.Since(cancelled); took > 4500*time.Millisecond {
		t.Errorf("487 after %s, want 3.2 s", took)
	}
}

// TestTargetIgnoresItsCancel: 64*T1 later its branch counts as ended (9.1), and
// the next target has its turn.
func TestTargetIgnoresItsCancel(t *testing.T) {
	t.Parallel()
	caller, server, deaf, next := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, fastest, nextHop(server.URI("")), withPolicy(tries(
		&redirectv1.Target{Uri: deaf.URI("a"), AnswerTimeout: durationpb.New(time.Second)}, &redirectv1.Target{Uri: next.URI("b")},
	)))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	redirectTo(server)
	deaf.Respond(deaf.Expect("INVITE "), 180, "Ringing")
	deaf.Expect("CANCEL ")
	next.Respond(next.Expect("INVITE "), 200, "OK")
	caller.ExpectSkipping100("SIP/2.0 180")
	call.Ack(caller.Expect("SIP/2.0 200"))
}
