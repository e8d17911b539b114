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

// enqueue queues a copy of b. A connection whose peer is QueueBytes behind ends, and
// so does one that would need more than is left for all: memory has an end too.
func (c *conn) enqueue(b []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return ErrClosed
	}
	if len(c.pending)+c.flying+len(b) > c.set.cfg.QueueBytes || c.set.queued.Load()+int64(len(b)) > int64(c.set.cfg.QueuesBytes) {
		c.endLocked(ErrQueueFull, true)
		return ErrQueueFull
	}
	c.lastSent.Store(time.Now().UnixNano())
	c.pending = append(c.pending, b...)
	c.count()
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
		c.allowWriting(c.set.cfg.WriteTimeout)
		_, err := c.nc.Write(b)
		c.allowWriting(0)
		if err != nil {
			c.end(err, true)
		}
	}
}

// allowWriting sets the write deadline, 0 for none: what is over must not fall upon
// what TLS writes when it reads, an answer to a KeyUpdate (RFC 8446 section 4.6.3).
// A connection that stops keeps its own.
func (c *conn) allowWriting(limit time.Duration) {
	var at time.Time
	if limit > 0 {
		at = time.Now().Add(limit)
	}
	if c.stopping.Load() {
		at = time.Now().Add(stopGrace)
	}
	_ = c.raw.SetWriteDeadline(at) // an error shows in Write
	if c.stopping.Load() {         // stop came first, and its deadline has just been overwritten
		_ = c.raw.SetWriteDeadline(time.Now().Add(stopGrace))
	}
}

// take exchanges the buffer that was written for the one that was filled
// meanwhile. It returns nil, and the writer ends, when there is nothing.
func (c *conn) take() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flying = 0
	defer c.count()
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

// count keeps the set's number of bytes that wait. c.mu is held.
func (c *conn) count() {
	now := len(c.pending) + c.flying
	c.set.queued.Add(int64(now - c.counted))
	c.counted = now
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
		c.count()
		_ = c.raw.Close() // TLS would wait for its last words
	}
}

func (c *conn) why() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.endCause
}
