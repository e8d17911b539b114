package lot_test

import (
	"math"
	"strconv"
	"testing"

	"github.com/redirectd/redirectd/internal/policy/lot"
)

// TestDraw: what others compute, such as
//
//	python3 -c 'import xxhash; print((xxhash.xxh64(b"a\0b").intdigest()>>11)/2**53)'
func TestDraw(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, callID string
		want         float64
	}{{"", "", 0.9109597380402374}, {"policy.canary", "1@192.0.2.1", 0.4093973858594897}} {
		if got := lot.Draw(tt.name, tt.callID); got != tt.want {
			t.Errorf("%q, %q: %v, want %v", tt.name, tt.callID, got, tt.want)
		}
	}
}

func TestWithin(t *testing.T) {
	t.Parallel()
	const calls = 20000
	var five, ten, both, one int
	for i := range calls {
		id := strconv.Itoa(i) + "@192.0.2.1" // such as many user agents have: a counter
		in := lot.Within(5, "a", id)
		if in && !lot.Within(10, "a", id) {
			t.Fatalf("%s is of 5 %% and not of 10 %%", id)
		}
		if in {
			five++
		}
		if lot.Within(10, "b", id) {
			ten++
			if in {
				both++
			}
		}
		if lot.Within(0, "a", id) || !lot.Within(100, "a", id) {
			t.Fatalf("%s is of 0 %%, or not of 100 %%", id)
		}
		if lot.Within(0.1, "a", id) {
			one++
		}
	}
	for _, s := range []struct {
		what string
		got  int
		p    float64
	}{{"5 %", five, 0.05}, {"10 %", ten, 0.1}, {"5 % of the 10 %", both, 0.005}, {"0.1 %", one, 0.001}} {
		if d := math.Abs(float64(s.got) - calls*s.p); d > 4*math.Sqrt(calls*s.p*(1-s.p)) {
			t.Errorf("%s: %d of %d", s.what, s.got, calls)
		}
	}
}
