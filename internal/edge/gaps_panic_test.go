package edge

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/siptest"
)

// panicsOn is a log handler that panics on one message: a fault in the middle of
// an event, with the lock held.
type panicsOn struct {
	slog.Handler
	message string
}

func (h panicsOn) Handle(ctx context.Context, r slog.Record) error {
	if r.Message == h.message {
		outOfRange(nil)
	}
	return h.Handler.Handle(ctx, r)
}

func outOfRange(b []byte) byte { return b[len(b)+1] }

// panicking is a policy with a bug.
var panicking = policy.Func(func(contextT, *requestT) (*responseT, error) {
	return nil, errors.New(string(rune(outOfRange(nil))))
})

// TestPanicEndsOneCallOnly has a bug in a policy, embedded and remote, and one
// in an event of the edge: the call gets its answer, and the next one works.
func TestPanicEndsOneCallOnly(t *testing.T) {
	t.Parallel()
	refusedContact := "Contact: <sips:bob@127.0.0.1>"
	for _, c := range []struct {
		name   string
		change func(*Options)
		want   string
		log    string
	}{
		{"embedded policy", func(o *Options) { o.Embedded = panicking }, "SIP/2.0 480 ", "policy panicked"},
		{"remote policy", withPolicy(panicking), "SIP/2.0 480 ", "policy panicked"},
		{"decision that is none at all", func(o *Options) {
			o.Embedded = answers(&responseT{Action: (*redirectv1.DecideResponse_Reject)(nil)})
		}, "SIP/2.0 500 ", "nil pointer"},
		{"event", func(o *Options) {
			o.Logger = slog.New(panicsOn{o.Logger.Handler(), "target refused"})
		}, "SIP/2.0 500 ", "index out of range"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			caller, server := siptest.UDP(t), siptest.UDP(t)
			e := startEdge(t, nextHop(server.URI("")), c.change)
			for range 3 {
				call := caller.Invite(e.udp, "sip:bob@example.com")
				server.Respond(server.Expect("INVITE "), 302, "Moved Temporarily", refusedContact)
				server.Expect("ACK ")
				call.Ack(caller.ExpectSkipping100(c.want))
			}
			e.log.find(t, c.log)
			answer(t, e, caller, server, "sip:bob@example.com")
		})
	}
}

// TestNilInADecisionIsNoDecision has what only a policy in process can say.
func TestNilInADecisionIsNoDecision(t *testing.T) {
	t.Parallel()
	good := &redirectv1.Target{Uri: "sip:x@127.0.0.1:9"}
	for name, d := range map[string]*redirectv1.DecideResponse{
		"target":      {Action: &redirectv1.DecideResponse_TryTargets{TryTargets: &redirectv1.TryTargets{Targets: []*redirectv1.Target{good, nil}, ConsultOnFailure: true}}},
		"try_targets": {Action: &redirectv1.DecideResponse_TryTargets{}},
		"reject":      {Action: &redirectv1.DecideResponse_Reject{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			caller, server := siptest.UDP(t), siptest.UDP(t)
			e := startEdge(t, nextHop(server.URI("")), func(o *Options) { o.Embedded = answers(d) })
			call := caller.Invite(e.udp, "sip:bob@example.com")
			server.Respond(server.Expect("INVITE "), 302, "Moved Temporarily", "Contact: <sip:x@127.0.0.1:9>")
			server.Expect("ACK ")
			call.Ack(caller.ExpectSkipping100("SIP/2.0 480"))
			e.log.find(t, "no decision", "reason=invalid")
		})
	}
}
