package edge

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/siptest"
)

// tries is a policy that always names these targets.
func tries(targets ...*redirectv1.Target) policy.Policy {
	return answers(&responseT{Action: &redirectv1.DecideResponse_TryTargets{
		TryTargets: &redirectv1.TryTargets{Targets: targets},
	}})
}

// redirectTo makes the server send the call on its way, whatever the contact.
func redirectTo(server *siptest.Peer) {
	server.Respond(server.Expect("INVITE "), 302, "Moved Temporarily", "Contact: <sip:x@127.0.0.1:9>")
	server.Expect("ACK ")
}

// TestResponseWithoutTheCallersViaEndsTheCall has a target that strips what it
// must not. The caller must not wait for ever.
func TestResponseWithoutTheCallersViaEndsTheCall(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"INVITE", "OPTIONS"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			caller, server := siptest.UDP(t), siptest.UDP(t)
			e := startEdge(t, nextHop(server.URI("")))
			caller.Invite(e.udp, "sip:bob@example.com", siptest.Method(method))
			m := server.Expect(method + " ")
			text := server.Response(m, 200, "OK")
			second := strings.Index(text, "Via:") + 4
			second += strings.Index(text[second:], "Via:")
			end := second + strings.Index(text[second:], "\r\n") + 2
			server.Reply(m, text[:second]+text[end:])
			caller.ExpectSkipping100("SIP/2.0 500")
		})
	}
}

// TestRedirectServerCannotForgeTheNextAttempt guesses the branch of the second
// attempt from that of the first.
func TestRedirectServerCannotForgeTheNextAttempt(t *testing.T) {
	t.Parallel()
	caller, server, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(server.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	first := server.Expect("INVITE ")
	server.Respond(first, 302, "Moved Temporarily", "Contact: <"+target.URI("bob")+">")
	server.Expect("ACK ")
	second := target.Expect("INVITE ")
	own := first.Param("Via", "branch")
	id := own[:strings.LastIndexByte(own, '.')+1]
	if !strings.HasPrefix(second.Param("Via", "branch"), id) {
		t.Fatalf("branches %s and %s are of two contexts", own, second.Param("Via", "branch"))
	}
	for _, guess := range []string{"0", "1", "2", "3", "z"} {
		server.Reply(first, strings.Replace(server.Response(first, 200, "OK"), own, id+guess, 1))
	}
	caller.Expect("SIP/2.0 100")
	caller.Silent(50 * time.Millisecond)
	target.Respond(second, 486, "Busy Here")
	call.Ack(caller.Expect("SIP/2.0 486"))
}

// TestCredentialsStayWithTheFirstTarget does not show them to whoever a 302
// names (22.3), unless the trunk says so.
func TestCredentialsStayWithTheFirstTarget(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		forward bool
		want    string
	}{"strip": {false, ""}, "forward": {true, `Digest username="a"`}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			caller, server, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
			e := startEdge(t, trunks(Trunk{
				Name: "a", From: from("127.0.0.0/8"), NextHop: []string{server.URI("")}, ForwardCredentials: c.forward,
			}))
			caller.Invite(e.udp, "sip:bob@example.com",
				siptest.Header("Proxy-Authorization", `Digest username="a"`), siptest.Header("Authorization", `Digest username="a"`))
			first := server.Expect("INVITE ")
			server.Respond(first, 302, "Moved Temporarily", "Contact: <"+target.URI("bob")+">")
			second := target.Expect("INVITE ")
			for _, h := range []string{"Authorization", "Proxy-Authorization"} {
				if got := first.Header(h); got != `Digest username="a"` {
					t.Errorf("%s to the first target: %q", h, got)
				}
				if got := second.Header(h); got != c.want {
					t.Errorf("%s to the redirected target: %q, want %q", h, got, c.want)
				}
			}
		})
	}
}

// TestSIPSTargetIsNotSentInClear refuses a SIPS target by a next hop or a route
// without TLS.
func TestSIPSTargetIsNotSentInClear(t *testing.T) {
	t.Parallel()
	caller, server, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(server.URI("")), withPolicy(tries(
		&redirectv1.Target{Uri: "sips:x@example.com", NextHop: target.URI("")},
		&redirectv1.Target{Uri: "sips:x@example.com", Routes: []string{target.URI("")}},
	)))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	redirectTo(server)
	call.Ack(caller.ExpectSkipping100("SIP/2.0 480"))
	target.Silent(20 * time.Millisecond)
}

