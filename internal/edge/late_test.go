package edge

import (
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/siptest"
)

// TestOtherMethodsHaveOneFinal has a target that was given up answer after all: one
// final response goes upstream, and the pending request is not sent again.
func TestOtherMethodsHaveOneFinal(t *testing.T) {
	t.Parallel()
	caller, server, late, next := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(server.URI("")), withPolicy(tries(
		&redirectv1.Target{Uri: late.URI("a"), ResponseTimeout: durationpb.New(100 * time.Millisecond)},
		&redirectv1.Target{Uri: next.URI("b")},
	)))
	caller.Invite(e.udp, "sip:bob@example.com", siptest.Method("MESSAGE"))
	server.Respond(server.Expect("MESSAGE "), 302, "Moved", "Contact: <sip:x@127.0.0.1:9>")
	l, n := late.Expect("MESSAGE "), next.Expect("MESSAGE ")
	late.Respond(l, 200, "OK")
	caller.Expect("SIP/2.0 200")
	if m, ok := next.ReceiveWithin(1200 * time.Millisecond); ok {
		t.Errorf("retransmission downstream after the final response: %s", m.StartLine())
	}
	next.Respond(n, 200, "OK")
	if m, ok := caller.ReceiveWithin(200 * time.Millisecond); ok {
		t.Errorf("second final upstream: %s", m.StartLine())
	}
}

// TestOtherMethodsHaveOneFinalAfterAnswerTimeout is the same with an
// answer_timeout.
func TestOtherMethodsHaveOneFinalAfterAnswerTimeout(t *testing.T) {
	t.Parallel()
	caller, server, late, next := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(server.URI("")), withPolicy(tries(
		&redirectv1.Target{Uri: late.URI("a"), AnswerTimeout: durationpb.New(time.Second)}, &redirectv1.Target{Uri: next.URI("b")})))
	caller.Invite(e.udp, "sip:bob@example.com", siptest.Method("MESSAGE"))
	server.Respond(server.Expect("MESSAGE "), 302, "Moved", "Contact: <sip:x@127.0.0.1:9>")
	l := late.Expect("MESSAGE ")
	late.Respond(l, 100, "Trying")
	n := next.Expect("MESSAGE ")
	next.Respond(n, 200, "OK")
	caller.Expect("SIP/2.0 200")
	late.Respond(l, 200, "OK")
	if m, ok := caller.ReceiveWithin(200 * time.Millisecond); ok {
		t.Errorf("second final: %s", m.StartLine())
	}
}

// TestAttemptIsNotSharedWithThePolicy has a target ring late while the policy reads
// the record of its attempt: the race detector must have nothing to say.
func TestAttemptIsNotSharedWithThePolicy(t *testing.T) {
	t.Parallel()
	caller, server, late, next := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	n := 0
	asked := make(chan struct{}, 10)
	p := policy.Func(func(ctx contextT, req *requestT) (*responseT, error) {
		n++
		if n == 1 {
			return &responseT{Action: &redirectv1.DecideResponse_TryTargets{TryTargets: &redirectv1.TryTargets{
				ConsultOnFailure: true,
				Targets:          []*redirectv1.Target{{Uri: late.URI("a"), ResponseTimeout: durationpb.New(100 * time.Millisecond)}},
			}}}, nil
		}
		asked <- struct{}{}
		for end := time.Now().Add(100 * time.Millisecond); time.Now().Before(end); {
			for _, a := range req.GetAttempts() {
				_ = a.GetProvisionalStatus()
			}
			<-time.After(time.Millisecond)
		}
		return &responseT{Action: &redirectv1.DecideResponse_TryTargets{TryTargets: &redirectv1.TryTargets{
			Targets: []*redirectv1.Target{{Uri: next.URI("b")}},
		}}}, nil
	})
	e := startEdge(t, nextHop(server.URI("")), withPolicy(p))
	caller.Invite(e.udp, "sip:bob@example.com")
	redirectTo(server)
	l := late.Expect("INVITE ")
	<-asked
	late.Respond(l, 180, "Ringing")
	late.Expect("CANCEL ")
	next.Expect("INVITE ")
}

