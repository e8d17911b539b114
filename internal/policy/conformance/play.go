package conformance

import (
	"context"
	"fmt"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// call is one that was played out: the policy was asked until the call ended, and
// its answers were done.
type call struct {
	exchanges []*exchange
}

// player is an edge, as far as a policy can see one.
type player struct {
	session  *session
	scenario scenario
	call     *call
	req      *redirectv1.DecideRequest // the question that comes next
	decision *redirectv1.TryTargets    // in force
}

// play makes a call.
func (s *session) play(ctx context.Context, sc scenario) *call {
	p := &player{session: s, scenario: sc, call: &call{}, req: proto.CloneOf(sc.first)}
	for p.ask(ctx) && p.search() {
	}
	return p.call
}

// ask asks the question, and reports whether there are targets to try now.
func (p *player) ask(ctx context.Context) bool {
	n := len(p.call.exchanges) + 1
	p.req.RequestId = fmt.Sprintf("%s-%d", p.req.GetCall().GetCallId(), n)
	p.req.AskedAt = timestamppb.New(askedAt.Add(time.Duration(n) * time.Second))
	x := p.session.ask(ctx, "call "+p.scenario.id, p.req)
	p.call.exchanges = append(p.call.exchanges, x)
	p.decision = x.resp.GetTryTargets()
	if x.err != nil || p.decision == nil || countsTargets(x) != nil {
		return false
	}
	p.req = proto.CloneOf(p.req)
	p.req.PolicyState = x.resp.GetPolicyState()
	p.req.Remaining = nil
	for _, t := range p.decision.GetTargets() {
		t = proto.CloneOf(t)
		if t.GetAdvance() == nil {
			t.Advance = resolved(p.decision.GetAdvance())
		}
		p.req.Remaining = append(p.req.GetRemaining(), t)
	}
	return true
}

// search tries targets until there is something to ask about. It reports whether
// there is: otherwise the call has ended.
func (p *player) search() bool {
	for len(p.req.GetRemaining()) > 0 && p.req.GetEdge().GetAttemptsLeft() > 0 {
		t := p.req.GetRemaining()[0]
		p.req.Remaining = p.req.GetRemaining()[1:]
		a := p.attempt(t)
		switch {
		case p.asksAbout(a):
			return true
		case !advances(t.GetAdvance(), a):
			return false
		}
	}
	return false
}

// attempt sends the request to a target.
func (p *player) attempt(t *redirectv1.Target) *redirectv1.Attempt {
	n := len(p.req.GetAttempts())
	a := &redirectv1.Attempt{
		Target: t, StartedAt: timestamppb.New(askedAt.Add(time.Duration(n) * time.Second)), Duration: durationpb.New(500 * time.Millisecond),
		Outcome: redirectv1.Outcome_OUTCOME_REFUSED,
	}
	if a.Detail = p.refuses(t); a.GetDetail() == "" {
		p.scenario.outcome(n, a)
	}
	p.req.Attempts = append(p.req.GetAttempts(), a)
	*p.req.Edge.AttemptsLeft--
	return a
}

// refuses says why the edge does not try a target, whatever the policy says.
func (p *player) refuses(t *redirectv1.Target) string {
	x := &exchange{req: p.req, resp: &redirectv1.DecideResponse{
		Action: &redirectv1.DecideResponse_TryTargets{TryTargets: &redirectv1.TryTargets{Targets: []*redirectv1.Target{t}}},
	}}
	for _, guard := range []func(*exchange) error{targets(goodURI), targets(goodRoutes), targets(goodNextHop), notTried, targets(keepsSIPS)} {
		if err := guard(x); err != nil {
			return clip(err.Error())
		}
	}
	return ""
}

// asksAbout reports whether the policy is asked about an attempt, and makes that the
// event.
func (p *player) asksAbout(a *redirectv1.Attempt) bool {
	if s := a.GetResponse().GetStatus(); s >= 300 && s <= 399 {
		p.req.Event = &redirectv1.DecideRequest_Redirect{Redirect: &redirectv1.Redirect{
			Response: a.GetResponse(), Contacts: p.scenario.contacts(len(p.req.GetAttempts()) - 1),
		}}
		return true
	}
	refused := a.GetOutcome() == redirectv1.Outcome_OUTCOME_REFUSED
	if !p.decision.GetConsultOnFailure() || refused && len(p.req.GetRemaining()) > 0 {
		return false
	}
	p.req.Event = &redirectv1.DecideRequest_Failure{Failure: &redirectv1.Failure{}}
	return true
}

// defaultRule is what an unset advance rule means.
func defaultRule() *redirectv1.AdvanceRule {
	return &redirectv1.AdvanceRule{
		Statuses: []*redirectv1.StatusRange{{First: 400, Last: 400}, {First: 402, Last: 406}, {First: 408, Last: 599}},
		Timeout:  true, TransportError: true,
	}
}

func resolved(rule *redirectv1.AdvanceRule) *redirectv1.AdvanceRule {
	if rule == nil {
		return defaultRule()
	}
	return proto.CloneOf(rule)
}

// advances reports whether the next target is tried after an attempt.
func advances(rule *redirectv1.AdvanceRule, a *redirectv1.Attempt) bool {
	if rule.GetStopAfterRinging() && a.GetRang() {
		return false
	}
	switch a.GetOutcome() {
	case redirectv1.Outcome_OUTCOME_RESPONSE:
		status := a.GetResponse().GetStatus()
		return status < 600 && slices.ContainsFunc(rule.GetStatuses(), func(r *redirectv1.StatusRange) bool {
			return status >= r.GetFirst() && status <= r.GetLast()
		})
	case redirectv1.Outcome_OUTCOME_RESPONSE_TIMEOUT, redirectv1.Outcome_OUTCOME_ANSWER_TIMEOUT:
		return rule.GetTimeout()
	case redirectv1.Outcome_OUTCOME_TRANSPORT_ERROR, redirectv1.Outcome_OUTCOME_UNRESOLVABLE:
		return rule.GetTransportError()
	case redirectv1.Outcome_OUTCOME_REFUSED, redirectv1.Outcome_OUTCOME_UNSPECIFIED:
	}
	return true // a refused target is no answer of anybody
}
