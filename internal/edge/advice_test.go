package edge

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/siptest"
)

// redirectServer makes p the redirect server of the trunk of everybody, and the
// onward URIs its own route.
func redirectServer(p *siptest.Peer, onward ...string) func(*Options) {
	return trunks(Trunk{
		Name: "a", From: from("127.0.0.0/8"), NextHop: []string{p.URI("")}, Onward: onward,
		Role: RoleRedirectServer, ResponseTimeout: 150 * time.Millisecond,
	})
}

// TestAdvice has every kind of answer of a redirect server, and of none: it is
// advice, and no failure of the call.
func TestAdvice(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int // 0: silence
		onward bool
		final  string
	}{
		"404":       {404, true, "SIP/2.0 200"},
		"503":       {503, true, "SIP/2.0 200"},
		"500":       {500, true, "SIP/2.0 200"},
		"no answer": {0, true, "SIP/2.0 200"},
		"603":       {603, false, "SIP/2.0 603"},
		"407":       {407, false, "SIP/2.0 407"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			caller, server, core := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
			e := startEdge(t, redirectServer(server, core.URI("")))
			call := caller.Invite(e.udp, "sip:bob@example.com", siptest.Header("Authorization", `Digest realm="x"`))
			invite := server.Expect("INVITE ")
			if c.status > 0 {
				server.Respond(invite, c.status, "")
				server.Expect("ACK ")
			}
			if c.onward {
				m := core.Expect("INVITE sip:bob@example.com ")
				if len(m.Values("Route")) > 0 || m.Header("Authorization") == "" {
					t.Errorf("the request onward is not the caller's:\n%s", m.Raw)
				}
				core.Respond(m, 200, "OK")
			}
			call.Ack(caller.ExpectSkipping100(c.final))
			if m, ok := core.ReceiveWithin(10 * time.Millisecond); ok && m.Method() != "ACK" {
				t.Errorf("the core got also:\n%s", m.Raw)
			}
			e.log.find(t, "redirected call")
		})
	}
}

// TestAdviceIsNoCandidate sends what the own route says upstream, not what the
// redirect server said (16.7 step 6 would prefer its 404 to a 503).
func TestAdviceIsNoCandidate(t *testing.T) {
	t.Parallel()
	caller, server, core := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, redirectServer(server, core.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	server.Respond(expectOf(server, call, "INVITE"), 404, "Not Found")
	core.Respond(core.Expect("INVITE "), 502, "Bad Gateway")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 502"))
}

// TestAdviceWithoutOnward passes the answer upstream if the trunk has no route of
// its own, and refuses a policy that says "onward" all the same.
func TestAdviceWithoutOnward(t *testing.T) {
	t.Parallel()
	caller, server := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, redirectServer(server))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	server.Respond(expectOf(server, call, "INVITE"), 404, "Nobody Here")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 404 Nobody Here"))

	e = startEdge(t, redirectServer(server), withPolicy(answers(&responseT{
		Action: &redirectv1.DecideResponse_TryTargets{TryTargets: &redirectv1.TryTargets{
			Targets: []*redirectv1.Target{{Uri: "sip:bob@example.com", NextHop: "onward"}},
		}},
	})))
	call = caller.Invite(e.udp, "sip:bob@example.com")
	server.Respond(expectOf(server, call, "INVITE"), 404, "Nobody Here")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 404"))
	e.log.find(t, "target refused", "the trunk has no onward route")
}

// TestAdviceWithoutDecision fails closed: what the redirect server said goes
// upstream.
func TestAdviceWithoutDecision(t *testing.T) {
	t.Parallel()
	hangs := policy.Func(func(ctx context.Context, _ *requestT) (*responseT, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	})
	caller, server, core := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, redirectServer(server, core.URI("")), withPolicy(hangs), func(o *Options) { o.Config.Policy.Timeout = 20 * time.Millisecond })
	call := caller.Invite(e.udp, "sip:bob@example.com")
	server.Respond(expectOf(server, call, "INVITE"), 404, "Not Found")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 404"))
	core.Silent(10 * time.Millisecond)

	e = startEdge(t, redirectServer(server, core.URI("")), withPolicy(hangs), func(o *Options) {
		o.Config.Policy = PolicyConfig{Timeout: 20 * time.Millisecond, OnUnavailable: Embedded}
	})
	call = caller.Invite(e.udp, "sip:bob@example.com")
	server.Respond(expectOf(server, call, "INVITE"), 404, "Not Found")
	core.Respond(core.Expect("INVITE "), 200, "OK")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 200"))
}

