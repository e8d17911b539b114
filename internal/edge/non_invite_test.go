package edge

import (
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/siptest"
)

// impatient gives the trunk of everybody one next hop, and little patience with it.
func impatient(p *siptest.Peer) func(*Options) {
	return nextHops(func(trunk *Trunk) { trunk.ResponseTimeout = 100 * time.Millisecond }, p.URI(""))
}

// becomesMute waits until no request is in progress any more.
func (r *running) becomesMute(t *testing.T) {
	t.Helper()
	eventually(t, "the request has ended", func() bool { return r.unanswered() == 0 })
}

// expectNoFinal fails the test if a peer gets anything but a 100.
func expectNoFinal(t *testing.T, p *siptest.Peer) {
	t.Helper()
	for m, ok := p.ReceiveWithin(20 * time.Millisecond); ok; m, ok = p.ReceiveWithin(20 * time.Millisecond) {
		if m.Status() != 100 {
			t.Errorf("the caller got %s", m.StartLine())
		}
	}
}

// TestSlowNextHopStillAnswers: response_timeout gives up nobody who alone can
// answer a request other than INVITE. It is delivered once.
func TestSlowNextHopStillAnswers(t *testing.T) {
	t.Parallel()
	for network, server := range map[string]*siptest.Peer{"udp": siptest.UDP(t), "tcp": siptest.TCP(t)} {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			caller := siptest.UDP(t)
			e := startEdge(t, patient, impatient(server))
			call := caller.Invite(e.udp, "sip:bob@example.com", siptest.Method("MESSAGE"))
			request := server.Expect("MESSAGE ")
			eventually(t, "response_timeout is over", func() (over bool) {
				e.onlyBranch(t, func(b *branch) { over = b.responseTime.IsZero() })
				return over
			})
			call.Retransmit()
			server.Silent(20 * time.Millisecond)
			server.Respond(request, 200, "OK")
			caller.Expect("SIP/2.0 200")
		})
	}
}

// TestLastTargetStillAnswers: the same for the last target of a decision that has
// nothing to say when it fails.
func TestLastTargetStillAnswers(t *testing.T) {
	t.Parallel()
	for name, target := range map[string]*redirectv1.Target{
		"response_timeout": {ResponseTimeout: durationpb.New(100 * time.Millisecond)},
		"answer_timeout":   {AnswerTimeout: durationpb.New(time.Second)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			caller, server, first, last := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
			target.Uri = last.URI("b")
			e := startEdge(t, patient, nextHop(server.URI("")), withPolicy(tries(
				&redirectv1.Target{Uri: first.URI("a"), ResponseTimeout: durationpb.New(100 * time.Millisecond)}, target)))
			caller.Invite(e.udp, "sip:bob@example.com", siptest.Method("MESSAGE"))
			server.Respond(server.Expect("MESSAGE "), 302, "Moved", "Contact: <sip:x@127.0.0.1:9>")
			first.Expect("MESSAGE ")
			request := last.Expect("MESSAGE ")
			caller.Silent(1200 * time.Millisecond)
			last.Respond(request, 200, "OK")
			caller.Expect("SIP/2.0 200")
		})
	}
}

