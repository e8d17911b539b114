package linelog

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"
)

const (
	// maxWaiting is how many bytes may wait to be written, those included that are
	// being written.
	maxWaiting = 8 << 20
	// maxWrite is what one write has at most, unless one line is longer.
	maxWrite = 64 << 10
	// complainEvery is how often the log says that lines are lost.
	complainEvery = time.Minute
)

// Reason is why lines are lost.
type Reason string

// The reasons.
const (
	// QueueFull means that too much waits to be written.
	QueueFull Reason = "queue_full"
	// WriteError means that the file or the pipe did not take them.
	WriteError Reason = "write_error"
	// Closed means that they came after [Writer.Close].
	Closed Reason = "closed"
)

// Reasons returns every reason.
func Reasons() []Reason { return []Reason{QueueFull, WriteError, Closed} }

// Options are what a writer needs beside its configuration.
type Options struct {
	// What names the lines in the log, such as "call records".
	What string
	// Stdout is where the lines of the file [Stdout] go. Required for that.
	Stdout io.Writer
	// Logger hears of lines that are lost. Nil: nobody does.
	Logger *slog.Logger
	// Written and Lost count lines. They are called from several goroutines, and
	// must not wait. Nil: nobody counts.
	Written func(lines int)
	Lost    func(why Reason, lines int)
}

// Writer writes lines. Its methods are safe for concurrent use. One goroutine
// writes; who adds a line never waits for it.
type Writer struct {
	what    string
	out     output
	log     *slog.Logger
	written func(int)
	lost    func(Reason, int)
	wake    chan struct{} // holds one token if there is something to do
	done    chan struct{} // closed when the goroutine has ended

	mu         sync.Mutex
	waiting    []byte // whole lines
	spare      []byte // the buffer to use next
	writing    int    // bytes that the goroutine has taken
	wantReopen bool
	closed     bool

	complained time.Time // the goroutine's own
	torn       bool      // the last line is not whole; the goroutine's own
}

// Open starts a writer. The file is created if it is not there; after a line that
// is not whole a new one begins. Close ends it.
func Open(cfg Config, o Options) (*Writer, error) {
	cfg.setDefaults()
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	if cfg.File == Stdout {
		return start(stream{o.Stdout}, false, o), nil
	}
	out, torn, err := openFile(cfg)
	if err != nil {
		return nil, err
	}
	return start(out, torn, o), nil
}

func start(out output, torn bool, o Options) *Writer {
	w := &Writer{
		what: o.What, out: out, torn: torn, log: o.Logger, written: o.Written, lost: o.Lost,
		wake: make(chan struct{}, 1), done: make(chan struct{}),
	}
	if w.log == nil {
		w.log = slog.New(slog.DiscardHandler)
	}
	if w.written == nil {
		w.written = func(int) {}
	}
	if w.lost == nil {
		w.lost = func(Reason, int) {}
	}
	go w.run()
	return w
}

// Add puts a line into the queue, which has room for 8 MiB. The line ends with
// its only newline; it is copied.
func (w *Writer) Add(line []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.closed:
		w.lost(Closed, 1)
		return
	case len(w.waiting)+w.writing+len(line) > maxWaiting:
		w.lost(QueueFull, 1)
		return
	}
	w.waiting = append(w.waiting, line...)
	w.signal()
}

// Reopen goes on with the file of the configured name: another program may have
// renamed the one in use. It does not wait for that.
func (w *Writer) Reopen() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wantReopen = true
	w.signal()
}

// Close writes what waits, and ends the writer. When ctx is done first, it returns
// an error: what was not written then may be lost. Lines that are added later are
// dropped.
func (w *Writer) Close(ctx context.Context) error {
	w.mu.Lock()
	w.closed = true
	w.signal()
	w.mu.Unlock()
	select {
	case <-w.done:
		return nil
	case <-ctx.Done():
		w.mu.Lock()
		defer w.mu.Unlock()
		return fmt.Errorf("%s: %d bytes are not written: %w", w.what, len(w.waiting)+w.writing, ctx.Err())
	}
}

func (w *Writer) signal() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// run writes until the writer is closed.
func (w *Writer) run() {
	defer close(w.done)
	for range w.wake {
		w.mu.Lock()
		batch, reopen, closed := w.waiting, w.wantReopen, w.closed
		w.waiting, w.writing, w.wantReopen = w.spare[:0], len(batch), false
		w.mu.Unlock()
		if reopen {
			torn, err := w.out.reopen()
			w.torn = torn
			w.complain("reopen", err)
		}
		w.writeAll(batch)
		if cap(batch) > 1<<20 { // after a crowd
			batch = nil
		}
		w.mu.Lock()
		w.spare, w.writing = batch, 0
		w.mu.Unlock()
		if closed {
			w.complain("close", w.out.Close())
			return
		}
	}
}

// writeAll writes whole lines, many at once.
func (w *Writer) writeAll(lines []byte) {
	for len(lines) > 0 {
		end := len(lines)
		if end > maxWrite {
			end = bytes.LastIndexByte(lines[:maxWrite], '\n') + 1
			if end == 0 {
				end = bytes.IndexByte(lines, '\n') + 1
			}
		}
		w.write(lines[:end])
		lines = lines[end:]
	}
}

// write writes some lines. After a line that was written in part the next one
// begins on a line of its own.
func (w *Writer) write(lines []byte) {
	if w.torn {
		if _, err := w.out.Write([]byte{'\n'}); err != nil {
			w.lose(lines, err)
			return
		}
		w.torn = false
	}
	n, err := w.out.Write(lines)
	w.written(bytes.Count(lines[:n], []byte{'\n'}))
	if err == nil {
		return
	}
	w.torn = n > 0 && lines[n-1] != '\n'
	w.lose(lines[n:], err)
}

func (w *Writer) lose(lines []byte, err error) {
	w.lost(WriteError, bytes.Count(lines, []byte{'\n'}))
	w.complain("some are lost", err)
}

func (w *Writer) complain(about string, err error) {
	if now := time.Now(); err != nil && now.Sub(w.complained) >= complainEvery {
		w.complained = now
		w.log.Error("lines of a file", "of", w.what, "what", about, "error", err)
	}
}
