package policyrpc

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// Why a try was started; also the label of the metric.
const (
	whyFirst  = "first"
	whyFailed = "failed" // one before it failed
	whyLate   = "late"   // those before it did not answer yet
)

// errNoBudget ends a try that would be one too many.
var errNoBudget = status.Error(codes.Unavailable, "too many decisions need another try")

// errNoOther ends a try for which no backend is left.
var errNoOther = status.Error(codes.Unavailable, "no other backend is ready")

// try is one RPC of a decision. It travels in the context to the picker.
type try struct {
	decision *decision
	why      string
	started  time.Time

	// Guarded by decision.mu until the try is read from decision.ended.
	backend string // address; empty while none is picked
	over    bool
	took    time.Duration
	resp    *redirectv1.DecideResponse
	err     error
}

type tryKey struct{}

func (t *try) run(ctx context.Context) {
	d := t.decision
	resp, err := d.client.rpc.Decide(context.WithValue(ctx, tryKey{}, t), d.req)
	d.mu.Lock()
	t.resp, t.err, t.over, t.took = resp, err, true, time.Since(t.started)
	d.mu.Unlock()
	d.ended <- t
}

// choose picks one of the ready backends for the try: one that this decision
// has not tried; if there is none, then after a failure one that failed before,
// while a try for the sake of late ones waits for another backend to come up.
func (t *try) choose(ready []string) (int, error) {
	d := t.decision
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	i, ok := d.client.backends.next(ready, func(a string) bool { return !d.tried(t, a, true) }, now)
	if !ok && t.why == whyLate {
		return 0, balancer.ErrNoSubConnAvailable
	}
	if !ok {
		i, ok = d.client.backends.next(ready, func(a string) bool { return !d.tried(t, a, false) }, now)
	}
	if !ok {
		return 0, errNoOther
	}
	if t.backend == "" { // else grpc asks again: the connection was lost meanwhile
		if t.why != whyFirst && !d.client.backends.budget.spend() {
			d.client.metrics.suppressed.Inc()
			return 0, errNoBudget
		}
		d.client.metrics.tries.WithLabelValues(t.why).Inc()
	}
	t.backend = ready[i]
	return i, nil
}

// spare says that the try waits for a backend that nobody needs to exist.
func (t *try) spare() bool { return t.why == whyLate && t.backend == "" }

// outcome describes the try in a phrase. An error that came with the end of the
// decision is the end's, not the backend's.
func (t *try) outcome(ended bool) string {
	took := t.took
	if !t.over {
		took = time.Since(t.started)
	}
	s := status.Convert(t.err)
	late := !t.over || ended && (s.Code() == codes.DeadlineExceeded || s.Code() == codes.Canceled)
	switch {
	case late && t.backend == "":
		return fmt.Sprintf("not sent: no connection in %s", took.Round(time.Millisecond))
	case late:
		return fmt.Sprintf("%s: no answer in %s", t.backend, took.Round(time.Millisecond))
	case t.backend == "":
		return fmt.Sprintf("not sent: %s: %s", s.Code(), s.Message())
	default:
		return fmt.Sprintf("%s: %s: %s", t.backend, s.Code(), s.Message())
	}
}
