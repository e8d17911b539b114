package goruntime

import "runtime/metrics"

const (
	// longWait is longer than a goroutine that is ready waits for a processor, in
	// seconds, if there are enough of them; one of ten may.
	longWait      = 2e-3
	longWaitShare = 0.1
)

// latencies are how long goroutines that were ready waited for a processor.
type latencies struct {
	sample      [1]metrics.Sample
	total, long uint64 // of all times
}

func newLatencies() *latencies {
	l := &latencies{}
	l.sample[0].Name = "/sched/latencies:seconds"
	l.waits()
	return l
}

// waits reports whether more than a few have waited long since it was called last.
func (l *latencies) waits() bool {
	metrics.Read(l.sample[:])
	total, long := count(l.sample[0].Value.Float64Histogram())
	newTotal, newLong := total-l.total, long-l.long
	l.total, l.long = total, long
	return float64(newLong) > longWaitShare*float64(newTotal)
}

// count returns how many waits a histogram has, and how many long ones.
func count(h *metrics.Float64Histogram) (total, long uint64) {
	for i, n := range h.Counts {
		total += n
		if h.Buckets[i] >= longWait {
			long += n
		}
	}
	return total, long
}
