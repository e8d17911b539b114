// Package shadow asks a second policy what the first has decided, and compares.
//
// The call does not notice: the second policy is asked when the first has answered,
// by goroutines of its own, about as many questions as they get done. A question
// that finds no room is skipped and counted; nobody waits for it.
//
// The second policy sees what the first saw, but for two things: Edge.shadow is
// set, and policy_state is empty. What the first one keeps there is none of its
// business, and what it would keep itself does not come back, because what happened
// to the call since is not what it decided: to it each question is one about a call
// that another policy has decided so far.
package shadow

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/proto"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/compare"
	"github.com/redirectd/redirectd/internal/policy/lot"
)

// lotName is what the lots of calls are drawn under.
const lotName = "policy.shadow"

// Options are what a [Policy] is made of.
type Options struct {
	// Config says which questions, and how many at once.
	Config Config
	// First decides.
	First policy.Policy
	// Second is asked, too.
	Second policy.Policy
	// Check says why an answer to a question is no decision. Nil: all are.
	Check func(*redirectv1.DecideRequest, *redirectv1.DecideResponse) error
	// Disagree gets every comparison whose answers differ; it must not keep what it
	// gets. It is called by several goroutines at once. Nil: nobody does.
	Disagree func(*Disagreement)
	// Logger hears that the second policy panicked. Nil: nobody does.
	Logger *slog.Logger
	// Registerer gets the metrics. Nil: none are exported.
	Registerer prometheus.Registerer
}

// Answer is what came of asking one policy.
type Answer struct {
	// Decision is what it said, whether it is one or not; nil if it said nothing.
	Decision *redirectv1.DecideResponse
	// Err is why that is no decision; nil if it is one.
	Err error
	// Took is how long it took.
	Took time.Duration
}

// Disagreement is a question that two policies answer otherwise.
type Disagreement struct {
	// Request is the question, as the first policy was asked.
	Request *redirectv1.DecideRequest
	// First and Second are the answers.
	First, Second Answer
	// Difference is in what they differ.
	Difference compare.Difference
}

// Policy is the first policy, and a shadow that follows it. It is safe for
// concurrent use.
type Policy struct {
	cfg           Config
	first, second policy.Policy
	check         func(*redirectv1.DecideRequest, *redirectv1.DecideResponse) error
	disagree      func(*Disagreement)
	log           *slog.Logger
	metrics       *metrics

	queue  chan *question
	bytes  atomic.Int64    // of what waits
	ctx    context.Context //nolint:containedctx // the lifetime of the goroutines, cancelled by Close
	cancel context.CancelFunc
	done   sync.WaitGroup
	mu     sync.RWMutex // guards closed, and the queue against sending after its end
	closed bool
}

var _ policy.Policy = (*Policy)(nil)

// question is one that waits. It holds nothing of the message that it came from.
type question struct {
	request  []byte
	decision []byte // of the first policy; nil if it said nothing
	first    Answer // without the decision
}

func (q *question) size() int64 { return int64(len(q.request) + len(q.decision)) }

