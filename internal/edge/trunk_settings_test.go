package edge

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/siptest"
)

// TestTrunkOverridesTheEdge in what a policy is told, sees and may touch.
func TestTrunkOverridesTheEdge(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var asked []*requestT
	server, target := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(server.URI("")), func(o *Options) {
		o.Config.Limits.Attempts, o.Config.Limits.SetupTime = 20, 2*time.Minute
		o.Config.ShownHeaders, o.Config.AllowedHeaders = []string{"Reason"}, []string{"X-Edge"}
		o.Embedded = policy.Func(func(_ contextT, q *requestT) (*responseT, error) {
			mu.Lock()
			defer mu.Unlock()
			asked = append(asked, q)
			return &responseT{Action: &redirectv1.DecideResponse_TryTargets{TryTargets: &redirectv1.TryTargets{
				Targets: []*redirectv1.Target{{
					Uri: target.URI("bob"), HeaderOps: []*redirectv1.HeaderOp{set("X-Edge", "1"), set("X-Trunk", "1")},
				}},
			}}}, nil
		})
	}, trunks(
		Trunk{Name: "plain", From: from("127.0.0.2/32")},
		Trunk{
			Name: "own", From: from("127.0.0.3/32"), ShownHeaders: []string{"subject"}, AllowedHeaders: []string{"X-Trunk"},
			Limits: TrunkLimits{Attempts: 5, SetupTime: 10 * time.Second},
		},
		Trunk{Name: "none", From: from("127.0.0.4/32"), ShownHeaders: []string{}, AllowedHeaders: []string{}},
	))
	for i, c := range []struct {
		host           string
		attempts       uint32
		timeLeft       time.Duration
		shown, allowed []string
		edge, trunk    string
	}{
		{"127.0.0.2", 19, 2 * time.Minute, []string{"Reason"}, []string{"X-Edge"}, "1", ""},
		{"127.0.0.3", 4, 10 * time.Second, []string{"Subject"}, []string{"X-Trunk"}, "", "1"},
		{"127.0.0.4", 19, 2 * time.Minute, nil, nil, "", ""},
	} {
		caller := siptest.New(t, "udp", c.host)
		call := caller.Invite(e.udp, "sip:bob@example.com", siptest.Header("Reason", "x"), siptest.Header("Subject", "y"))
		server.Respond(server.Expect("INVITE "), 302, "Moved Temporarily", "Contact: <"+target.URI("bob")+">")
		server.Expect("ACK ")
		m := target.Expect("INVITE ")
		if m.Header("X-Edge") != c.edge || m.Header("X-Trunk") != c.trunk {
			t.Errorf("%s: X-Edge %q, X-Trunk %q", c.host, m.Header("X-Edge"), m.Header("X-Trunk"))
		}
		target.Respond(m, 486, "Busy Here")
		target.Expect("ACK ")
		call.Ack(caller.ExpectSkipping100("SIP/2.0 486 "))
		mu.Lock()
		q := asked[i]
		mu.Unlock()
		var shown []string
		for _, h := range q.GetCall().GetHeaders() {
			shown = append(shown, h.GetName())
		}
		left := q.GetCall().GetTimeLeft().AsDuration()
		if q.GetEdge().GetAttemptsLeft() != c.attempts || left > c.timeLeft || left < c.timeLeft-5*time.Second ||
			!slices.Equal(shown, c.shown) || !slices.Equal(q.GetEdge().GetAllowedHeaders(), c.allowed) {
			t.Errorf("%s: the policy was told of %d attempts and %s, shown %q, allowed %q", c.host,
				q.GetEdge().GetAttemptsLeft(), left, shown, q.GetEdge().GetAllowedHeaders())
		}
	}
}

// TestLimitsOfATrunk hold for its calls only.
func TestLimitsOfATrunk(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		host     string
		attempts int // that are made, the first one included
		nested   int
	}{{"127.0.0.2", 4, 3}, {"127.0.0.3", 2, 1}, {"127.0.0.4", 4, 1}} {
		t.Run(c.host, func(t *testing.T) {
			t.Parallel()
			server, target := siptest.UDP(t), siptest.UDP(t)
			e := startEdge(t, nextHop(server.URI("")), func(o *Options) { o.Config.Limits.Nesting = 3 }, trunks(
				Trunk{Name: "wide", From: from("127.0.0.2/32")},
				Trunk{Name: "tight", From: from("127.0.0.3/32"), Limits: TrunkLimits{Attempts: 2}},
				Trunk{Name: "flat", From: from("127.0.0.4/32"), Limits: TrunkLimits{Nesting: 1}},
			))
			caller := siptest.New(t, "udp", c.host)
			call := caller.Invite(e.udp, "sip:bob@example.com")
			contacts := "Contact: <" + target.URI("1") + ">;q=0.9, <" + target.URI("2") + ">;q=0.8, <" + target.URI("3") + ">;q=0.7"
			server.Respond(server.Expect("INVITE "), 302, "Moved Temporarily", contacts)
			server.Expect("ACK ")
			for range c.attempts - 1 {
				target.Respond(target.Expect("INVITE "), 404, "Not Found")
				target.Expect("ACK ")
			}
			call.Ack(caller.ExpectSkipping100("SIP/2.0 404 "))
			target.Silent(10 * time.Millisecond)

			call = caller.Invite(e.udp, "sip:bob@example.com")
			hop := server
			for i := range c.nested {
				hop.Respond(hop.Expect("INVITE "), 302, "Moved Temporarily", fmt.Sprintf("Contact: <%s>", target.URI(fmt.Sprint(i))))
				hop.Expect("ACK ")
				hop = target
			}
			target.Respond(target.Expect("INVITE "), 302, "Moved Temporarily", "Contact: <"+target.URI("last")+">")
			target.Expect("ACK ")
			call.Ack(caller.ExpectSkipping100("SIP/2.0 480 "))
			target.Silent(10 * time.Millisecond)
		})
	}
}