// TestNoTargetAfterTheTransactionHasEnded sends a request other than INVITE to
// nobody when its caller no longer waits (RFC 4320).
func TestNoTargetAfterTheTransactionHasEnded(t *testing.T) {
	t.Parallel()
	caller, server, silent, next := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, fast, nextHop(server.URI("")), withPolicy(tries(
		&redirectv1.Target{Uri: silent.URI("a")}, &redirectv1.Target{Uri: next.URI("b")},
	)))
	caller.Invite(e.udp, "sip:bob@example.com", siptest.Method("MESSAGE"))
	server.Respond(server.Expect("MESSAGE "), 302, "Moved", "Contact: <sip:x@127.0.0.1:9>")
	silent.Expect("MESSAGE ")
	if m, ok := next.ReceiveWithin(3600 * time.Millisecond); ok {
		next.Respond(m, 200, "OK")
		_, got := caller.ReceiveWithin(200 * time.Millisecond)
		t.Errorf("delivered after 64*T1 (caller got an answer: %v):\n%s", got, m.StartLine())
	}
}

// TestLate6xxEndsTheSearch has a target that was given up decline: no new branch
// (16.7 step 5).
func TestLate6xxEndsTheSearch(t *testing.T) {
	t.Parallel()
	caller, server, late, slow, third := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(server.URI("")), withPolicy(tries(
		&redirectv1.Target{Uri: late.URI("a"), ResponseTimeout: durationpb.New(100 * time.Millisecond)},
		&redirectv1.Target{Uri: slow.URI("b")}, &redirectv1.Target{Uri: third.URI("c")},
	)))
	caller.Invite(e.udp, "sip:bob@example.com")
	redirectTo(server)
	l, s := late.Expect("INVITE "), slow.Expect("INVITE ")
	late.Respond(l, 603, "Decline")
	late.Expect("ACK ")
	slow.Respond(s, 486, "Busy")
	slow.Expect("ACK ")
	if _, ok := third.ReceiveWithin(300 * time.Millisecond); ok {
		t.Errorf("new branch after a 6xx")
	}
}

// TestLateAnswerMayBeTheBest remembers what a target said after it was given up.
func TestLateAnswerMayBeTheBest(t *testing.T) {
	t.Parallel()
	caller, server, late, slow := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(server.URI("")), withPolicy(tries(
		&redirectv1.Target{Uri: late.URI("a"), ResponseTimeout: durationpb.New(100 * time.Millisecond)},
		&redirectv1.Target{Uri: slow.URI("b")},
	)))
	caller.Invite(e.udp, "sip:bob@example.com")
	redirectTo(server)
	l, s := late.Expect("INVITE "), slow.Expect("INVITE ")
	late.Respond(l, 486, "Busy Here")
	late.Expect("ACK ")
	slow.Respond(s, 503, "Unavail")
	slow.Expect("ACK ")
	caller.ExpectSkipping100("SIP/2.0 486")
}

// TestAnswerOverANewConnection has a target close the connection that brought the
// INVITE, and answer over another.
func TestAnswerOverANewConnection(t *testing.T) {
	t.Parallel()
	caller, server, target, next := siptest.UDP(t), siptest.UDP(t), siptest.TCP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(server.URI("")), withPolicy(tries(
		&redirectv1.Target{Uri: target.URI("a")}, &redirectv1.Target{Uri: next.URI("b")})))
	caller.Invite(e.udp, "sip:bob@example.com")
	redirectTo(server)
	m := target.Expect("INVITE ")
	target.Disconnect(m.From)
	next.Expect("INVITE ")
	target.Send(e.tcp, target.Response(m, 200, "OK"))
	caller.ExpectSkipping100("SIP/2.0 200")
}

// TestCancelReachesATargetThatWasGivenUp has it ring, and answer, after the call is
// over.
func TestCancelReachesATargetThatWasGivenUp(t *testing.T) {
	t.Parallel()
	caller, server, late := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	next := siptest.UDP(t)
	e := startEdge(t, nextHop(server.URI("")), withPolicy(tries(
		&redirectv1.Target{Uri: late.URI("a"), ResponseTimeout: durationpb.New(100 * time.Millisecond)}, &redirectv1.Target{Uri: next.URI("b")})))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	redirectTo(server)
	l, n := late.Expect("INVITE "), next.Expect("INVITE ")
	next.Respond(n, 180, "Ringing")
	caller.ExpectSkipping100("SIP/2.0 180")
	call.Cancel()
	caller.Expect("SIP/2.0 200")
	next.Respond(next.Expect("CANCEL "), 200, "OK")
	next.Respond(n, 487, "T")
	call.Ack(caller.Expect("SIP/2.0 487"))
	late.Respond(l, 180, "Ringing")
	late.Respond(late.Expect("CANCEL "), 200, "OK")
	late.Respond(l, 200, "OK")
	ok := caller.Expect("SIP/2.0 200")
	call.Ack(ok)
	late.Expect("ACK ")
}
