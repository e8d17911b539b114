// Command bench measures sipedge and redirectd beside their peers, all on loopback
// and in one run: see README.md beside this file. It starts itself for what stands
// around an edge; those roles are its other sub-commands.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"
)

func main() {
	// What is started dies with the thread that started it (Pdeathsig): the main
	// one, which lasts.
	runtime.LockOSThread()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// command is a sub-command.
type command func(ctx context.Context, args []string, stdout, stderr io.Writer) error

var commands = map[string]command{
	"responder":  respond,
	"probe":      probeCalls,
	"floor":      relay,
	"httppolicy": answerHTTP,
	"echo":       echo,
	"asker":      ask,
	"tables":     again,
	"inside":     inside,
	"run":        outside,
}

// run is the program without its process.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	name := "run"
	if len(args) > 0 && commands[args[0]] != nil {
		name, args = args[0], args[1:]
	}
	if err := commands[name](ctx, args, stdout, stderr); err != nil {
		fmt.Fprintf(stderr, "bench %s: %v\n", name, err)
		return 1
	}
	return 0
}
