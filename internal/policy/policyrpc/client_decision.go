package policyrpc

import (
	"context"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

const (
	maxTries = 3

	// minPatience keeps a short deadline from starting every try at once.
	minPatience = 20 * time.Millisecond

	// minLeft is the time below which another try is no use.
	minLeft = 2 * time.Millisecond
)

// decision is one question on its way through up to three tries. Its run is one
// goroutine; mu guards what the picker sees, on the goroutine of each try.
type decision struct {
	client  *Client
	req     *redirectv1.DecideRequest
	ended   chan *try // buffered for all: a try never waits to tell
	running sync.WaitGroup

	mu    sync.Mutex
	tries []*try
}

func newDecision(c *Client, req *redirectv1.DecideRequest) *decision {
	return &decision{client: c, req: req, ended: make(chan *try, maxTries)}
}

func (d *decision) run(ctx context.Context) (*redirectv1.DecideResponse, error) {
	d.client.backends.budget.earn()
	d.start(ctx, whyFirst)
	patience := time.NewTimer(d.patience(ctx))
	defer patience.Stop()
	for {
		select {
		case t := <-d.ended:
			if t.err == nil {
				d.client.backends.answered(t.backend)
				return t.resp, nil
			}
			if !d.again(ctx, t) && !(retryable(t.err) && d.hopeful()) {
				return nil, d.failed(ctx, t.err)
			}
		case <-patience.C:
			if d.late() {
				d.start(ctx, whyLate)
			}
		case <-ctx.Done():
			return nil, d.failed(ctx, ctx.Err())
		}
		patience.Reset(d.patience(ctx))
	}
}

// patience is how long the tries in flight may take before the next one starts:
// equal parts of the time that is left.
func (d *decision) patience(ctx context.Context) time.Duration {
	parts := maxTries + 1 - len(d.tries)
	return max(timeLeft(ctx)/time.Duration(parts), minPatience)
}

func timeLeft(ctx context.Context) time.Duration {
	deadline, _ := ctx.Deadline()
	return time.Until(deadline)
}

// start sends the question once more, unless that was done often enough.
func (d *decision) start(ctx context.Context, why string) bool {
	if len(d.tries) == maxTries {
		return false
	}
	t := &try{decision: d, why: why, started: time.Now()}
	d.mu.Lock()
	d.tries = append(d.tries, t)
	d.mu.Unlock()
	d.running.Go(func() { t.run(ctx) })
	return true
}

// again starts another try after t has failed, if that can help: not when the
// question is at fault, when there was no backend to ask, or no time is left.
func (d *decision) again(ctx context.Context, t *try) bool {
	if t.backend == "" || !retryable(t.err) || ctx.Err() != nil || timeLeft(ctx) < minLeft {
		return false
	}
	d.client.backends.failed(t.backend, time.Now())
	return d.start(ctx, whyFailed)
}

// late holds the time that the tries took against their backends, and says
// whether another backend should be asked too. A try that still waits for a
// connection waits for all of them.
func (d *decision) late() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	late, now := false, time.Now()
	for _, t := range d.tries {
		switch {
		case t.over:
		case t.backend == "":
			return false
		default:
			late = true
			d.client.backends.failed(t.backend, now)
		}
	}
	return late
}

// hopeful says whether an answer may come from the tries in flight. One that
// was started because others are late is none while it has no backend.
func (d *decision) hopeful() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.ContainsFunc(d.tries, func(t *try) bool { return !t.over && !t.spare() })
}

// tried says whether a try other than t is at this backend, or, with ended, was.
func (d *decision) tried(t *try, backend string, ended bool) bool {
	return slices.ContainsFunc(d.tries, func(o *try) bool {
		return o != t && o.backend == backend && (ended || !o.over)
	})
}

// retryable says whether another backend, or another moment, may bring what
// this error did not. The rest says that the question is at fault.
func retryable(err error) bool {
	switch status.Code(err) {
	case codes.Unavailable, codes.ResourceExhausted, codes.DeadlineExceeded,
		codes.Internal, codes.Unknown, codes.Aborted, codes.Canceled:
		return true
	default:
		return false
	}
}
