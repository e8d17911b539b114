package goruntime

import (
	"slices"
	"testing"
	"time"
)

// load is how many processors are in use for how long.
type load struct {
	cores float64
	ticks int
	waits bool
}

func TestProcessorsFollowTheLoad(t *testing.T) {
	const second = int(time.Second / interval)
	for _, c := range []struct {
		name  string
		most  int
		loads []load
		want  []int // each change
	}{
		{"nothing to do", 8, []load{{0, 10 * second, false}}, nil},
		{"one is enough", 8, []load{{0.7, 10 * second, false}}, nil},
		{"one is too few", 8, []load{{0.9, 1, false}, {0.9, 10 * second, false}}, []int{2}},
		{"a flood", 8, []load{{1, 1, false}, {2, 1, false}, {4, 1, false}, {8, second, false}}, []int{2, 4, 8}},
		{"no more than there are", 3, []load{{1, 1, false}, {2, 1, false}, {3, second, false}}, []int{2, 3}},
		{"the load falls", 4, []load{{1, 1, false}, {2, 1, false}, {0.2, 10 * second, false}}, []int{2, 4, 3, 2, 1}},
		{"a short calm", 4, []load{{1, 1, false}, {0.2, second, false}, {0.9, 1, false}, {0.2, second, false}}, []int{2}},
		{"between both", 4, []load{{1, 1, false}, {0.6, 10 * second, false}}, []int{2}},
		{"others leave little", 4, []load{{0.2, 1, true}, {0.3, 1, true}, {0.3, 10 * second, true}}, []int{2, 4}},
		{"they leave more", 2, []load{{0.2, 1, true}, {0.2, second, false}, {0.2, 1, true}, {0.2, second, false}}, []int{2}},
		{"the only one", 1, []load{{1, 10 * second, false}}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var used time.Duration
			var waits bool
			var changes []int
			now := time.Now()
			p := &processors{
				most: c.most, now: 1, at: now,
				used:  func() time.Duration { return used },
				waits: func() bool { return waits },
				set:   func(n int) { changes = append(changes, n) },
			}
			for _, l := range c.loads {
				waits = l.waits
				for range l.ticks {
					now = now.Add(interval)
					used += time.Duration(l.cores * float64(interval))
					p.adjust(now)
				}
			}
			if !slices.Equal(changes, c.want) {
				t.Errorf("changes to %v, want %v", changes, c.want)
			}
		})
	}
}

// TestLateTickSaysNothing: two ticks at once are no load.
func TestLateTickSaysNothing(t *testing.T) {
	now, used := time.Now(), time.Duration(0)
	p := &processors{most: 4, now: 1, at: now, used: func() time.Duration { return used }, waits: func() bool { return false }, set: func(int) { t.Error("changed") }}
	used = 10 * time.Millisecond
	p.adjust(now.Add(time.Millisecond))
}

func TestCPUTimeRises(t *testing.T) {
	before := cpuTime()
	for deadline := time.Now().Add(10 * time.Second); cpuTime() == before; {
		if time.Now().After(deadline) {
			t.Fatal("no CPU time was used in 10 s of work")
		}
	}
}
