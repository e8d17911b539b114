package callrecord

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

const (
	// maxWaiting is how many bytes may wait to be written, those included that are
	// being written.
	maxWaiting = 8 << 20
	// maxWrite is what one write has at most, unless one line is longer.
	maxWrite = 64 << 10
	// complainEvery is how often the log says that records are lost.
	complainEvery = time.Minute
)

// Options are what a writer needs beside its configuration.
type Options struct {
	// Stdout is where the lines of the file [Stdout] go. Required for that.
	Stdout io.Writer
	// Logger hears of records that are lost. Nil: nobody does.
	Logger *slog.Logger
	// Registerer gets the metrics. Nil: none are exported.
	Registerer prometheus.Registerer
	// Key is that of the file in the configuration, for errors. Default "records.file".
	Key string
	// Metrics is what the names of the metrics begin with. Default
	// "sipedge_call_records".
	Metrics string
}

// Writer writes records, one a line. Its methods are safe for concurrent use. One
// goroutine writes; who adds a record never waits for it: what the file or the
// pipe does not take is dropped, and counted.
type Writer struct {
	out     output
	redact  bool
	log     *slog.Logger
	written prometheus.Counter
	dropped *prometheus.CounterVec
	wake    chan struct{} // holds one token if there is something to do
	done    chan struct{} // closed when the goroutine has ended

	mu         sync.Mutex
	waiting    []byte // whole lines
	spare      []byte // the buffer to use next
	writing    int    // bytes that the goroutine has taken
	wantReopen bool
	closed     bool

	complained time.Time // the goroutine's own
	torn       bool      // the last line was not written to its end; the goroutine's own
}

var _ Sink = (*Writer)(nil)

// Open starts a writer. The file is created if it is not there. Close ends it.
func Open(cfg Config, o Options) (*Writer, error) {
	if cfg.MaxSize == 0 {
		cfg.MaxSize = defaultSize
	}
	if cfg.MaxBackups == 0 {
		cfg.MaxBackups = defaultBackups
	}
	if cfg.Compress == "" {
		cfg.Compress = CompressNone
	}
	if o.Key == "" {
		o.Key = "records.file"
	}
	if err := cfg.Check(); err != nil {
		return nil, fmt.Errorf("%s: %w", o.Key, err)
	}
	if cfg.File == Stdout {
		return start(stream{o.Stdout}, cfg.Redact, o), nil
	}
	out, err := openFile(cfg)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.Key, err)
	}
	return start(out, cfg.Redact, o), nil
}

func start(out output, hide Redact, o Options) *Writer {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Registerer == nil {
		o.Registerer = prometheus.NewRegistry()
	}
	if o.Metrics == "" {
		o.Metrics = "sipedge_call_records"
	}
	w := &Writer{
		out: out, redact: hide == RedactUsers, log: o.Logger,
		written: prometheus.NewCounter(prometheus.CounterOpts{
			Name: o.Metrics + "_written_total", Help: "Records written.",
		}),
		dropped: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: o.Metrics + "_dropped_total", Help: "Records lost.",
		}, []string{"reason"}),
		wake: make(chan struct{}, 1), done: make(chan struct{}),
	}
	for _, reason := range []string{"queue_full", "write_error", "closed"} {
		w.dropped.WithLabelValues(reason) // 0, and not unknown
	}
	o.Registerer.MustRegister(w.written, w.dropped)
	go w.run()
	return w
}

// Add implements [Sink].
func (w *Writer) Add(line Line) {
	if w.redact {
		redact(line)
	}
	if err := encode(line, w.add); err != nil { // no record has what JSON has no word for
		w.log.Error("call record", "error", err)
	}
}

func (w *Writer) add(line []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.closed:
		w.dropped.WithLabelValues("closed").Inc()
		return
	case len(w.waiting)+w.writing+len(line) > maxWaiting:
		w.dropped.WithLabelValues("queue_full").Inc()
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
// an error: what was not written then may be lost. Records that are added later are
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
		return fmt.Errorf("call records: %d bytes are not written: %w", len(w.waiting)+w.writing, ctx.Err())
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
			w.complain("call records: reopen", w.out.reopen())
		}
		w.writeAll(batch)
		if cap(batch) > 1<<20 { // after a crowd
			batch = nil
		}
		w.mu.Lock()
		w.spare, w.writing = batch, 0
		w.mu.Unlock()
		if closed {
			w.complain("call records: close", w.out.Close())
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
	w.written.Add(float64(bytes.Count(lines[:n], []byte{'\n'})))
	if err == nil {
		return
	}
	w.torn = n > 0 && lines[n-1] != '\n'
	w.lose(lines[n:], err)
}

func (w *Writer) lose(lines []byte, err error) {
	w.dropped.WithLabelValues("write_error").Add(float64(bytes.Count(lines, []byte{'\n'})))
	w.complain("call records are lost", err)
}

func (w *Writer) complain(what string, err error) {
	if now := time.Now(); err != nil && now.Sub(w.complained) >= complainEvery {
		w.complained = now
		w.log.Error("call records", "what", what, "error", err)
	}
}
