// Command sipedge is a SIP proxy that puts every 3xx it receives to a redirect
// policy, and sends the call where the policy says.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// Exit codes: of every command of the project.
const (
	exitFailed = 1 // while running
	exitUsage  = 2 // bad usage or configuration
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// failedError is an error of a command that began its work; any other is one of
// usage or configuration.
type failedError struct{ err error }

func (e failedError) Error() string { return e.err.Error() }
func (e failedError) Unwrap() error { return e.err }

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := newRoot(stdout, stderr)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	fmt.Fprintln(stderr, "sipedge:", err)
	if _, failed := errors.AsType[failedError](err); failed {
		return exitFailed
	}
	return exitUsage
}

func newRoot(stdout, stderr io.Writer) *cobra.Command {
	root := newServe()
	root.Use = "sipedge"
	root.Short = "A SIP proxy that asks a policy where a redirected call should go"
	root.Long = `sipedge stands between a caller and a redirect server. It forwards requests,
and when a 3xx comes back it asks a policy what to do: the one built in, or a
redirectd (or a policy of yours) over gRPC. Then it tries the targets that the
policy names, one at a time, until one answers.

Without trunks it listens on loopback addresses only.`
	root.Example = `  sipedge demo
  sipedge --next-hop sip:192.0.2.10:5060
  sipedge --config edge.yaml --policy dns:///redirectd:50051
  sipedge check --config edge.yaml`
	root.SilenceUsage, root.SilenceErrors = true, true
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.AddCommand(newServe(), newCheck(), newDemo(), newVersion())
	return root
}
