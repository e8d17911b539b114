package next

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/decision"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/version"
)

// Server answers questions. Its fields are not to be changed once it is in use; its
// method is safe for concurrent use.
type Server struct {
	// Policy decides.
	Policy policy.Policy
	// Sealer makes the tokens.
	Sealer *Sealer
	// Now is the clock.
	Now func() time.Time
}

// Next says what comes next. An error of type [*Error] is about the question; any
// other says that there is no decision.
func (s *Server) Next(ctx context.Context, q *Question) (*Answer, error) {
	now := s.Now()
	if q.Token == "" {
		return s.first(ctx, q, now)
	}
	st, err := stateOf(q.Token, s.Sealer, now)
	if err != nil {
		return nil, &Error{"token", err.Error()}
	}
	return (&search{Server: s, state: st, now: now}).goOn(ctx, q)
}

// search is one call, between a question of the client and the answer to it: what
// an edge keeps in its response context (16.7).
type search struct {
	*Server
	*state
	now      time.Time
	contacts []*redirectv1.Contact // of the 3xx that is being asked about
}

// ask puts a question to the policy and does what it says.
func (s *search) ask(ctx context.Context) (*Answer, error) {
	r := s.req
	r.RequestId = requestID()
	r.Edge.AttemptsLeft = new(uint32(s.attemptsLeft()))
	r.AskedAt = timestamppb.New(s.now)
	r.Call.TimeLeft = durationpb.New(max(0, s.timeLeft()))
	r.Remaining = s.decision.GetTargets()
	d, err := s.Policy.Decide(ctx, r)
	if err == nil {
		if bad := decision.Check(d, r.GetCall().GetMethod()); bad != nil {
			err = fmt.Errorf("the answer of the policy is none: %w", bad)
		}
	}
	if err != nil {
		return s.noDecision(ctx, err)
	}
	r.PolicyState = d.GetPolicyState()
	answer, err := s.apply(ctx, proto.CloneOf(d))
	if err != nil {
		return nil, err
	}
	if answer.Why == "" {
		answer.Rule, answer.Why = d.GetExplanation().GetRule(), d.GetExplanation().GetText()
	}
	return answer, nil
}

// apply does what a decision says. The decision is changed.
func (s *search) apply(ctx context.Context, d *redirectv1.DecideResponse) (*Answer, error) {
	switch action := d.GetAction().(type) {
	case *redirectv1.DecideResponse_TryTargets:
		s.decision = action.TryTargets
		for _, t := range s.decision.GetTargets() {
			t.HeaderOps = s.resolved(t.GetHeaderOps(), t.GetContact())
			if t.GetAdvance() == nil { // the next question has it resolved, and so has the token
				t.Advance = decision.RuleOf(t, s.decision)
			}
		}
		if x := s.decision.GetExhausted(); x != nil {
			x.HeaderOps = s.resolved(x.GetHeaderOps(), nil)
		}
		return s.nextTarget(ctx)
	case *redirectv1.DecideResponse_Reject:
		return s.reject(action.Reject), nil
	case *redirectv1.DecideResponse_PassThrough:
		return s.pass(action.PassThrough), nil
	}
	return nil, fmt.Errorf("action %T", d.GetAction()) // decision.Check has looked
}

// noDecision goes on by the decision in force, if there is one.
func (s *search) noDecision(ctx context.Context, err error) (*Answer, error) {
	switch {
	case s.decision == nil:
		return nil, err
	case s.req.GetFailure() != nil:
		return s.advance(ctx)
	case len(s.decision.GetTargets()) > 0: // a nested 3xx
		return s.nextTarget(ctx)
	}
	return nil, err
}

// advance goes on to the next target if the rule of the one that failed says so
// (8.1.3.4).
func (s *search) advance(ctx context.Context) (*Answer, error) {
	a := s.last()
	if !decision.Advances(decision.RuleOf(a.GetTarget(), s.decision), a.GetOutcome(), int(a.GetResponse().GetStatus()), a.GetRang()) {
		return s.finish("this failure does not go on to the next target"), nil
	}
	return s.nextTarget(ctx)
}

// nextTarget answers with the next target that is not refused. When there is none,
// the policy is asked again, if it wants to be and the last one was refused; or the
// call ends.
func (s *search) nextTarget(ctx context.Context) (*Answer, error) {
	refusedLast := false
	for len(s.decision.GetTargets()) > 0 && s.attemptsLeft() > 0 {
		t := s.decision.Targets[0]
		s.decision.Targets = s.decision.Targets[1:]
		why := s.guard(t)
		a := &redirectv1.Attempt{Target: t, StartedAt: timestamppb.New(s.now)}
		s.req.Attempts = append(s.req.Attempts, a)
		if why == "" {
			return s.try(t)
		}
		a.Outcome, a.Detail, a.Duration = redirectv1.Outcome_OUTCOME_REFUSED, why, &durationpb.Duration{}
		refusedLast = true
	}
	if refusedLast && s.decision.GetConsultOnFailure() && s.attemptsLeft() > 0 {
		s.req.Event = &redirectv1.DecideRequest_Failure{Failure: &redirectv1.Failure{}}
		return s.ask(ctx)
	}
	if d := s.decision; d.GetExhausted() != nil && (!d.GetExhaustedOnlyIfNone() || !bestOf(s.req.GetAttempts()).real) {
		answer := s.reject(d.GetExhausted())
		answer.Why = "no target is left"
		return answer, nil
	}
	return s.finish("no target is left"), nil
}

// try answers with a target.
func (s *search) try(t *redirectv1.Target) (*Answer, error) {
	answer := &Answer{
		Action: Try, Target: t.GetUri(), Routes: t.GetRoutes(), NextHop: t.GetNextHop(), Label: t.GetLabel(),
		ResponseTimeoutMs: t.GetResponseTimeout().AsDuration().Milliseconds(),
		AnswerTimeoutMs:   t.GetAnswerTimeout().AsDuration().Milliseconds(),
	}
	if t.GetNextHop() == onward {
		answer.NextHop, answer.Onward = "", true
	}
	answer.setHeaders(t.GetHeaderOps())
	token, err := s.token(s.Sealer, s.now)
	answer.Token = token
	return answer, err
}

func (s *search) last() *redirectv1.Attempt {
	return s.req.GetAttempts()[len(s.req.GetAttempts())-1]
}

func (s *search) attemptsLeft() int { return max(0, maxAttempts-len(s.req.GetAttempts())) }

func (s *search) timeLeft() time.Duration {
	return maxSetupTime - s.now.Sub(s.req.GetCall().GetReceivedAt().AsTime())
}

// can reports whether the client is able to do something.
func (s *search) can(feature string) bool {
	return slices.Contains(s.req.GetEdge().GetFeatures(), feature)
}

// edgeOf is who asks: this program, for a client.
func edgeOf(q *Question) *redirectv1.Edge {
	e := &redirectv1.Edge{Instance: "http", Version: version.String(), Features: q.Features, AllowedHeaders: q.AllowedHeaders}
	if e.Features == nil {
		e.Features = DefaultFeatures
	}
	if e.AllowedHeaders == nil {
		e.AllowedHeaders = decision.DefaultAllowedHeaders
	}
	return e
}

func requestID() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails, by its documentation
	return hex.EncodeToString(b[:])
}
