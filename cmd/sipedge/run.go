package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/redirectd/redirectd/internal/strictyaml"
)

// Exit codes: of every command of the project.
const (
	exitGood   = 0
	exitFailed = 1 // while running
	exitUsage  = 2 // bad usage or configuration
)

// failedError is an error of a command that began its work; any other is one of
// usage or configuration.
type failedError struct{ error }

func (e failedError) Unwrap() error { return e.error }

// usageError is an error in the command line.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// mistakes are all that is wrong with a configuration.
type mistakes []error

func (m mistakes) Error() string { return errors.Join(m...).Error() }

// run is the program: it returns the exit code when ctx ends, or the work is
// done.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitGood
	}
	complain(stderr, cmd.CommandPath(), err)
	if _, failed := errors.AsType[failedError](err); failed {
		return exitFailed
	}
	return exitUsage
}

// complain writes an error for people. There is nobody left to tell if stderr is
// gone, hence the blanks.
func complain(stderr io.Writer, command string, err error) {
	if all, ok := errors.AsType[mistakes](err); ok {
		for _, mistake := range all {
			complain(stderr, command, mistake)
		}
		return
	}
	if problems, ok := errors.AsType[*strictyaml.Error](err); ok { // each line names its file already
		_, _ = fmt.Fprintln(stderr, problems)
		return
	}
	_, _ = fmt.Fprintf(stderr, "%s: %v\n", command, err)
	if _, ok := errors.AsType[usageError](err); ok {
		_, _ = fmt.Fprintf(stderr, "try: %s --help\n", command)
	}
}

func newRoot() *cobra.Command {
	root := newServe()
	root.Use = "sipedge"
	root.Short = "A SIP proxy that asks a policy where a redirected call should go"
	root.Long = `sipedge stands between a caller and a redirect server. It forwards requests,
and when a 3xx comes back it asks a policy what to do: the one built in, or a
redirectd (or a policy of yours) over gRPC. Then it tries the targets that the
policy names, one at a time, until one answers.

Without trunks it listens on loopback addresses only, and reaches nothing beyond.

A changed policy file and changed certificates are used at once, or at SIGHUP, if
they are good; bad ones are reported and change nothing. All else needs a restart.

Traces go to an OpenTelemetry collector if the environment says so:
OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_SAMPLER and the others of its kind.

Exit codes: 0 good, 1 failed while running, 2 bad usage or configuration.`
	root.Example = `  sipedge demo
  sipedge --next-hop sip:127.0.0.1:5070
  sipedge --config edge.yaml --policy dns:///redirectd:50051
  sipedge check --config edge.yaml
  sipedge schema > edge.schema.json`
	root.SilenceUsage, root.SilenceErrors = true, true
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	// Without this cobra would take an unknown command for an error of its own.
	root.Args = func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		return usagef("unknown command %q; there are: serve, check, schema, demo, version", args[0])
	}
	root.AddCommand(newServe(), newCheck(), newSchema(), newDemo(), newVersion())
	return root
}

// noArgs is for commands that take flags only.
func noArgs(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("unexpected argument %q", args[0])
	}
	return nil
}
