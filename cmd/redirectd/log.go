package main

import (
	"io"
	"log/slog"

	"github.com/spf13/pflag"

	"github.com/redirectd/redirectd/internal/policy/policyrpc"
)

// logOptions are the flags about the log, which goes to stderr.
type logOptions struct {
	format, level string
	sample        int
}

func (o *logOptions) flags(f *pflag.FlagSet) {
	f.StringVar(&o.format, "log-format", "text", "`format`: text or json")
	f.StringVar(&o.level, "log-level", "info", "`level`: debug, info, warn or error")
	f.IntVar(&o.sample, "log-sample", policyrpc.DefaultLogEvery,
		"log one decision of every `N`, 0 none; failures to decide are always logged")
}

func (o *logOptions) validate() error {
	if o.format != "text" && o.format != "json" {
		return usagef("--log-format %q is not allowed; want text or json", o.format)
	}
	var level slog.Level
	if err := level.UnmarshalText([]byte(o.level)); err != nil {
		return usagef("--log-level %q is not allowed; want debug, info, warn or error", o.level)
	}
	if o.sample < 0 {
		return usagef("--log-sample %d is out of range (0 or more)", o.sample)
	}
	return nil
}

// every is the sampling as the server has it, where 0 stands for its default.
func (o *logOptions) every() int {
	if o.sample == 0 {
		return -1
	}
	return o.sample
}

// logger returns the logger of options that were validated.
func (o *logOptions) logger(w io.Writer) *slog.Logger {
	level := slog.LevelInfo
	// The text was found good by validate.
	_ = level.UnmarshalText([]byte(o.level))
	options := &slog.HandlerOptions{Level: level}
	if o.format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}
