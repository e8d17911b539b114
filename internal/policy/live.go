package policy

import (
	"context"
	"sync/atomic"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// Live is the built-in policy of the moment: another one may take its place
// while it decides. A question is answered by one of them, never by parts of
// both. It is safe for concurrent use, and costs a decision one atomic load.
type Live struct {
	current atomic.Pointer[Builtin]
}

var _ Policy = (*Live)(nil)

// NewLive returns a Live that b answers for.
func NewLive(b *Builtin) *Live {
	l := &Live{}
	l.current.Store(b)
	return l
}

// Decide implements [Policy], as [Builtin.Decide] does.
func (l *Live) Decide(ctx context.Context, req *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
	return l.current.Load().Decide(ctx, req)
}

// Info says who answers now, as GetPolicyInfo has it.
func (l *Live) Info() *redirectv1.GetPolicyInfoResponse { return l.current.Load().Info() }

// Swap lets b answer every question that is asked from now on. Those that are
// being answered keep the policy that they began with.
func (l *Live) Swap(b *Builtin) { l.current.Store(b) }
