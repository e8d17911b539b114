package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/pflag"

	"github.com/redirectd/redirectd/internal/linelog"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/record"
)

// recordingGrace is how long the last recordings may take to be written.
const recordingGrace = 2 * time.Second

// recordOptions are the flags about what is recorded.
type recordOptions struct {
	file, size, share, compress, redact string
	backups                             int
}

func (o *recordOptions) flags(f *pflag.FlagSet) {
	f.StringVar(&o.file, "record", "", "`file` that questions and answers are recorded in, or stdout; see redirectd replay")
	f.StringVar(&o.size, "record-max-size", "100MiB", "`size` at which it is rotated, 1MiB to 10GiB")
	f.IntVar(&o.backups, "record-max-backups", linelog.DefaultBackups, "rotated files that are kept, 1 to 1000")
	f.StringVar(&o.compress, "record-compress", "none", "how rotated files are compressed: `none`, gzip or zstd")
	f.StringVar(&o.share, "record-share", "100%", "`share` of the calls that is recorded")
	f.StringVar(&o.redact, "record-redact", "none", "what is not recorded as it is: `none`, or users, who become pseudonyms")
}

// config reads the flags. The error is everything that is wrong with them.
func (o *recordOptions) config() (record.Config, error) {
	var c record.Config
	var errs [6]error
	c.File, c.MaxBackups = o.file, o.backups
	if c.MaxSize, errs[0] = linelog.ParseSize(o.size); errs[0] != nil {
		errs[0] = usagef("--record-max-size %w", errs[0])
	}
	if o.backups < 1 || o.backups > linelog.MaxBackups {
		errs[1] = usagef("--record-max-backups %d is out of range (1 to %d)", o.backups, linelog.MaxBackups)
	}
	switch c.Compress = linelog.Compress(o.compress); c.Compress {
	case linelog.CompressNone, linelog.CompressGzip, linelog.CompressZstd:
	default:
		errs[2] = usagef("--record-compress %q is not allowed; want none, gzip or zstd", o.compress)
	}
	if c.Share, errs[3] = record.ParseShare(o.share); errs[3] != nil {
		errs[3] = usagef("--record-share %w", errs[3])
	}
	switch c.Redact = record.Redact(o.redact); c.Redact {
	case record.RedactNone, record.RedactUsers:
	default:
		errs[4] = usagef("--record-redact %q is not allowed; want none or users", o.redact)
	}
	if err := c.Check(); err != nil {
		errs[5] = usagef("--record: %w", err)
	}
	return c, errors.Join(errs[:]...)
}

// recording is what is recorded, if anything is. Its methods may be called of nil.
type recording struct {
	*record.Recorder

	log *slog.Logger
}

// openRecording starts to record what p is asked, if that is wanted, and returns
// the policy to ask.
func openRecording(o *recordOptions, p policy.Policy, stdout io.Writer, registry prometheus.Registerer, log *slog.Logger) (policy.Policy, *recording, error) {
	cfg, err := o.config()
	if err != nil || cfg.File == "" {
		return p, nil, err
	}
	r, err := record.Open(cfg, record.Options{Program: "redirectd", Policy: "redirectd", Stdout: stdout, Logger: log, Registerer: registry})
	if err != nil {
		return nil, nil, failure{err}
	}
	return r.Wrap(p), &recording{r, log}, nil
}

func (r *recording) end(ctx context.Context) {
	if r == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordingGrace)
	defer cancel()
	if err := r.Close(ctx); err != nil {
		r.log.Error("the last recordings are lost", "error", err)
	}
}
