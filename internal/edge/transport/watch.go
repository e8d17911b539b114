package transport

import (
	"errors"
	"fmt"
	"os"
	"time"
)

// watch sets the read deadline of a connection: for silence, or for half a
// message, which is counted from its first byte so that a trickle does not
// prolong it.
type watch struct {
	c     *conn
	heard time.Time // the last message
	begun time.Time // the message that is half read; zero: none
}

func (w *watch) message() { w.heard, w.begun = time.Now(), time.Time{} }

// read reads from the connection. partial says whether the beginning of a message
// is held.
func (w *watch) read(b []byte, partial bool) (int, error) {
	for {
		w.set(partial)
		n, err := w.c.nc.Read(b)
		if n > 0 {
			w.c.lastHeard.Store(time.Now().UnixNano())
			return n, nil
		}
		if err = w.verdict(err, partial); err != nil {
			return 0, err
		}
	}
}

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
	_ = w.c.raw.SetReadDeadline(at)
	if w.c.stopping.Load() { // stop came first, and its deadline has just been overwritten
		_ = w.c.raw.SetReadDeadline(time.Now())
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
