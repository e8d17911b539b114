package transaction

import (
	"context"
	"sync"
	"time"
)

// Tick is the resolution of a [Wheel]: a timer fires up to one tick late and
// never early.
const Tick = 10 * time.Millisecond

const slots = 4096 // 41 s a turn; a later timer goes round again

// Timer is an entry of a [Wheel]. The zero value is not scheduled. It belongs to
// one wheel.
type Timer struct {
	prev, next *Timer
	tick       int64
	fire       func()
}

// Wheel calls functions at or soon after a given time. One goroutine serves all
// timers, one after the other, so that a timer costs no goroutine and no
// allocation. Setting and stopping are O(1) and safe for concurrent use.
type Wheel struct {
	mu    sync.Mutex
	start time.Time
	done  int64 // last tick that began
	due   Timer // head of what that tick has yet to fire
	slots [slots]Timer
}

// NewWheel returns a wheel whose first tick ends one [Tick] after now.
func NewWheel(now time.Time) *Wheel {
	w := &Wheel{start: now}
	w.due.prev, w.due.next = &w.due, &w.due
	for i := range w.slots {
		head := &w.slots[i]
		head.prev, head.next = head, head
	}
	return w
}

// Set makes t call fire at that time, and at no other time that was set before.
// A time in the past means the next tick.
func (w *Wheel) Set(t *Timer, at time.Time, fire func()) {
	tick := ceilTick(at.Sub(w.start))
	w.mu.Lock()
	defer w.mu.Unlock()
	tick = max(tick, w.done+1)
	t.fire = fire
	if t.next != nil {
		if t.tick == tick {
			return
		}
		t.unlink()
	}
	t.tick = tick
	t.link(&w.slots[tick%slots])
}

// ceilTick returns the first tick that is not before d; Sub saturates for times
// centuries away, and adding to that would make them the past.
func ceilTick(d time.Duration) int64 {
	tick := int64(d / Tick)
	if d%Tick > 0 {
		tick++
	}
	return tick
}

// Stop takes t off the wheel: fire is not called any more, unless that call has
// begun.
func (w *Wheel) Stop(t *Timer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if t.next != nil {
		t.unlink()
	}
	t.fire = nil
}

// link puts t at the end of a list.
func (t *Timer) link(head *Timer) {
	t.prev, t.next = head.prev, head
	head.prev.next, head.prev = t, t
}

func (t *Timer) unlink() {
	t.prev.next, t.next.prev = t.next, t.prev
	t.prev, t.next = nil, nil
}

// Advance fires what is due at now. Functions run without the wheel's lock and
// may set timers.
func (w *Wheel) Advance(now time.Time) {
	last := int64(now.Sub(w.start) / Tick)
	for {
		fire, more := w.step(last)
		if !more {
			return
		}
		if fire != nil {
			fire()
		}
	}
}

// step takes the next timer that is due, one at a time so that each can be
// stopped or set anew until its turn comes. When a tick has none left, it begins
// the next one, up to last.
func (w *Wheel) step(last int64) (fire func(), more bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.due.next == &w.due {
		if w.done >= last {
			return nil, false
		}
		w.done++
		w.collect()
		return nil, true
	}
	t := w.due.next
	t.unlink()
	fire, t.fire = t.fire, nil
	return fire, true
}

// collect moves what is due in the slot of the tick that just began.
func (w *Wheel) collect() {
	head := &w.slots[w.done%slots]
	for t := head.next; t != head; {
		next := t.next
		if t.tick <= w.done {
			t.unlink()
			t.link(&w.due)
		}
		t = next
	}
}

// Run advances the wheel to what the clock says until ctx is done. It wakes when a
// tick begins, not up to one tick after: both would add up.
func (w *Wheel) Run(ctx context.Context, clock func() time.Time) {
	align := time.NewTimer(Tick - clock().Sub(w.start)%Tick)
	defer align.Stop()
	select {
	case <-ctx.Done():
		return
	case <-align.C:
	}
	ticker := time.NewTicker(Tick)
	defer ticker.Stop()
	for {
		w.Advance(clock())
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
