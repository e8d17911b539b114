package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/redirectd/redirectd/internal/policy/compare"
	"github.com/redirectd/redirectd/internal/policy/replay"
)

// gcPercent is how much garbage a replay makes before it is collected, in percent of
// what is in use: a few megabytes of a question at a time. With the usual 100 a
// quarter of the time would go there.
const gcPercent = 400

// replayOptions are the flags of replay.
type replayOptions struct {
	config, target string
	only           string
	limit          int
	parallel       int
	timeout        time.Duration
	asJSON, strict bool
}

func newReplay(ctx context.Context) *cobra.Command {
	var o replayOptions
	cmd := &cobra.Command{
		Use:   "replay [--config FILE | --target TARGET] RECORDING...",
		Short: "Ask a policy what was recorded, and say what it answers otherwise",
		Long: `Ask a policy the questions of recordings (sipedge: policy.record, redirectd:
--record), and say in what its answers differ from those that were recorded, by
which rule. The policy is that of a file, that at TARGET, or the default one.
RECORDING may be compressed by gzip or zstd; - is standard input.

Exit code 1 if the policy cannot be asked, and with --fail-on-difference if any
answer differs; 2 if a file makes no sense.`,
		Example: `  redirectd replay --config policy.yaml recording.jsonl
  redirectd replay --target 127.0.0.1:50051 recording.jsonl recording-*.jsonl.gz
  redirectd replay --config policy.yaml --only other_target --limit 20 recording.jsonl
  redirectd replay --config policy.yaml --json recording.jsonl | jq .call_id`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("RECORDING is missing: which file?")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.validate(); err != nil {
				return err
			}
			if os.Getenv("GOGC") == "" {
				debug.SetGCPercent(gcPercent)
			}
			return o.run(ctx, cmd, args)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.config, "config", "", "policy `file` (YAML) to ask; without it, and without --target, the default policy")
	f.StringVar(&o.target, "target", "", "`target` of a policy to ask over gRPC: HOST:PORT, dns:///NAME:PORT or unix:///PATH")
	f.StringVar(&o.only, "only", "", "show differences of this `kind`: "+strings.Join(kinds(), ", "))
	f.IntVar(&o.limit, "limit", 1, "examples of each group that are shown, 0 to 10000")
	f.IntVar(&o.parallel, "parallel", 0, "questions asked at once, 1 to 1024 (default: one for each processor, of a TARGET 32)")
	f.DurationVar(&o.timeout, "timeout", time.Second, "`time` that a TARGET has for an answer, 10ms to 1m")
	f.BoolVar(&o.asJSON, "json", false, "print one JSON object for each difference; the summary goes to standard error")
	f.BoolVar(&o.strict, "fail-on-difference", false, "exit code 1 if any answer differs")
	return cmd
}

// kinds are the kinds of differences.
func kinds() (names []string) {
	for _, kind := range compare.Kinds() {
		names = append(names, string(kind))
	}
	return names
}

func (o *replayOptions) validate() error {
	switch {
	case o.config != "" && o.target != "":
		return usagef("--config and --target: one policy is asked; leave one of them out")
	case o.only != "" && !slices.Contains(kinds(), o.only):
		return usagef("--only %q is no kind of difference; there are: %s", o.only, strings.Join(kinds(), ", "))
	case o.limit < 0 || o.limit > 10_000:
		return usagef("--limit %d is out of range (0 to 10000)", o.limit)
	case o.parallel < 0 || o.parallel > replay.MaxParallel:
		return usagef("--parallel %d is out of range (1 to %d)", o.parallel, replay.MaxParallel)
	case o.timeout < 10*time.Millisecond || o.timeout > time.Minute:
		return usagef("--timeout %s is out of range (10ms to 1m)", o.timeout)
	}
	return nil
}

// run replays, and reports.
func (o *replayOptions) run(ctx context.Context, cmd *cobra.Command, args []string) error {
	asked, err := o.ask(ctx)
	if err != nil {
		return err
	}
	defer asked.close()
	reader := replay.NewReader(sources(args, cmd.InOrStdin())...)
	defer func() { _ = reader.Close() }() // only read
	out, report := bufio.NewWriter(cmd.OutOrStdout()), replay.Report{Only: compare.Kind(o.only), Examples: o.limit}
	if o.asJSON { // they are all there
		report.Examples = 0
	}
	progress := newProgress(cmd.ErrOrStderr())
	err = replay.Run(ctx, reader, asked.options(o), func(r *replay.Result) error {
		progress.step()
		report.Add(r)
		return o.each(r, &report, out, progress)
	})
	progress.clear()
	if err != nil {
		return errors.Join(replayError(err), failed(out.Flush()))
	}
	if err := o.write(&report, asked.name, out, cmd.ErrOrStderr()); err != nil {
		return failure{err}
	}
	switch n := report.Different(); {
	case report.Records == 0:
		return fmt.Errorf("no question is recorded in %s", strings.Join(args, ", "))
	case o.strict && n > 0:
		return failure{fmt.Errorf("%d of %d answers differ", n, report.Compared())}
	}
	return nil
}

// each says at once what is not kept for the report.
func (o *replayOptions) each(r *replay.Result, report *replay.Report, out io.Writer, progress *progress) error {
	switch {
	case r.Fault != nil:
		progress.say("%v: skipped\n", r.Fault)
	case o.asJSON && report.Wanted(r):
		return failed(r.WriteJSON(out))
	}
	return nil
}

// write writes the report: to stderr if the differences went to out.
func (o *replayOptions) write(report *replay.Report, policy string, out *bufio.Writer, stderr io.Writer) error {
	if !o.asJSON {
		return errors.Join(report.WriteText(out, policy), out.Flush())
	}
	if err := out.Flush(); err != nil {
		return err
	}
	return report.WriteText(stderr, policy)
}

// sources are the files of a command line.
func sources(args []string, stdin io.Reader) []replay.Source {
	var all []replay.Source
	for _, arg := range args {
		if arg == "-" {
			all = append(all, replay.Source{Name: "standard input", Open: func() (io.ReadCloser, error) { return io.NopCloser(stdin), nil }})
			continue
		}
		all = append(all, replay.File(arg))
	}
	return all
}

// replayError tells a recording that is not there from a run that failed.
func replayError(err error) error {
	if path, ok := errors.AsType[*os.PathError](err); ok {
		return fmt.Errorf("read the recording: %w", path)
	}
	return failed(err)
}

// failed makes a failure of an error.
func failed(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[failure](err); ok {
		return err
	}
	return failure{err}
}
