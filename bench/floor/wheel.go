package floor

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

const (
	tick = 50 * time.Millisecond
	// retain is how long a call that is over is kept, as RFC 3261 timers H and L say.
	retain = 32 * time.Second
	timerA = 500 * time.Millisecond
	timerG = 4 * time.Second
	timerC = 180 * time.Second

	maxAttempts = 12
)

// wheel holds the timers: one for a call, the one set last.
type wheel struct {
	now   atomic.Int64 // ticks
	mu    sync.Mutex
	slots [4096][]*call
}

// add sets the timer of a call whose lock is held.
func (w *wheel) add(c *call, after time.Duration) {
	at := w.now.Load() + int64(after/tick) + 1
	w.mu.Lock()
	defer w.mu.Unlock()
	c.tick = at
	slot := &w.slots[at%int64(len(w.slots))]
	*slot = append(*slot, c)
}

// run fires timers until the context ends.
func (w *wheel) run(ctx context.Context) {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		now := w.now.Add(1)
		w.mu.Lock()
		slot := &w.slots[now%int64(len(w.slots))]
		due := *slot
		*slot = nil
		w.mu.Unlock()
		for _, c := range due {
			c.fire(now)
		}
	}
}

// fire is a tick at which a timer of the call was set; it may have been set anew.
func (c *call) fire(now int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tick != now {
		return
	}
	switch c.state {
	case calling:
		if c.repeat *= 2; c.repeat > retain {
			c.advance()
			return
		}
		c.relay.send(c.request, c.next)
		c.relay.wheel.add(c, c.repeat)
		return
	case proceeding:
		if now < c.end {
			c.relay.wheel.add(c, 10*time.Second)
			return
		}
		c.advance()
		return
	case completed:
		if now < c.end {
			c.relay.send(c.last, c.upstream)
			c.repeat = min(2*c.repeat, timerG)
			c.relay.wheel.add(c, c.repeat)
			return
		}
	case accepted, confirmed:
		if now < c.end {
			c.relay.wheel.add(c, time.Duration(c.end-now)*tick)
			return
		}
	}
	// The table is locked before a call, never after.
	go c.relay.forget(c)
}
