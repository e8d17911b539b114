package goruntime

import (
	"runtime"
	"time"
)

const (
	busy    = 0.75 // of what they can do: there are more processors then, as when goroutines wait
	idle    = 0.4  // of what one fewer can do: there is one fewer, if it stays so for calmFor
	calmFor = 2 * time.Second
)

// processors keeps GOMAXPROCS as low as the load allows. Whenever a goroutine
// becomes runnable and a processor is idle, the scheduler wakes a thread to look
// for it, and puts it to sleep again: with an event every few hundred microseconds
// that is a third of the CPU time. A single processor does without, and is enough
// for thousands of calls a second.
type processors struct {
	most, now int
	used      func() time.Duration // CPU time of the process
	waits     func() bool          // goroutines have waited for a processor since it was called last
	set       func(n int)

	at   time.Time
	cpu  time.Duration
	calm time.Time // since when one fewer would do; zero if it would not
}

// newProcessors begins with one; the most is what the runtime has found, from the
// machine or the limit of the container.
func newProcessors() *processors {
	runtime.SetDefaultGOMAXPROCS()
	p := &processors{
		most: runtime.GOMAXPROCS(0), now: 1, used: cpuTime, waits: newLatencies().waits,
		set: func(n int) { runtime.GOMAXPROCS(n) },
	}
	if cpuTime() == 0 { // this system does not tell
		p.now = p.most
	}
	p.set(p.now)
	p.at, p.cpu = time.Now(), p.used()
	return p
}

func (p *processors) adjust(now time.Time) {
	cpu, waits := p.used(), p.waits()
	wall := now.Sub(p.at)
	if wall < interval/2 { // a late tick: too short to say anything
		return
	}
	cores := float64(cpu-p.cpu) / float64(wall)
	p.at, p.cpu = now, cpu
	if n := p.next(cores, waits, now); n != p.now {
		p.now = n
		p.set(n)
	}
}

// next returns how many processors there should be when that many were in use.
// They double, for what is used says nothing of what is wanted once all are busy;
// nor does it on a machine whose other programs leave little.
func (p *processors) next(cores float64, waits bool, now time.Time) int {
	switch {
	case waits, cores > busy*float64(p.now):
		p.calm = time.Time{}
		return min(2*p.now, p.most)
	case p.now == 1 || cores >= idle*float64(p.now-1):
		p.calm = time.Time{}
	case p.calm.IsZero():
		p.calm = now
	case now.Sub(p.calm) >= calmFor:
		p.calm = now
		return p.now - 1
	}
	return p.now
}