// TestTargetThatRingsTooLateIsCancelled has two targets that might ring at once:
// the first one answers after its response_timeout.
func TestTargetThatRingsTooLateIsCancelled(t *testing.T) {
	t.Parallel()
	caller, server, late, next := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(server.URI("")), withPolicy(tries(
		&redirectv1.Target{Uri: late.URI("a"), ResponseTimeout: durationpb.New(100 * time.Millisecond)},
		&redirectv1.Target{Uri: next.URI("b")},
	)))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	redirectTo(server)
	lateInvite, nextInvite := late.Expect("INVITE "), next.Expect("INVITE ")
	caller.Expect("SIP/2.0 100")
	late.Respond(lateInvite, 180, "Ringing")
	late.Respond(late.Expect("CANCEL "), 200, "OK")
	caller.Silent(20 * time.Millisecond) // it rings for nobody
	late.Respond(lateInvite, 487, "Request Terminated")
	late.Expect("ACK ")
	next.Respond(nextInvite, 200, "OK")
	call.Ack(caller.Expect("SIP/2.0 200"))
	late.Silent(20 * time.Millisecond)
}

// TestTargetThatAnswersTooLateHasTheCall relays a 2xx of a target that was given
// up, and cancels the one that rings now (16.7 step 5).
func TestTargetThatAnswersTooLateHasTheCall(t *testing.T) {
	t.Parallel()
	caller, server, late, next := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(server.URI("")), withPolicy(tries(
		&redirectv1.Target{Uri: late.URI("a"), ResponseTimeout: durationpb.New(100 * time.Millisecond)},
		&redirectv1.Target{Uri: next.URI("b")},
	)))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	redirectTo(server)
	lateInvite, nextInvite := late.Expect("INVITE "), next.Expect("INVITE ")
	next.Respond(nextInvite, 180, "Ringing")
	caller.ExpectSkipping100("SIP/2.0 180")
	late.Respond(lateInvite, 200, "OK")
	call.Ack(caller.Expect("SIP/2.0 200"))
	late.Expect("ACK ")
	next.Respond(next.Expect("CANCEL "), 200, "OK")
	next.Respond(nextInvite, 487, "Request Terminated")
	next.Expect("ACK ")
	caller.Silent(20 * time.Millisecond)
}

// TestOtherMethodsHaveNoProvisional drops a 180 to an OPTIONS (RFC 4320
// section 4.1).
func TestOtherMethodsHaveNoProvisional(t *testing.T) {
	t.Parallel()
	caller, server := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(server.URI("")))
	caller.Invite(e.udp, "sip:bob@example.com", siptest.Method("OPTIONS"))
	m := server.Expect("OPTIONS ")
	server.Respond(m, 180, "Ringing")
	server.Respond(m, 200, "OK")
	caller.Expect("SIP/2.0 200")
}

// TestNilTargetIsNoDecision survives a policy in Go that forgets one.
func TestNilTargetIsNoDecision(t *testing.T) {
	t.Parallel()
	caller, server := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(server.URI("")), withPolicy(tries(&redirectv1.Target{Uri: server.URI("x")}, nil)))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	redirectTo(server)
	call.Ack(caller.ExpectSkipping100("SIP/2.0 480"))
	e.log.find(t, "no decision", "targets[1] is nil")
}

