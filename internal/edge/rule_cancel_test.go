package edge

import (
	"strconv"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/edge/transaction"
	"github.com/redirectd/redirectd/internal/policy"
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

// TestFinalOutlivesTheCancel: what follows a final response is a matter of Timers
// M and D, however long ago the CANCEL was (17.1.1.2, RFC 6026 section 7.2).
func TestFinalOutlivesTheCancel(t *testing.T) {
	t.Parallel()
	for _, status := range []int{200, 487} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			t.Parallel()
			var c clock
			caller, target := siptest.UDP(t), siptest.UDP(t)
			e := startEdge(t, withClock(&c), nextHop(target.URI("")))
			call := caller.Invite(e.udp, "sip:bob@example.com")
			invite := target.Expect("INVITE ")
			target.Respond(invite, 180, "Ringing")
			caller.ExpectSkipping100("SIP/2.0 180")
			call.Cancel()
			caller.Expect("SIP/2.0 200")
			target.Respond(target.Expect("CANCEL "), 200, "OK")
			eventually(t, "the CANCEL is answered", func() (answered bool) {
				e.onlyBranch(t, func(b *branch) { answered = b.cancel.client.State() == transaction.Completed })
				return answered
			})
			for range 2 { // 20 s and 40 s after the CANCEL
				c.forward(20 * time.Second)
				target.Silent(twoTicks)
				target.Respond(invite, status, "")
				if status == 200 {
					caller.Expect("SIP/2.0 200")
				} else {
					target.Expect("ACK ")
				}
			}
		})
	}
}

// TestCancelAndItsCallHaveOneTag: the 200 of a CANCEL and our own 487 (9.2).
func TestCancelAndItsCallHaveOneTag(t *testing.T) {
	t.Parallel()
	caller, server := siptest.UDP(t), siptest.UDP(t)
	asked := make(chan struct{})
	e := startEdge(t, nextHop(server.URI("")), func(o *Options) { o.Config.Policy.Timeout = 5 * time.Second },
		withPolicy(policy.Func(func(ctx contextT, _ *requestT) (*responseT, error) {
			close(asked)
			<-ctx.Done()
			return nil, ctx.Err()
		})))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	redirectTo(server)
	<-asked
	call.Cancel()
	ok := caller.ExpectSkipping100("SIP/2.0 200")
	terminated := caller.Expect("SIP/2.0 487")
	call.Ack(terminated)
	if a, b := ok.Param("To", "tag"), terminated.Param("To", "tag"); a != b || a == "" {
		t.Errorf("To tags are %q and %q, want the same", a, b)
	}
}
