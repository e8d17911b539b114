package goruntime

import (
	"math"
	"runtime/metrics"
	"testing"
)

func TestCount(t *testing.T) {
	h := &metrics.Float64Histogram{
		Counts:  []uint64{1, 10, 100, 1000},
		Buckets: []float64{math.Inf(-1), 1e-3, 2e-3, 1, math.Inf(1)},
	}
	if total, long := count(h); total != 1111 || long != 1100 {
		t.Errorf("%d waits, %d of them long, want 1111 and 1100", total, long)
	}
}

// TestLatenciesAreThere: the runtime has the metric, and it is read from where it
// was left.
func TestLatenciesAreThere(t *testing.T) {
	l := newLatencies()
	if l.total == 0 {
		t.Fatal("no goroutine has ever waited")
	}
	before := l.total
	for range 1000 { // the runtime measures one of eight
		done := make(chan struct{})
		go close(done)
		<-done
	}
	l.waits()
	if l.total <= before {
		t.Error("of a thousand goroutines that ran none has waited")
	}
}
