package policy_test

import (
	"testing"

	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/policytest"
)

// TestLive is the whole contract through a policy that may be replaced: what
// answers is the one that is in it.
func TestLive(t *testing.T) {
	t.Parallel()
	policytest.Run(t, func(t *testing.T, cfg *policy.Config) policy.Policy {
		t.Helper()
		live := policy.NewLive(policy.NewBuiltin(nil))
		live.Swap(policy.NewBuiltin(cfg))
		return live
	})
}

// TestLiveCostsNothing: not one allocation more than the policy in it.
func TestLiveCostsNothing(t *testing.T) {
	builtin := policy.NewBuiltin(nil)
	live := policy.NewLive(builtin)
	req := policytest.Redirected(302, "Moved Temporarily", policytest.Contact("sip:a@10.0.0.1"))
	allocs := func(p policy.Policy) float64 {
		return testing.AllocsPerRun(100, func() {
			if _, err := p.Decide(t.Context(), req); err != nil {
				t.Fatal(err)
			}
		})
	}
	if got, want := allocs(live), allocs(builtin); got != want {
		t.Errorf("%v allocations, want %v", got, want)
	}
}
