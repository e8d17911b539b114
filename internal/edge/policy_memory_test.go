package edge

import (
	"context"
	"fmt"
	"sync"
	"testing"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/siptest"
)

// TestMemoryIsOfOneCall: a policy finds again what it kept of a call, and nothing of
// another.
func TestMemoryIsOfOneCall(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	asked := make(map[string][]string) // what was found, by the user who is called
	caller, server, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(server.URI("")), withPolicy(policy.Func(func(ctx context.Context, q *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
		who := q.GetCall().GetRequestUri().GetUser()
		kept := policy.MemoryOf(ctx).Keep("who", func() any { return who }).(string)
		mu.Lock()
		defer mu.Unlock()
		asked[who] = append(asked[who], kept)
		return &redirectv1.DecideResponse{Action: &redirectv1.DecideResponse_TryTargets{TryTargets: &redirectv1.TryTargets{
			Targets:          []*redirectv1.Target{{Uri: target.URI(fmt.Sprint(len(asked[who])))}},
			ConsultOnFailure: len(asked[who]) < 3,
		}}}, nil
	})))
	for _, who := range []string{"alice", "bob"} {
		call := caller.Invite(e.udp, "sip:"+who+"@example.com")
		server.Respond(server.ExpectSkipping100("INVITE "), 302, "Moved Temporarily", "Contact: <sip:x@127.0.0.1:9>")
		server.Expect("ACK ")
		for n := range 3 {
			target.Respond(target.Expect("INVITE "+target.URI(fmt.Sprint(n+1))), 486, "Busy Here")
			target.Expect("ACK ")
		}
		call.Ack(caller.ExpectSkipping100("SIP/2.0 486"))
	}
	mu.Lock()
	defer mu.Unlock()
	if got := fmt.Sprint(asked); got != "map[alice:[alice alice alice] bob:[bob bob bob]]" {
		t.Error(got)
	}
}
