package main

import (
	"testing"
	"time"
)

// TestPlansFit: the loads alone leave each plan enough of its time for starting
// and stopping the systems.
func TestPlansFit(t *testing.T) {
	t.Parallel()
	const around = 1500 * time.Millisecond
	for name, p := range plans {
		var sum time.Duration
		for _, w := range p.rows {
			one := time.Duration(w.load.seconds*float64(time.Second)) + around
			sum += one * time.Duration(w.repetitions*len(w.systems))
		}
		for _, n := range p.ringing {
			one := time.Duration(n)*time.Second/2000 + 2*rest + time.Duration(p.ringingLoad.seconds*float64(time.Second)) + around
			sum += one * time.Duration(len(p.ringingSystems))
		}
		sum += time.Duration(len(p.highestSystems)) * 10 * (time.Duration(p.search.seconds*float64(time.Second)) + around)
		sum += time.Duration(p.repetitions*len(p.decisions.inFlight)*len(p.decisions.systems)) * (p.decisions.time + around)
		t.Logf("%s takes about %s", name, sum.Round(time.Second))
		if sum > p.limit {
			t.Errorf("%s takes about %s, and may take %s", name, sum, p.limit)
		}
	}
}
