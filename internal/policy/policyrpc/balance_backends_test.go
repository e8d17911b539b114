package policyrpc

import (
	"errors"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc/balancer"
)

func TestBackendsTakeTurnsAndAvoidFailures(t *testing.T) {
	t.Parallel()
	ready := []string{"a", "b", "c"}
	every := func(string) bool { return true }
	now := time.Unix(1000, 0)
	b := newBackends()
	picks := func(n int) map[string]int {
		count := make(map[string]int)
		for range n {
			i, ok := b.next(ready, every, now)
			if !ok {
				t.Fatal("none picked")
			}
			count[ready[i]]++
		}
		return count
	}
	expect := func(what string, got map[string]int, a, bb, c int) {
		t.Helper()
		if got["a"] != a || got["b"] != bb || got["c"] != c {
			t.Errorf("%s: %v, want a %d, b %d, c %d", what, got, a, bb, c)
		}
	}
	expect("all good", picks(30), 10, 10, 10)
	b.failed("b", now)
	b.failed("b", now) // the second of many decisions in flight: counts once
	expect("b failed", picks(30), 15, 0, 15)
	now = now.Add(minAvoid)
	expect("its time is over: one try", sum(picks(31), 31), 30, 1, 0)
	now = now.Add(2*minAvoid - 1)
	expect("avoided for longer", sum(picks(30), 30), 30, 0, 0)
	for range 10 {
		now = now.Add(maxAvoid)
		expect("never for longer than that", sum(picks(31), 31), 30, 1, 0)
	}
	b.answered("b")
	expect("b is back", picks(30), 10, 10, 10)
	for _, address := range ready {
		b.failed(address, now)
	}
	expect("all failed", picks(30), 10, 10, 10)
}

// sum puts what c got to a's count: which of them is first does not matter.
func sum(got map[string]int, total int) map[string]int {
	return map[string]int{"a": total - got["b"], "b": got["b"]}
}

func TestBackendsForgetAddresses(t *testing.T) {
	t.Parallel()
	b := newBackends()
	now := time.Unix(1000, 0)
	for i := range 1000 {
		b.failed(string(rune('a'+i%26))+time.Duration(i).String(), now)
		now = now.Add(time.Second)
	}
	if n := len(b.avoided); n > 100 {
		t.Errorf("%d addresses are remembered after 1000 seconds, want those of the last minute", n)
	}
}

func TestNextGivesNoneIfNoneIsEligible(t *testing.T) {
	t.Parallel()
	b := newBackends()
	if i, ok := b.next([]string{"a", "b"}, func(s string) bool { return slices.Contains([]string{"c"}, s) }, time.Unix(0, 0)); ok {
		t.Errorf("picked %d", i)
	}
}

func TestATryGoesToAnotherBackend(t *testing.T) {
	t.Parallel()
	metrics, err := newClientMetrics(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		why   string
		over  bool // the try at a has ended
		ready []string
		want  string
		err   error
	}{
		{whyFailed, true, []string{"a", "b"}, "b", nil},
		{whyFailed, true, []string{"a"}, "a", nil},
		{whyFailed, false, []string{"a"}, "", errNoOther},
		{whyLate, false, []string{"a", "b"}, "b", nil},
		{whyLate, false, []string{"a"}, "", balancer.ErrNoSubConnAvailable}, // waits for one to come up
	} {
		client := &Client{backends: newBackends(), metrics: metrics}
		for range 4 { // whoever's turn it is
			d := newDecision(client, nil)
			second := &try{decision: d, why: tt.why}
			d.tries = []*try{{decision: d, why: whyFirst, backend: "a", over: tt.over}, second}
			if _, err := second.choose(tt.ready); !errors.Is(err, tt.err) || second.backend != tt.want {
				t.Errorf("%+v: %q, %v", tt, second.backend, err)
			}
		}
	}
}

func TestBudgetIsATenthWithBursts(t *testing.T) {
	t.Parallel()
	b := newBackends().budget.tenths
	budget := budget{tenths: b}
	spent := 0
	for budget.spend() {
		spent++
	}
	if spent != 256 {
		t.Errorf("a burst of %d, want 256", spent)
	}
	for range 1000 {
		budget.earn()
		if budget.spend() {
			spent++
		}
	}
	if spent != 256+100 {
		t.Errorf("%d after 1000 decisions, want 356", spent)
	}
	for range 10000 {
		budget.earn()
	}
	if budget.tenths != maxBudget {
		t.Errorf("%d tenths saved, want %d at most", budget.tenths, maxBudget)
	}
}