// TestMutedRequestIsAbsorbed: what was delivered and is not answered is not
// delivered again (17.2.2).
func TestMutedRequestIsAbsorbed(t *testing.T) {
	t.Parallel()
	var c clock
	caller, server := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, withClock(&c), nextHop(server.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com", siptest.Method("MESSAGE"))
	server.Respond(server.Expect("MESSAGE "), 408, "Request Timeout")
	e.becomesMute(t)
	c.forward(e.cfg.Timers.T4) // Timer K
	caller.Silent(twoTicks)
	call.Retransmit()
	server.Silent(30 * time.Millisecond)
	caller.Silent(10 * time.Millisecond)
}

// TestReceived408GoesNoFurther, if it is of another request than INVITE, in a dialog
// or outside, and whoever wants it to (RFC 4320 section 4.2).
func TestReceived408GoesNoFurther(t *testing.T) {
	t.Parallel()
	caller, callee := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(callee.URI("")))
	a := answer(t, e, caller, callee, "sip:bob@example.com")
	caller.Send(e.udp, callerSide(caller, a.ok).request("BYE", 2))
	callee.Respond(callee.Expect("BYE "), 408, "Request Timeout")
	e.becomesMute(t)
	expectNoFinal(t, caller)

	e = startEdge(t, redirectServer(callee), withPolicy(answers(&responseT{
		Action: &redirectv1.DecideResponse_PassThrough{PassThrough: &redirectv1.PassThrough{}},
	})))
	caller.Invite(e.udp, "sip:bob@example.com", siptest.Method("MESSAGE"))
	callee.Respond(callee.Expect("MESSAGE "), 408, "Request Timeout")
	e.becomesMute(t)
	expectNoFinal(t, caller)
}

// TestMappedAnswerComesInTime: when no target of a redirected request answers, its
// caller hears so while it still listens, which is for 64*T1 (17.1.2.2).
func TestMappedAnswerComesInTime(t *testing.T) {
	t.Parallel()
	caller, server, silent := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, fast, nextHop(server.URI("")))
	began := time.Now()
	caller.Invite(e.udp, "sip:bob@example.com", siptest.Method("MESSAGE"))
	server.Respond(server.Expect("MESSAGE "), 302, "Moved", "Contact: <"+silent.URI("x")+">")
	silent.Expect("MESSAGE ")
	caller.Expect("SIP/2.0 100")
	final, ok := caller.ReceiveWithin(3500 * time.Millisecond)
	if !ok || final.Status() != 480 || final.At.Sub(began) >= 3200*time.Millisecond {
		t.Errorf("the caller got %v after %s, want 480 before 64*T1", final, time.Since(began))
	}
}

// TestNoFinalAfterTheCallerHasGivenUp: a policy that takes longer than the caller
// waits has nobody to answer.
func TestNoFinalAfterTheCallerHasGivenUp(t *testing.T) {
	t.Parallel()
	caller, server := siptest.UDP(t), siptest.UDP(t)
	over := make(chan struct{})
	e := startEdge(t, fastest, nextHop(server.URI("")), func(o *Options) { o.Config.Policy.Timeout = 3 * time.Second },
		withPolicy(policy.Func(func(contextT, *requestT) (*responseT, error) {
			<-over
			return &responseT{Action: &redirectv1.DecideResponse_Reject{Reject: &redirectv1.FinalResponse{Status: 480}}}, nil
		})))
	caller.Invite(e.udp, "sip:bob@example.com", siptest.Method("MESSAGE"))
	server.Respond(server.Expect("MESSAGE "), 302, "Moved", "Contact: <sip:x@127.0.0.1:9>")
	caller.Expect("SIP/2.0 100")
	caller.Silent(640 * time.Millisecond)
	close(over)
	e.becomesMute(t)
	expectNoFinal(t, caller)
}

// TestLate6xxToAnotherMethod is the answer at once: the target that is being tried
// can't be cancelled.
func TestLate6xxToAnotherMethod(t *testing.T) {
	t.Parallel()
	caller, server, late, slow := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, patient, nextHop(server.URI("")), withPolicy(tries(
		&redirectv1.Target{Uri: late.URI("a"), ResponseTimeout: durationpb.New(100 * time.Millisecond)},
		&redirectv1.Target{Uri: slow.URI("b")},
	)))
	caller.Invite(e.udp, "sip:bob@example.com", siptest.Method("MESSAGE"))
	server.Respond(server.Expect("MESSAGE "), 302, "Moved", "Contact: <sip:x@127.0.0.1:9>")
	request := late.Expect("MESSAGE ")
	slow.Expect("MESSAGE ")
	late.Respond(request, 603, "Decline")
	caller.Expect("SIP/2.0 603")
}
