// Package canary lets a second policy decide a share of the calls, and returns to
// the first when the second does badly.
//
// Which calls they are is drawn by their Call-ID: the same ones on every edge. All
// questions of a call go to the same policy. A question that the second gives no
// decision of is put to the first within the same deadline, and so is all that is
// asked about that call later. What a policy keeps in policy_state never reaches
// the other.
//
// When too many questions get no decision, or answers are too slow, the second is
// left: nobody asks it any more. After a while, if the configuration says so, it is
// asked about a tenth of the share, and when that goes well about all of it.
package canary

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/proto"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/lot"
)

// lotName is what the lots of calls are drawn under.
const lotName = "policy.canary"

// Options are what a [Policy] is made of.
type Options struct {
	// Config says which calls, and what is doing badly.
	Config Config
	// First decides all other calls, and what Second does not.
	First policy.Policy
	// Second decides the share.
	Second policy.Policy
	// Check says why an answer to a question is no decision. Nil: all are.
	Check func(*redirectv1.DecideRequest, *redirectv1.DecideResponse) error
	// Clock says what time it is. Nil: [time.Now].
	Clock func() time.Time
	// Logger hears when the second policy is left and asked again, and of each
	// question that it does not decide. Nil: nobody does.
	Logger *slog.Logger
	// Registerer gets the metrics. Nil: none are exported.
	Registerer prometheus.Registerer
}

// Policy is two policies that look like one. It is safe for concurrent use.
type Policy struct {
	cfg           Config
	first, second policy.Policy
	check         func(*redirectv1.DecideRequest, *redirectv1.DecideResponse) error
	now           func() time.Time
	log           *slog.Logger
	trust         *trust
	metrics       *metrics
}

var _ policy.Policy = (*Policy)(nil)

// New puts two policies together.
func New(o Options) *Policy {
	o.Config.setDefaults()
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Check == nil {
		o.Check = func(*redirectv1.DecideRequest, *redirectv1.DecideResponse) error { return nil }
	}
	p := &Policy{
		cfg: o.Config, first: o.First, second: o.Second, check: o.Check, now: o.Clock, log: o.Logger,
		trust: newTrust(&o.Config, o.Clock()),
	}
	p.metrics = newMetrics(o.Registerer, func() state { return p.trust.at(p.now()) })
	return p
}

// Decide asks one of the two policies, or both one after the other. The context of
// an edge has the [policy.Memory] of the call; without one a later question of a
// call goes where the share says at that time.
func (p *Policy) Decide(ctx context.Context, req *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
	if !p.takes(req.GetCall()) {
		return p.first.Decide(ctx, req)
	}
	t := threadOf(ctx)
	asks, epoch, changed := p.trust.asks(p.now(), t.stands(), p.isTrial(req.GetCall()))
	p.tell(changed)
	if asks {
		answer, err := p.askSecond(ctx, t, epoch, req)
		if err == nil || ctx.Err() != nil { // the call is over, or no time is left
			return answer, err
		}
		p.log.Warn("the canary gave no decision", "call_id", req.GetCall().GetCallId(), "error", err)
	} else {
		p.metrics.questions.WithLabelValues(resultFirst).Inc()
	}
	t.goesTo(first, 0)
	answer, err := p.first.Decide(ctx, t.given(first, req))
	if err == nil {
		t.answered(first, answer)
		policy.MemoryOf(ctx).SetCanary(false)
	}
	return answer, err
}

// takes reports whether a call is of the share.
func (p *Policy) takes(call *redirectv1.Call) bool {
	return (len(p.cfg.Trunks) == 0 || slices.Contains(p.cfg.Trunks, call.GetTrunk())) &&
		lot.Within(p.cfg.Share, lotName, call.GetCallId())
}

// isTrial reports whether a call is of the part of the share that is asked again
// first.
func (p *Policy) isTrial(call *redirectv1.Call) bool {
	return lot.Within(p.cfg.Share/trialPart, lotName, call.GetCallId())
}

// askSecond puts a question to the second policy, and leaves time to ask the first.
func (p *Policy) askSecond(ctx context.Context, t *thread, epoch int, req *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
	limited, cancel := p.withTimeout(ctx)
	defer cancel()
	t.goesTo(second, epoch)
	req = t.given(second, req)
	began := p.now()
	answer, err := decide(limited, p.second, req)
	took := p.now().Sub(began)
	result := resultAnswered
	if err != nil {
		result = resultError
		if errors.Is(err, context.DeadlineExceeded) {
			result = resultTimeout
		}
	} else if err = p.check(req, answer); err != nil {
		result = resultInvalid
	}
	if err != nil && ctx.Err() != nil && !errors.Is(ctx.Err(), context.DeadlineExceeded) {
		result = resultCancelled // which says nothing of the policy
	}
	p.metrics.questions.WithLabelValues(result).Inc()
	if result == resultCancelled {
		return nil, err
	}
	p.metrics.seconds.Observe(took.Seconds())
	p.tell(p.trust.note(p.now(), epoch, err == nil, took))
	if err != nil {
		return nil, fmt.Errorf("canary: %w", err)
	}
	t.answered(second, answer)
	policy.MemoryOf(ctx).SetCanary(true)
	return answer, nil
}

// withTimeout bounds a question to the second policy: by the configuration, or by
// half of the time that is left.
func (p *Policy) withTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	timeout := p.cfg.Timeout
	if deadline, ok := ctx.Deadline(); ok && timeout == 0 {
		timeout = time.Until(deadline) / 2
	}
	if timeout == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, timeout)
}

// decide turns a panic of a policy into an error: the other one is there.
func decide(ctx context.Context, p policy.Policy, req *redirectv1.DecideRequest) (answer *redirectv1.DecideResponse, err error) {
	defer func() {
		if v := recover(); v != nil {
			answer, err = nil, fmt.Errorf("policy panicked: %v", v)
		}
	}()
	return p.Decide(ctx, req)
}

// tell logs and counts a change of trust.
func (p *Policy) tell(c *change) {
	if c == nil {
		return
	}
	switch c.to {
	case stateLeft:
		p.metrics.left.WithLabelValues(c.reason).Inc()
		p.log.Error("the canary is left: all calls go to the first policy", "reason", c.reason, "questions", c.seen.questions,
			"errors", c.seen.errors, "slow", c.seen.slow, "in_a_row", c.inARow, "back_after", p.cfg.BackAfter)
	case stateTrial:
		p.log.Warn("the canary is tried again", "share", p.cfg.Share/trialPart)
	case stateOn:
		p.log.Info("the canary has its share again", "share", p.cfg.Share)
	}
}

// given is the question as a policy gets it: with the state that it gave itself, or
// none.
func (t *thread) given(s side, req *redirectv1.DecideRequest) *redirectv1.DecideRequest {
	if len(req.GetPolicyState()) == 0 || t.owns(s, req.GetPolicyState()) {
		return req
	}
	req = proto.CloneOf(req)
	req.PolicyState = nil
	return req
}
