package rehearse

import (
	"context"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
)

// Result is what became of a test.
type Result struct {
	Test        *Test
	Decision    *redirectv1.DecideResponse // nil if there is none
	Err         error                      // why there is none
	Differences []*Difference              // from what was expected
}

// Passed reports whether the policy decided as expected.
func (r *Result) Passed() bool { return r.Err == nil && len(r.Differences) == 0 }

// Run puts the question to a policy and compares the answer. It changes nothing of
// the test.
func (t *Test) Run(ctx context.Context, p policy.Policy) *Result {
	r := &Result{Test: t}
	if r.Decision, r.Err = p.Decide(ctx, t.request); r.Err != nil {
		return r
	}
	a := answered{t.request, r.Decision}
	for _, c := range t.checks {
		if d := c(a); d != nil {
			r.Differences = append(r.Differences, d)
		}
	}
	return r
}
