package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/redirectd/redirectd/bench/report"
)

// bench is one run of the benchmark.
type bench struct {
	plan     plan
	only     *regexp.Regexp
	programs *programs
	work     string // directory of the runs
	runs     int
	progress io.Writer
	lines    *os.File // results.jsonl
	results  []report.Result

	question, answer string // files of the recorded decision
}

// options are the flags.
type options struct {
	plan, only, out    string
	sipedge, redirectd string
	limit              time.Duration
	inside             bool
}

// inside runs a plan with the ports of its network namespace.
func inside(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var o options
	err := parse("run", args, stderr, func(f *flag.FlagSet) {
		f.StringVar(&o.plan, "plan", "full", "what to measure: full, quick or `smoke`")
		f.StringVar(&o.only, "only", "", "only the runs whose kind, work, rate and system match this `expression`")
		f.DurationVar(&o.limit, "limit", 0, "`time` for all of it, if not the plan's own; what is left out then is the last repetitions")
		f.StringVar(&o.out, "out", "bench/out", "`directory` for the results")
		f.StringVar(&o.sipedge, "sipedge", "bin/sipedge", "the edge's `file`")
		f.StringVar(&o.redirectd, "redirectd", "bin/redirectd", "the policy's `file`")
		f.BoolVar(&o.inside, "namespace", false, "this is a new network namespace")
	})
	if err != nil {
		return err
	}
	if o.inside {
		if err := raiseLoopback(); err != nil {
			return fmt.Errorf("loopback: %w", err)
		}
	}
	return o.run(ctx, stdout, stderr)
}

func (o *options) run(ctx context.Context, stdout, stderr io.Writer) (err error) {
	b := &bench{progress: stderr}
	var known bool
	if b.plan, known = plans[o.plan]; !known {
		return fmt.Errorf("no plan %q: there are full, quick and smoke", o.plan)
	}
	if b.only, err = regexp.Compile(o.only); err != nil {
		return err
	}
	if b.programs, err = findPrograms(o, b.plan.needsKamailio()); err != nil {
		return err
	}
	if err := portsFree(ctx); err != nil {
		return err
	}
	if b.work, err = os.MkdirTemp("", "bench"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.work)) }()
	if err := os.MkdirAll(o.out, 0o750); err != nil {
		return err
	}
	if b.lines, err = os.Create(filepath.Join(o.out, "results.jsonl")); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.lines.Close()) }()
	return o.measure(ctx, b, stdout)
}

// measure runs the plan, and writes what there is of it also if it was ended.
func (o *options) measure(ctx context.Context, b *bench, stdout io.Writer) error {
	if o.limit > 0 {
		b.plan.limit = o.limit
	}
	limited, cancel := context.WithTimeout(ctx, b.plan.limit)
	defer cancel()
	began, load := time.Now(), loadAverage()
	b.all(limited)
	head := describe(context.WithoutCancel(ctx), b, o.plan, began, load)
	if limited.Err() != nil {
		head += "\n**Not finished**: ended or out of time, so some repetitions are missing.\n"
	}
	text := head + "\n" + report.Markdown(b.results)
	fmt.Fprintln(stdout, text)
	plot := report.Plot(b.results, machine()+", "+began.Format(time.DateOnly))
	return errors.Join(ctx.Err(),
		os.WriteFile(filepath.Join(o.out, "results.md"), []byte(text), 0o600),
		os.WriteFile(filepath.Join(o.out, "results.svg"), []byte(plot), 0o600))
}

// open starts a system in a directory of its own.
func (b *bench) open(ctx context.Context, system string, s setup) (*session, error) {
	dir, err := b.directory()
	if err != nil {
		return nil, err
	}
	return open(ctx, b.programs, dir, system, s)
}

// directory makes the one of the next run.
func (b *bench) directory() (string, error) {
	b.runs++
	return subdirectory(b.work, "run-", b.runs)
}

// add measures once, unless it is not asked for, and keeps the result. What went
// wrong is part of that.
func (b *bench) add(ctx context.Context, r report.Result, measure func(*report.Result) error) {
	name := fmt.Sprintf("%s, %s at %d, %s", r.Kind, r.Work, r.Rate, r.System)
	if r.Ringing > 0 {
		name += fmt.Sprintf(", %d ringing", r.Ringing)
	}
	if ctx.Err() != nil || !b.only.MatchString(name) {
		return
	}
	if err := measure(&r); err != nil {
		if ctx.Err() != nil {
			return
		}
		r.Error = err.Error()
	}
	b.results = append(b.results, r)
	if err := report.WriteLines(b.lines, []report.Result{r}); err != nil {
		fmt.Fprintln(b.progress, err)
	}
	fmt.Fprintf(b.progress, "%s: %s\n", name, summary(&r))
}

func summary(r *report.Result) string {
	switch {
	case r.Error != "":
		return r.Error
	case r.Kind == report.Highest:
		return fmt.Sprintf("%.0f calls/s", r.HighestRate)
	case r.Kind == report.Decision:
		return fmt.Sprintf("%.0f decisions/s, %.1f us", r.DecisionRate, r.DecisionCPU)
	}
	text := fmt.Sprintf("%.4f s for 1,000 calls", r.CPU())
	if !r.Clean() {
		text += fmt.Sprintf("; %d failed, %d and %d repeated", r.Failed, r.Retransmissions, r.Repeats)
	}
	return text
}