// TestRedirectOfRedirectServer is followed as any, and a 4xx of its target is no
// advice.
func TestRedirectOfRedirectServer(t *testing.T) {
	t.Parallel()
	caller, server, core, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, redirectServer(server, core.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	server.Respond(server.Expect("INVITE "), 302, "Moved Temporarily", "Contact: <"+target.URI("x")+">")
	target.Respond(target.Expect("INVITE "), 404, "Not Found")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 404"))
	core.Silent(10 * time.Millisecond)
}

// TestOnwardAfterRedirect sends the call by the own route when a policy says that
// a 3xx was data and not a place.
func TestOnwardAfterRedirect(t *testing.T) {
	t.Parallel()
	caller, server, dead, core := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	deadURI := dead.URI("")
	dead.Close()
	var features []string
	e := startEdge(t, redirectServer(server, deadURI, core.URI("")), withPolicy(policy.Func(
		func(_ context.Context, q *requestT) (*responseT, error) {
			features = q.GetEdge().GetFeatures()
			return &responseT{Action: &redirectv1.DecideResponse_TryTargets{TryTargets: &redirectv1.TryTargets{
				Targets: []*redirectv1.Target{{Uri: q.GetCall().GetRequestUri().GetText() + ";rn=+1555", NextHop: "onward"}},
			}}}, nil
		})))
	call := caller.Invite(e.udp, "sip:+1@example.com")
	server.Respond(server.Expect("INVITE "), 302, "Moved Temporarily", "Contact: <tel:+1;rn=+1555>")
	core.Respond(core.Expect("INVITE sip:+1@example.com;rn=+1555 "), 200, "OK")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 200"))
	if !strings.Contains(strings.Join(features, " "), "onward") {
		t.Errorf("features are %q", features)
	}
}

// TestRecurseFromNextHop follows the redirect of the next hop, and takes that of
// a target as its failure.
func TestRecurseFromNextHop(t *testing.T) {
	t.Parallel()
	caller, server, a, b, other := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, trunks(Trunk{
		Name: "a", From: from("127.0.0.0/8"), NextHop: []string{server.URI("")}, RecurseFrom: RecurseFromNextHop,
	}))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	server.Respond(server.Expect("INVITE "), 302, "Moved Temporarily", "Contact: <"+a.URI("a")+">, <"+b.URI("b")+">;q=0.5")
	a.Respond(a.Expect("INVITE "), 302, "Moved Temporarily", "Contact: <"+other.URI("x")+">")
	a.Expect("ACK ")
	b.Respond(b.Expect("INVITE "), 302, "Moved Temporarily", "Contact: <"+other.URI("x")+">")
	b.Expect("ACK ")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 480"))
	other.Silent(10 * time.Millisecond)
}

// TestAdvice503IsNoFailover puts the 503 of one of several redirect servers to the
// policy at once, as every answer from 300 up.
func TestAdvice503IsNoFailover(t *testing.T) {
	t.Parallel()
	caller, first, second, core := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, redirectServer(first, core.URI("")), func(o *Options) {
		o.Config.Trunks[0].NextHop = append(o.Config.Trunks[0].NextHop, second.URI(""))
	})
	call := caller.Invite(e.udp, "sip:bob@example.com")
	first.Respond(first.Expect("INVITE "), 503, "No Advice")
	core.Respond(core.Expect("INVITE "), 200, "OK")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 200"))
	second.Silent(10 * time.Millisecond)
}

// TestPassedThrough503Becomes500, whoever passes it (16.7 step 6): the next one up
// would not try us again. What the policy adds stays.
func TestPassedThrough503Becomes500(t *testing.T) {
	t.Parallel()
	passes := answers(&responseT{Action: &redirectv1.DecideResponse_PassThrough{PassThrough: &redirectv1.PassThrough{
		HeaderOps: []*redirectv1.HeaderOp{add("X-Passed", "yes")},
	}}})
	fails := policy.Func(func(context.Context, *requestT) (*responseT, error) { return nil, errors.New("down") })
	for name, p := range map[string]policy.Policy{"a policy": passes, "no policy": fails, "the built-in one": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			caller, server := siptest.UDP(t), siptest.UDP(t)
			e := startEdge(t, redirectServer(server), withPolicy(p))
			call := caller.Invite(e.udp, "sip:bob@example.com")
			server.Respond(expectOf(server, call, "INVITE"), 503, "Service Unavailable")
			final := caller.ExpectSkipping100("SIP/2.0 500")
			call.Ack(final)
			if name == "a policy" && final.Header("X-Passed") != "yes" {
				t.Errorf("got\n%s", final.Raw)
			}
		})
	}
}

// TestOnwardIsOneTarget is tried once, though it went on to its second URI
// meanwhile (16.5).
func TestOnwardIsOneTarget(t *testing.T) {
	t.Parallel()
	caller, server, dead, core := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	deadURI := dead.URI("")
	dead.Close()
	e := startEdge(t, redirectServer(server, deadURI, core.URI("")),
		withPolicy(tries(&redirectv1.Target{Uri: "sip:x@example.com", NextHop: onward})))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	redirectTo(server)
	redirectTo(core)
	call.Ack(caller.ExpectSkipping100("SIP/2.0 480"))
	core.Silent(10 * time.Millisecond)
	e.log.find(t, "target refused", "was tried as attempt 1")
}
