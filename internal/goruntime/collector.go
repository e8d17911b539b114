package goruntime

import (
	"errors"
	"log/slog"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

const (
	// headroom is what is allocated between two collections, in bytes: what a
	// collection costs depends on what is alive, and how many there are on this.
	// Go's own measure, as much as is alive, would collect ten times a second where
	// little is, and double the memory of an edge that holds many calls.
	headroom = 32 << 20
	// headroomShare of the memory limit is the most that it takes.
	headroomShare = 0.25

	mostPercent, leastPercent = 400, 25

	// limitShare of a container's memory is the goal that the collector works
	// harder for: the rest is for what it does not count, such as stacks of threads.
	limitShare = 0.9
)

// limitMemory keeps within the memory of the container.
func limitMemory(log *slog.Logger) {
	_, err := memlimit.Set(memlimit.WithProvider(memlimit.FromCgroup), memlimit.WithRatio(limitShare))
	if err != nil && !errors.Is(err, memlimit.ErrNoCgroup) && !errors.Is(err, memlimit.ErrNoLimit) {
		log.Warn("memory limit of the container is unknown", "error", err)
	}
}

// collector keeps the headroom by the only means that there is, GOGC.
type collector struct {
	live     [1]metrics.Sample
	headroom uint64
	percent  int
}

func newCollector() *collector {
	c := &collector{headroom: uint64(min(headroom, headroomShare*float64(debug.SetMemoryLimit(-1))))}
	c.live[0].Name = "/gc/heap/live:bytes"
	c.adjust(time.Time{})
	return c
}

func (c *collector) adjust(time.Time) {
	metrics.Read(c.live[:])
	if p := percentFor(c.live[0].Value.Uint64(), c.headroom); p != c.percent {
		c.percent = p
		debug.SetGCPercent(p)
	}
}

// percentFor returns the GOGC that leaves a headroom above so many live bytes, in
// steps, so that it is not set for nothing.
func percentFor(live, headroom uint64) int {
	p := mostPercent
	if live > 0 {
		p = int(min(headroom*100/live, mostPercent))
	}
	return max(leastPercent, p-p%5)
}
