// Package policy holds the seam between the two programs, and the policy that
// is built in.
//
// A [Policy] answers the questions of the contract, in the contract's own
// words: there is no second model of the same data and no conversion. The
// built-in policy is a Policy, and so is the gRPC client of
// [github.com/redirectd/redirectd/internal/policy/policyrpc]; a test double is a
// [Func]. The package knows neither a SIP stack nor gRPC.
package policy

import (
	"context"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// Policy decides what becomes of a call that was redirected.
//
// Decide must be safe for concurrent use, must not modify or keep req, and has
// no effect that a caller can see: it may be asked the same question twice. It
// honours the deadline of ctx. A refusal is a decision, not an error: an error
// says only that no decision could be made.
type Policy interface {
	Decide(ctx context.Context, req *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error)
}

// Func is a function that is a Policy.
type Func func(context.Context, *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error)

// Decide calls f.
func (f Func) Decide(ctx context.Context, req *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
	return f(ctx, req)
}