// New starts the goroutines that ask the second policy. Close ends them.
func New(o Options) *Policy {
	o.Config.setDefaults()
	if o.Check == nil {
		o.Check = func(*redirectv1.DecideRequest, *redirectv1.DecideResponse) error { return nil }
	}
	if o.Disagree == nil {
		o.Disagree = func(*Disagreement) {}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	p := &Policy{
		cfg: o.Config, first: o.First, second: o.Second, check: o.Check, disagree: o.Disagree, log: o.Logger,
		queue: make(chan *question, o.Config.Queue),
	}
	p.metrics = newMetrics(o.Registerer)
	p.ctx, p.cancel = context.WithCancel(context.Background())
	for range o.Config.Concurrency {
		p.done.Go(p.work)
	}
	return p
}

// Decide asks the first policy, and returns its answer. It waits for nothing else.
func (p *Policy) Decide(ctx context.Context, req *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
	began := time.Now()
	answer, err := p.first.Decide(ctx, req)
	if lot.Within(p.cfg.Share, lotName, req.GetCall().GetCallId()) {
		p.offer(ctx, req, Answer{answer, err, time.Since(began)})
	}
	return answer, err
}

// offer puts a question into the queue, if there is room.
func (p *Policy) offer(ctx context.Context, req *redirectv1.DecideRequest, first Answer) {
	if first.Err != nil && errors.Is(ctx.Err(), context.Canceled) {
		p.skip(skippedCancelled) // the call is over: that is no answer to compare
		return
	}
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.closed || len(p.queue) == cap(p.queue) {
		p.skip(skippedFull)
		return
	}
	q, err := pack(req, first)
	if err != nil {
		p.skip(skippedUnreadable)
		return
	}
	if p.bytes.Add(q.size()) > maxBytes {
		p.bytes.Add(-q.size())
		p.skip(skippedFull)
		return
	}
	select {
	case p.queue <- q:
	default: // others were faster
		p.bytes.Add(-q.size())
		p.skip(skippedFull)
	}
}

// pack writes a question and its answer down: the edge goes on with both.
func pack(req *redirectv1.DecideRequest, first Answer) (q *question, err error) {
	q = &question{first: Answer{Err: first.Err, Took: first.Took}}
	if q.request, err = proto.Marshal(req); err != nil || first.Decision == nil {
		return q, err
	}
	q.decision, err = proto.MarshalOptions{}.MarshalAppend([]byte{}, first.Decision)
	return q, err
}

// unpack reads both.
func (q *question) unpack() (req *redirectv1.DecideRequest, first Answer, err error) {
	req, first = &redirectv1.DecideRequest{}, q.first
	if err = proto.Unmarshal(q.request, req); err != nil || q.decision == nil {
		return req, first, err
	}
	first.Decision = &redirectv1.DecideResponse{}
	return req, first, proto.Unmarshal(q.decision, first.Decision)
}

func (p *Policy) skip(reason string) { p.metrics.skipped.WithLabelValues(reason).Inc() }

// Close asks what waits still, until ctx is done, and ends the goroutines. Questions
// that come later are skipped; the first policy goes on.
func (p *Policy) Close(ctx context.Context) {
	p.mu.Lock()
	if !p.closed {
		p.closed = true
		close(p.queue)
	}
	p.mu.Unlock()
	defer context.AfterFunc(ctx, p.cancel)()
	p.done.Wait()
	p.cancel()
}

// work asks one question after another.
func (p *Policy) work() {
	for q := range p.queue {
		if p.ctx.Err() == nil {
			p.compare(q)
		}
		p.bytes.Add(-q.size())
	}
}

// compare puts a question to the second policy, and compares the answers.
func (p *Policy) compare(q *question) {
	req, first, err := q.unpack()
	if err != nil {
		p.skip(skippedUnreadable)
		return
	}
	p.judge(req, &first, p.metrics.ofFirst)
	second := p.ask(req)
	if p.ctx.Err() != nil { // cut off by Close
		return
	}
	p.judge(req, &second, p.metrics.ofShadow)
	d := &Disagreement{Request: req, First: first, Second: second}
	d.Difference = compare.Compare(d.First.decided(), d.Second.decided(), req)
	p.metrics.comparisons.WithLabelValues(string(d.Difference.Kind)).Inc()
	if !d.Difference.Same() {
		p.disagree(d)
	}
}

// ask puts a question to the second policy.
func (p *Policy) ask(req *redirectv1.DecideRequest) (a Answer) {
	shadowed := proto.CloneOf(req)
	shadowed.PolicyState = nil
	if shadowed.GetEdge() == nil {
		shadowed.Edge = &redirectv1.Edge{}
	}
	shadowed.Edge.Shadow = true
	ctx, cancel := context.WithTimeout(p.ctx, p.cfg.Timeout)
	defer cancel()
	began := time.Now()
	defer func() {
		a.Took = time.Since(began)
		p.metrics.seconds.Observe(a.Took.Seconds())
		if v := recover(); v != nil {
			p.log.Error("the shadow policy panicked", "panic", fmt.Sprint(v))
			a.Err = fmt.Errorf("policy panicked: %v", v)
		}
	}()
	a.Decision, a.Err = p.second.Decide(ctx, shadowed)
	return a
}

// judge finds out whether an answer is a decision, and counts one that is not.
func (p *Policy) judge(req *redirectv1.DecideRequest, a *Answer, count *noDecision) {
	switch {
	case errors.Is(a.Err, context.DeadlineExceeded):
		count.timeout.Inc()
	case a.Err != nil:
		count.failed.Inc()
	default:
		if a.Err = p.check(req, a.Decision); a.Err != nil {
			count.invalid.Inc()
		}
	}
}

// decided is the answer if it is a decision, or nil.
func (a *Answer) decided() *redirectv1.DecideResponse {
	if a.Err != nil {
		return nil
	}
	return a.Decision
}