// TestStrangerCannotCancel takes a CANCEL from where the INVITE came from only:
// the callee knows its Via too.
func TestStrangerCannotCancel(t *testing.T) {
	t.Parallel()
	caller, server := siptest.UDP(t), siptest.UDP(t)
	stranger := siptest.New(t, "udp", "127.0.0.9")
	e := startEdge(t, nextHop(server.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	m := server.Expect("INVITE ")
	server.Respond(m, 180, "Ringing")
	caller.ExpectSkipping100("SIP/2.0 180")
	stranger.Send(e.udp, "CANCEL sip:bob@example.com SIP/2.0\nVia: "+m.Values("Via")[1]+"\nFrom: "+m.Header("From")+
		"\nTo: "+m.Header("To")+"\nCall-ID: "+m.Header("Call-ID")+"\nCSeq: 1 CANCEL\nContent-Length: 0\n\n")
	server.Silent(50 * time.Millisecond)
	server.Respond(m, 486, "Busy Here")
	call.Ack(caller.Expect("SIP/2.0 486"))
}

// TestCompactNamesAreNoWayAroundTheAllowList has an operator who allows too much.
func TestCompactNamesAreNoWayAroundTheAllowList(t *testing.T) {
	t.Parallel()
	caller, server, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(server.URI("")), func(o *Options) { o.Config.AllowedHeaders = []string{"*"} },
		withPolicy(tries(&redirectv1.Target{Uri: target.URI("x"), HeaderOps: []*redirectv1.HeaderOp{
			remove("m"), add("i", "second-call-id"), add("l", "5"), add("Subject", "fine"),
		}})))
	caller.Invite(e.udp, "sip:bob@example.com")
	redirectTo(server)
	m := target.Expect("INVITE ")
	if strings.Contains(m.Raw, "second-call-id") || m.Header("Contact") == "" || len(m.Headers("Content-Length")) != 1 ||
		m.Header("Subject") != "fine" {
		t.Errorf("want Subject, and nothing else, changed:\n%s", m.Raw)
	}
}

// TestBigRequestIsSentWhenTooManyWait falls back to UDP when nobody may wait for
// a connection.
func TestBigRequestIsSentWhenTooManyWait(t *testing.T) {
	t.Parallel()
	caller, server := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(server.URI("")), func(o *Options) { o.Config.Limits.Waiting = 1 })
	e.waiting.take("somebody")
	caller.Invite(e.udp, "sip:bob@example.com", siptest.Body(strings.Repeat("x", 2000)))
	server.Expect("INVITE ")
	e.waiting.give("somebody")
}

// TestNoNewBranchAfterA6xx holds when the target was being cancelled for time.
func TestNoNewBranchAfterA6xx(t *testing.T) {
	t.Parallel()
	caller, server, slow, next := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(server.URI("")), withPolicy(tries(
		&redirectv1.Target{Uri: slow.URI("a"), AnswerTimeout: durationpb.New(time.Second)}, &redirectv1.Target{Uri: next.URI("b")},
	)))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	redirectTo(server)
	invite := slow.Expect("INVITE ")
	slow.Respond(invite, 180, "Ringing")
	caller.ExpectSkipping100("SIP/2.0 180")
	slow.Expect("CANCEL ")
	slow.Respond(invite, 603, "Decline")
	call.Ack(caller.Expect("SIP/2.0 603"))
	next.Silent(20 * time.Millisecond)
}

// TestCancelFindsItsWayAfterTheConnectionIsGone reconnects to the address that
// got the INVITE.
func TestCancelFindsItsWayAfterTheConnectionIsGone(t *testing.T) {
	t.Parallel()
	caller, server := siptest.UDP(t), siptest.TCP(t)
	e := startEdge(t, nextHop(server.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	m := server.Expect("INVITE ")
	server.Respond(m, 180, "Ringing")
	caller.ExpectSkipping100("SIP/2.0 180")
	server.Disconnect(m.From)
	eventually(t, "the edge sees that the connection is gone", func() bool { return e.downstreamGone() })
	call.Cancel()
	server.Expect("CANCEL ")
}

func (r *running) downstreamGone() (gone bool) {
	r.table.Each(func(rc *responseContext) {
		rc.mu.Lock()
		defer rc.mu.Unlock()
		gone = len(rc.branches) > 0 && !rc.branches[0].flow.Alive()
	})
	return gone
}

// TestPolicyThatIgnoresItsDeadline may still read a question that the embedded
// policy answers meanwhile.
func TestPolicyThatIgnoresItsDeadline(t *testing.T) {
	t.Parallel()
	caller, server, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	done, stop := make(chan struct{}), make(chan struct{})
	e := startEdge(t, nextHop(server.URI("")), func(o *Options) { o.Config.Policy.OnUnavailable = Embedded },
		withPolicy(policy.Func(func(_ contextT, req *requestT) (*responseT, error) {
			defer close(done)
			for {
				select {
				case <-stop:
					return nil, nil
				case <-time.After(time.Millisecond):
					_ = req.GetPolicyState()
				}
			}
		})))
	caller.Invite(e.udp, "sip:bob@example.com")
	server.Respond(server.Expect("INVITE "), 302, "Moved Temporarily", "Contact: <"+target.URI("bob")+">")
	server.Expect("ACK ")
	target.Expect("INVITE ")
	close(stop)
	<-done
}
