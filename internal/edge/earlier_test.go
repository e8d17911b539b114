package edge

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/edge/message"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/siptest"
)

// keeps is the built-in policy, and what it was asked.
func keeps(asked chan<- *requestT) func(*Options) {
	builtin := policy.NewBuiltin(policy.DefaultConfig())
	return withPolicy(policy.Func(func(ctx contextT, q *requestT) (*responseT, error) {
		asked <- q
		return builtin.Decide(ctx, q)
	}))
}

// outcomes are the Request-URIs and statuses of attempts.
func outcomes(attempts []*redirectv1.Attempt) (list []string) {
	for _, a := range attempts {
		list = append(list, a.GetTarget().GetUri()+" "+a.GetResponse().GetReasonPhrase())
	}
	return list
}

// TestPolicySeesTheEarlierAttempts has a redirect server and then its target
// challenge a MESSAGE: each question has the attempts of the one request before.
func TestPolicySeesTheEarlierAttempts(t *testing.T) {
	t.Parallel()
	asked := make(chan *requestT, 4)
	caller, server, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, patient, nextHop(server.URI("")), keeps(asked))
	call := caller.Invite(e.udp, "sip:bob@example.com", siptest.Method("MESSAGE"))
	server.Respond(server.Expect("MESSAGE "), 407, "Who", strings.Replace(proxyB, "b.", "server.", 1))
	caller.Expect("SIP/2.0 407")
	for i, want := range [][]string{
		{"sip:bob@example.com Who"},
		{"sip:bob@example.com There", target.URI("bob") + " Me too"},
	} {
		caller.Send(e.udp, again(call, 2+i, credServer, credA))
		server.Respond(server.Expect("MESSAGE "), 302, "There", "Contact: <"+target.URI("bob")+">")
		target.Respond(target.Expect("MESSAGE "), 401, "Me too", wwwA)
		caller.Expect("SIP/2.0 401")
		q := <-asked
		if got := outcomes(q.GetEarlier()); !slices.Equal(got, want) {
			t.Errorf("request %d: earlier attempts are %q, want %q", 2+i, got, want)
		}
		if got := len(q.GetAttempts()); got != 1 {
			t.Errorf("request %d: %d attempts of its own, want 1", 2+i, got)
		}
	}
}

// TestOnlyAChallengeIsRemembered ends the first request with something else.
func TestOnlyAChallengeIsRemembered(t *testing.T) {
	t.Parallel()
	asked := make(chan *requestT, 4)
	caller, server, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, patient, nextHop(server.URI("")), keeps(asked))
	call := caller.Invite(e.udp, "sip:bob@example.com", siptest.Method("MESSAGE"))
	for i := range 2 {
		server.Respond(server.Expect("MESSAGE "), 302, "There", "Contact: <"+target.URI("bob")+">")
		target.Respond(target.Expect("MESSAGE "), 403, "Forbidden", wwwA)
		caller.Expect("SIP/2.0 403")
		if got := (<-asked).GetEarlier(); len(got) != 0 {
			t.Errorf("request %d has %d earlier attempts, want none", 1+i, len(got))
		}
		caller.Send(e.udp, again(call, 2+i, credA))
	}
	server.Respond(server.Expect("MESSAGE "), 302, "There", "Contact: <"+target.URI("bob")+">")
	expectAuth(t, "a request after a 403", target.Expect("MESSAGE ").Raw)
}

// TestChallengeIsForgotten has the time of a challenge be over: of all that is
// remembered of the call, and of that challenge alone, when a later one keeps the
// rest.
func TestChallengeIsForgotten(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		age     func(*memory[callKey, *challengedCall], callKey)
		earlier int
	}{
		"all": {func(m *memory[callKey, *challengedCall], key callKey) {
			_, _ = m.get(key, time.Now().Add(m.lifetime))
		}, 0},
		"one": {func(m *memory[callKey, *challengedCall], key callKey) {
			call, _ := m.get(key, time.Now())
			grants := slices.Clone(call.grants)
			for i := range grants {
				grants[i].ends = time.Now()
			}
			m.put(key, &challengedCall{grants, call.attempts}, 1, time.Now())
		}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asked := make(chan *requestT, 4)
			caller, server, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
			e := startEdge(t, patient, nextHop(server.URI("")), keeps(asked))
			call := challengedBy(e, caller, server, target, wwwA)
			<-asked
			key := callKey{"127.0.0.1", call.CallID, call.FromTag}
			if kept, ok := e.challengedCalls.get(key, time.Now()); !ok || len(kept.grants) != 1 {
				t.Fatalf("remembered of the call: %+v, %v", kept, ok)
			}
			c.age(e.challengedCalls, key)
			caller.Send(e.udp, again(call, 2, credA))
			server.Respond(server.Expect("INVITE "), 302, "Moved Temporarily", "Contact: <"+target.URI("bob")+">")
			expectAuth(t, "the INVITE to the target", target.Expect("INVITE ").Raw)
			if got := len((<-asked).GetEarlier()); got != c.earlier {
				t.Errorf("%d earlier attempts, want %d", got, c.earlier)
			}
		})
	}
}

// TestTrunkIsOnePeer has the second INVITE come from another address: of the same
// trunk, and of another one.
func TestTrunkIsOnePeer(t *testing.T) {
	t.Parallel()
	for host, want := range map[string][]string{"127.0.0.3": {credA}, "127.0.0.4": nil} {
		t.Run(host, func(t *testing.T) {
			t.Parallel()
			caller, second := siptest.New(t, "udp", "127.0.0.2"), siptest.New(t, "udp", host)
			server, target := siptest.UDP(t), siptest.UDP(t)
			e := startEdge(t, patient, nextHop(server.URI("")), trunks(
				Trunk{Name: "a", From: from("127.0.0.2/31")}, Trunk{Name: "b", From: from("127.0.0.4/32")}))
			call := challengedBy(e, caller, server, target, wwwA)
			second.Send(e.udp, again(call, 2, credA))
			server.Respond(server.Expect("INVITE "), 302, "Moved Temporarily", "Contact: <"+target.URI("bob")+">")
			expectAuth(t, "the INVITE to the target", target.Expect("INVITE ").Raw, want...)
		})
	}
}

// TestAttemptsTooBigToRemember leaves earlier empty, and keeps what was granted.
func TestAttemptsTooBigToRemember(t *testing.T) {
	t.Parallel()
	for kept, attempts := range map[int]int{5: 5, 0: 6} { // of 50 kB
		rc := &responseContext{
			edge:   startEdge(t).Edge,
			source: netip.MustParseAddrPort("192.0.2.1:5060"),
			callID: "c",
			search: &search{
				in:           &inbound{},
				request:      &message.Message{},
				previousCall: &challengedCall{grants: []grant{{&target{proto: &redirectv1.Target{}}, "r", time.Now().Add(time.Minute)}}},
			},
		}
		for range attempts {
			rc.attempts = append(rc.attempts, &redirectv1.Attempt{Detail: strings.Repeat("x", 50_000)})
		}
		rc.rememberChallenge(407)
		got, ok := rc.edge.challengedCalls.get(callKey{"192.0.2.1", "c", ""}, time.Now())
		if !ok || len(got.attempts) != kept || len(got.grants) != 1 {
			t.Errorf("of %d attempts and a grant: %v, %d attempts, %d grants; want %d and 1", attempts, ok, len(got.attempts), len(got.grants), kept)
		}
	}
}
