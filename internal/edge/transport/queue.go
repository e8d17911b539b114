package transport

import (
	"slices"
	"time"
)

// queueKept is the largest buffer that a connection keeps when all is written.
const queueKept = 16 << 10

// send queues a message.
func (c *conn) send(_ Flow, b []byte) error {
	if c.flow.Kind.isWebSocket() {
		b = c.wrap(b)
	}
	return c.enqueue(b)
}

// enqueue queues a copy of b. A connection whose peer is QueueBytes behind ends.
func (c *conn) enqueue(b []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return ErrClosed
	}
	if len(c.pending)+c.flying+len(b) > c.set.cfg.QueueBytes {
		c.endLocked(ErrQueueFull, true)
		return ErrQueueFull
	}
	c.lastSent.Store(time.Now().UnixNano())
	c.pending = append(c.pending, b...)
	if !c.writing {
		c.writing = true
		c.writers.Go(c.write)
	}
	return nil
}

// write writes what is queued, in as few calls as it can, until nothing is left.
func (c *conn) write() {
	for {
		b := c.take()
		if b == nil {
			return
		}
		limit := c.set.cfg.WriteTimeout
		if c.stopping.Load() {
			limit = min(limit, stopGrace)
		}
		_ = c.raw.SetWriteDeadline(time.Now().Add(limit)) // an error shows in Write
		if c.stopping.Load() {
			_ = c.raw.SetWriteDeadline(time.Now().Add(min(limit, stopGrace)))
		}
		if _, err := c.nc.Write(b); err != nil {
			c.end(err, true)
		}
	}
}

// take exchanges the buffer that was written for the one that was filled
// meanwhile. It returns nil, and the writer ends, when there is nothing.
func (c *conn) take() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flying = 0
	if len(c.pending) == 0 {
		c.writing = false
		if cap(c.pending) > queueKept {
			c.pending = nil
		}
		if cap(c.spare) > queueKept {
			c.spare = nil
		}
		return nil
	}
	b := c.pending
	c.pending, c.spare = c.spare[:0], b
	c.flying = len(b)
	return slices.Clip(b)
}

// end says that nothing more is sent. With now, what is queued is dropped and
// the connection closed under its reader and its writer; without, the reader
// does that when what is queued has been written.
func (c *conn) end(cause error, now bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.endLocked(cause, now)
}

func (c *conn) endLocked(cause error, now bool) {
	if c.endCause == nil {
		c.endCause = cause
	}
	c.ended = true
	c.shut.Store(true)
	if now {
		c.pending = nil
		_ = c.raw.Close() // TLS would wait for its last words
	}
}

func (c *conn) why() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.endCause
}
