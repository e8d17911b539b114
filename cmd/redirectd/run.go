package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/redirectd/redirectd/internal/strictyaml"
)

// Exit codes.
const (
	exitGood   = 0
	exitFailed = 1 // while running
	exitUsage  = 2 // bad usage, configuration or input
)

// failure is an error that happened while running. Every other one is about
// usage, configuration or input.
type failure struct{ error }

func (f failure) Unwrap() error { return f.error }

// run is the program: it returns the exit code when ctx ends, or the work is
// done.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot(ctx)
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	cmd, err := root.ExecuteC()
	if err == nil {
		return exitGood
	}
	// There is nobody left to tell if stderr is gone, hence the blanks below.
	if problems, ok := errors.AsType[*strictyaml.Error](err); ok { // each line names its file already
		_, _ = fmt.Fprintln(stderr, problems)
		return exitUsage
	}
	_, _ = fmt.Fprintf(stderr, "%s: %v\n", cmd.CommandPath(), err)
	if _, ok := errors.AsType[failure](err); ok {
		return exitFailed
	}
	if _, ok := errors.AsType[usage](err); ok {
		_, _ = fmt.Fprintf(stderr, "try: %s --help\n", cmd.CommandPath())
	}
	return exitUsage
}

// usage is an error in the command line.
type usage struct{ error }

func (u usage) Unwrap() error { return u.error }

func usagef(format string, args ...any) error { return usage{fmt.Errorf(format, args...)} }

func newRoot(ctx context.Context) *cobra.Command {
	root := newServe(ctx, "redirectd")
	root.Long = `redirectd decides where a redirected SIP call goes. An edge (sipedge, or any other
that speaks the contract redirect.v1) asks it over gRPC what to do with a 3xx; it
answers with the targets to try, or with a final response.

Without --config one profile, "default", holds: 300, 301, 302 and 305 are followed
as RFC 3261 says, everything else becomes 410, a 302 that leads nowhere 480.
With it a changed file is used at once, or at SIGHUP, if it is good; a bad one is
reported and changes nothing.

Traces go to an OpenTelemetry collector if the environment says so:
OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_SAMPLER and the others of its kind.

Exit codes: 0 good, 1 failed while running, 2 bad usage, configuration or input.`
	root.Example = `  redirectd                                        serve on 127.0.0.1:50051
  redirectd --config policy.yaml --listen 0.0.0.0:50051 --admin 0.0.0.0:9050
  redirectd --listen unix:///run/redirectd.sock
  redirectd --http 127.0.0.1:8080                  also for Kamailio, curl and others without gRPC
  redirectd check --config policy.yaml             is this configuration good?
  redirectd decide --config policy.yaml call.sip   what would it decide, and why?
  redirectd test policy_test.yaml                  does it decide as its tests expect?
  redirectd replay --config policy.yaml recording.jsonl
                                                   what does it decide otherwise?`
	root.SilenceErrors, root.SilenceUsage = true, true
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage{err} })
	// Without this cobra would take an unknown command for an error of its own.
	root.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		return usagef("unknown command %q; there are: %s", args[0], commandNames(cmd))
	}
	serve := newServe(ctx, "serve")
	serve.Short = "Serve the policy over gRPC (what redirectd does without a command)"
	root.AddCommand(serve, newCheck(), newDecide(ctx), newTest(ctx), newReplay(ctx), newConformance(ctx), newSchema(), newVersion())
	return root
}

// commandNames lists the commands, in the order of the alphabet.
func commandNames(root *cobra.Command) string {
	var names []string
	for _, c := range root.Commands() {
		if c.Name() != "help" {
			names = append(names, c.Name())
		}
	}
	return strings.Join(names, ", ")
}

// noArgs is for commands that take flags only.
func noArgs(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("unexpected argument %q", args[0])
	}
	return nil
}
