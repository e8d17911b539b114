package policyrpc

import (
	"maps"
	"math/rand/v2"
	"sync"
	"time"
)

const (
	// minAvoid and maxAvoid bound for how long a backend that failed gets one
	// decision only. A backend that is back is in use again after maxAvoid.
	minAvoid = 500 * time.Millisecond
	maxAvoid = 2 * time.Second
)

// backends is what a client remembers of its backends, by address: whose turn
// it is, and which ones failed lately.
type backends struct {
	budget budget

	mu      sync.Mutex
	turn    uint
	avoided map[string]avoidance // backends that did not answer since they failed
}

type avoidance struct {
	length time.Duration
	until  time.Time
}

func newBackends() *backends {
	return &backends{
		budget:  budget{tenths: maxBudget},
		turn:    rand.UintN(1 << 16), // edges that start together do not go round in step
		avoided: make(map[string]avoidance),
	}
}

// next picks the next one, in turn, of the ready backends that are eligible; one
// that is avoided only if all of those are. When the time of an avoided one is
// over it is picked once, and is avoided again, for longer, unless it answers.
func (b *backends) next(ready []string, eligible func(address string) bool, now time.Time) (int, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.turn++
	i, ok := nth(ready, b.turn, func(a string) bool { return eligible(a) && !now.Before(b.avoided[a].until) })
	if !ok {
		i, ok = nth(ready, b.turn, eligible)
	}
	if ok {
		if a, avoided := b.avoided[ready[i]]; avoided {
			b.avoid(ready[i], a, now)
		}
	}
	return i, ok
}

// nth gives the index of the n-th of those that are wanted, going round.
func nth(all []string, n uint, wanted func(string) bool) (int, bool) {
	count := uint(0)
	for _, s := range all {
		if wanted(s) {
			count++
		}
	}
	if count == 0 {
		return 0, false
	}
	n %= count
	for i, s := range all {
		if !wanted(s) {
			continue
		}
		if n == 0 {
			return i, true
		}
		n--
	}
	return 0, false
}

// failed takes note that a backend gave an error, or no answer in time.
func (b *backends) failed(address string, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.avoid(address, b.avoided[address], now)
}

// avoid starts or prolongs an avoidance. Within its time nothing is added: many
// decisions may wait for a backend at the moment it hangs.
func (b *backends) avoid(address string, a avoidance, now time.Time) {
	if now.Before(a.until) {
		return
	}
	a.length = min(max(2*a.length, minAvoid), maxAvoid)
	a.until = now.Add(a.length)
	b.avoided[address] = a
	// Addresses of pods do not come back: forget those not picked for long.
	maps.DeleteFunc(b.avoided, func(_ string, a avoidance) bool { return now.Sub(a.until) > time.Minute })
}

// answered takes note that a backend gave a decision.
func (b *backends) answered(address string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.avoided, address)
}
