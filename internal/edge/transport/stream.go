package transport

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redirectd/redirectd/internal/edge/message"
)

const (
	stopGrace  = time.Second // for what is queued at Shutdown
	lingerTime = time.Second // for a refused peer to read why
	lingerMax  = 1 << 20     // bytes that are thrown away meanwhile
)

// conn is a connection, accepted or made. Its goroutine reads; the one that
// writes (queue.go) lives only while there is something to write, and ends
// before the reader does.
type conn struct {
	set      *Set
	nc       net.Conn
	flow     Flow
	port     uint16       // of the listener of its kind
	source   netip.Prefix // counted against MaxConnectionsPerSource; zero if we made it
	stopping atomic.Bool
	shut     atomic.Bool  // nothing more is taken to be sent
	lastSent atomic.Int64 // Unix nanoseconds

	writers  sync.WaitGroup
	mu       sync.Mutex
	pending  []byte // waiting to be written
	spare    []byte // the buffer that was written last
	flying   int    // bytes that are being written
	writing  bool
	ended    bool  // guards pending and writers: no more of them
	endCause error // the first reason to end
}

// serve reads messages until something ends the connection.
func (c *conn) serve() {
	cause := c.read()
	c.end(cause, false)
	c.writers.Wait() // what was queued is written, or WriteTimeout has passed
	if isUnframable(cause) {
		c.linger()
	}
	_ = c.nc.Close()
	c.set.remove(c)
	if !c.set.isClosed() {
		c.set.failed(c.flow, nil, c.why())
	}
}

// unframable is the error of a stream whose next message has no known end.
type unframable struct{ error }

func (u unframable) Unwrap() error { return u.error }

func isUnframable(err error) bool {
	var u unframable
	return errors.As(err, &u)
}

func (c *conn) read() error {
	var (
		m     message.Message
		fr    framer
		watch = watch{c: c, heard: time.Now()}
	)
	for {
		msg, pings, err := fr.next()
		if pings > 0 {
			watch.message()
			c.pong(pings)
		}
		switch {
		case err != nil:
			c.set.refuse(c.flow, &m, fr.rest(), err)
			return unframable{err}
		case msg != nil:
			watch.message()
			c.set.receive(c.flow, &m, msg)
			continue
		}
		for {
			watch.set(fr.partial())
			n, err := c.nc.Read(fr.space())
			fr.filled(n)
			if n > 0 {
				break
			}
			if err = watch.verdict(err, fr.partial()); err != nil {
				return err
			}
		}
	}
}

// pong answers keep-alives: one CRLF for each double one (RFC 5626 section
// 4.4.1). A peer that does not read them is dropped like any other.
func (c *conn) pong(n int) {
	for range n {
		if c.send(c.flow, []byte("\r\n")) != nil {
			return
		}
	}
}

// linger lets a peer that was refused read the answer: closing with bytes of it
// unread would reset the connection and take the answer away.
func (c *conn) linger() {
	half, ok := c.nc.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	_ = c.nc.SetReadDeadline(time.Now().Add(lingerTime))
	if c.stopping.Load() {
		return
	}
	_, _ = io.CopyN(io.Discard, c.nc, lingerMax)
}

// stop ends the connection after what is queued has been written, but soon.
func (c *conn) stop() {
	c.stopping.Store(true)
	now := time.Now()
	_ = c.nc.SetReadDeadline(now)
	_ = c.nc.SetWriteDeadline(now.Add(stopGrace))
}

func (c *conn) alive() bool        { return !c.shut.Load() }
func (c *conn) listenPort() uint16 { return c.port }

// watch sets the read deadline of a connection: for silence, or for half a
// message, which is counted from its first byte so that a trickle does not
// prolong it.
type watch struct {
	c     *conn
	heard time.Time // the last message
	begun time.Time // the message that is half read; zero: none
}

func (w *watch) message() { w.heard, w.begun = time.Now(), time.Time{} }

func (w *watch) set(partial bool) {
	var at time.Time
	if partial {
		if w.begun.IsZero() {
			w.begun = time.Now()
		}
		at = w.begun.Add(w.c.set.cfg.MessageTimeout)
	} else {
		w.begun = time.Time{}
		at = w.silentAt()
	}
	_ = w.c.nc.SetReadDeadline(at)
	if w.c.stopping.Load() { // stop came first, and its deadline has just been overwritten
		_ = w.c.nc.SetReadDeadline(time.Now())
	}
}

func (w *watch) silentAt() time.Time {
	last := w.heard
	if sent := time.Unix(0, w.c.lastSent.Load()); sent.After(last) {
		last = sent
	}
	return last.Add(w.c.set.cfg.IdleTimeout)
}

// verdict says what an error of Read means; nil: read on.
func (w *watch) verdict(err error, partial bool) error {
	cfg := &w.c.set.cfg
	switch {
	case w.c.stopping.Load():
		return ErrClosed
	case !errors.Is(err, os.ErrDeadlineExceeded):
		return err
	case partial:
		return fmt.Errorf("message was not complete after %s: %w", cfg.MessageTimeout, err)
	case time.Now().Before(w.silentAt()): // something was sent meanwhile
		return nil
	default:
		return fmt.Errorf("connection was silent for %s: %w", cfg.IdleTimeout, err)
	}
}
