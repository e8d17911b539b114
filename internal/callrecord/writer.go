package callrecord

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/redirectd/redirectd/internal/linelog"
)

// Options are what a writer needs beside its configuration.
type Options struct {
	// Stdout is where the lines of the file stdout go. Required for that.
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
	lines   *linelog.Writer
	redact  bool
	log     *slog.Logger
	written prometheus.Counter
	dropped *prometheus.CounterVec
}

var _ Sink = (*Writer)(nil)

// Open starts a writer. The file is created if it is not there. Close ends it.
func Open(cfg Config, o Options) (*Writer, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Key == "" {
		o.Key = "records.file"
	}
	if o.Metrics == "" {
		o.Metrics = "sipedge_call_records"
	}
	w := &Writer{
		redact: cfg.Redact == RedactUsers, log: o.Logger,
		written: prometheus.NewCounter(prometheus.CounterOpts{
			Name: o.Metrics + "_written_total", Help: "Records written.",
		}),
		dropped: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: o.Metrics + "_dropped_total", Help: "Records lost.",
		}, []string{"reason"}),
	}
	for _, reason := range linelog.Reasons() {
		w.dropped.WithLabelValues(string(reason)) // 0, and not unknown
	}
	lines, err := linelog.Open(cfg.Config, linelog.Options{
		What: "call records", Stdout: o.Stdout, Logger: o.Logger,
		Written: func(n int) { w.written.Add(float64(n)) },
		Lost:    func(why linelog.Reason, n int) { w.dropped.WithLabelValues(string(why)).Add(float64(n)) },
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.Key, err)
	}
	w.lines = lines
	if o.Registerer != nil {
		o.Registerer.MustRegister(w.written, w.dropped)
	}
	return w, nil
}

// Add implements [Sink].
func (w *Writer) Add(line Line) {
	if w.redact {
		redact(line)
	}
	if err := encode(line, w.lines.Add); err != nil { // no record has what JSON has no word for
		w.log.Error("call record", "error", err)
	}
}

// Reopen goes on with the file of the configured name: another program may have
// renamed the one in use. It does not wait for that.
func (w *Writer) Reopen() { w.lines.Reopen() }

// Close writes what waits, and ends the writer. When ctx is done first, it returns
// an error: what was not written then may be lost. Records that are added later are
// dropped.
func (w *Writer) Close(ctx context.Context) error { return w.lines.Close(ctx) }
