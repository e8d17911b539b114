package replay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"time"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/compare"
	"github.com/redirectd/redirectd/internal/policy/record"
)

const (
	// perBatch is how many lines a goroutine takes at once.
	perBatch = 32
	// A policy that is unavailable is asked again, so many times with a pause
	// between: then the replay ends, since nothing that follows would be known.
	patience = 5
	pause    = 200 * time.Millisecond
)

// Options say whom to ask, and how.
type Options struct {
	// Policy is asked. Required.
	Policy policy.Policy
	// Info says who that is: what it has of a policy_state is its own only if it is
	// of the version and the configuration that answered then. Nil: nobody knows, and
	// no state is.
	Info *redirectv1.GetPolicyInfoResponse
	// Unavailable reports whether an error says nothing of the question, but that
	// the policy cannot be asked. Nil: none does.
	Unavailable func(error) bool
	// Shadow marks the questions as those whose answers nobody acts on.
	Shadow bool
	// Parallel is how many questions are asked at once, 1 to 1024. 0: as many as
	// there are processors.
	Parallel int
}

// MaxParallel is how many questions can be asked at once.
const MaxParallel = 1024

// batch is some lines on their way to their results.
type batch struct {
	lines   []*Line
	results []*Result // filled in when done is closed
	err     error
	done    chan struct{}
}

// Run asks the policy every question of a recording, and gives each result to
// yield, in the order of the recording and on the goroutine of the caller; yield
// ends the run by an error. The error is that of yield, of ctx, of reading, or of a
// policy that is unavailable.
func Run(ctx context.Context, from *Reader, o Options, yield func(*Result) error) error {
	if o.Parallel <= 0 {
		o.Parallel = runtime.GOMAXPROCS(0)
	}
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	var (
		work    = make(chan *batch)
		ordered = make(chan *batch, 2*o.Parallel)
	)
	for range o.Parallel {
		running.Go(func() {
			for b := range work {
				b.ask(ctx, &o)
			}
		})
	}
	var readErr error
	running.Go(func() {
		defer close(ordered)
		defer close(work)
		readErr = read(ctx, from, work, ordered)
	})
	for b := range ordered {
		<-b.done
		for _, r := range b.results {
			if err := yield(r); err != nil {
				return err
			}
		}
		if b.err != nil {
			return b.err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return readErr
}

// read makes batches of the lines, in their order, until the last one or the end
// of ctx.
func read(ctx context.Context, from *Reader, work, ordered chan<- *batch) error {
	for {
		b := &batch{done: make(chan struct{})}
		err := b.fill(from)
		if len(b.lines)+len(b.results) > 0 {
			select {
			case ordered <- b:
			case <-ctx.Done():
				return ctx.Err()
			}
			select {
			case work <- b:
			case <-ctx.Done(): // nobody takes it any more
				b.results, b.err = nil, ctx.Err()
				close(b.done)
				return ctx.Err()
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

// fill reads lines. One that could not be read is nil, and its result is there.
func (b *batch) fill(from *Reader) error {
	for len(b.lines) < perBatch {
		line, err := from.Next()
		fault, isFault := errors.AsType[*LineError](err)
		switch {
		case err == nil:
			b.lines, b.results = append(b.lines, line), append(b.results, nil)
		case isFault:
			b.lines = append(b.lines, nil)
			b.results = append(b.results, &Result{File: fault.File, Line: fault.Line, Fault: fault})
		default:
			return err
		}
	}
	return nil
}

func (b *batch) ask(ctx context.Context, o *Options) {
	defer close(b.done)
	for i, line := range b.lines {
		if line == nil {
			continue
		}
		r, err := o.ask(ctx, line)
		if err != nil {
			b.err, b.results = err, b.results[:i]
			return
		}
		b.results[i] = r
	}
}

// ask asks the question of a line. The error is that nothing can be asked any
// more.
func (o *Options) ask(ctx context.Context, line *Line) (*Result, error) {
	r := &Result{File: line.File, Line: line.Number}
	e, err := record.Decode(line.Text)
	if err != nil {
		r.Fault = &LineError{line.File, line.Number, err}
		return r, nil //nolint:nilerr // it is the result
	}
	r.Recorded = e
	if e.StateRemoved || len(e.Question.GetPolicyState()) > 0 && !o.answered(e.Answer) {
		e.Question.PolicyState, r.StateDropped = nil, true
	}
	if o.Shadow {
		if e.Question.GetEdge() == nil {
			e.Question.Edge = &redirectv1.Edge{}
		}
		e.Question.Edge.Shadow = true
	}
	r.Answer, r.Err = o.decide(ctx, e.Question)
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if r.Err != nil && o.unavailable(r.Err) {
		return nil, fmt.Errorf("%s:%d: %w", line.File, line.Number, r.Err)
	}
	r.Difference = compare.Compare(e.Answer, r.Answer, e.Question)
	if e.Error != nil && r.Err != nil && e.Error.Kind == record.KindOf(r.Err) {
		r.Difference = compare.Difference{Kind: compare.Same} // neither decides, for one reason
	}
	r.explain()
	return r, nil
}

// decide asks, and asks again while the policy is unavailable.
func (o *Options) decide(ctx context.Context, q *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
	for i := 0; ; i++ {
		answer, err := o.Policy.Decide(ctx, q)
		if err == nil || !o.unavailable(err) || i == patience-1 {
			return answer, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
		}
	}
}

func (o *Options) unavailable(err error) bool { return o.Unavailable != nil && o.Unavailable(err) }

// answered reports whether a recorded answer is of the policy that is asked.
func (o *Options) answered(answer *redirectv1.DecideResponse) bool {
	x := answer.GetExplanation()
	return o.Info.GetConfigRevision() != "" &&
		x.GetConfigRevision() == o.Info.GetConfigRevision() && x.GetPolicyVersion() == o.Info.GetVersion()
}
