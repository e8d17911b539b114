// Command mutants breaks every rule of docs/rfc.md, one at a time, and demands
// that the test which the row names fails then, and passes otherwise. The tree is
// never edited: the go command gets each change as an overlay.
//
// Run it in the root of the repository. It ends with 1 if a rule can be broken
// unnoticed, or if a row is wrong; with 2 if it can't run at all.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"syscall"
	"time"

	"github.com/redirectd/redirectd/internal/rfctable"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, ".", os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// page is where the rules stand.
const page = "docs/rfc.md"

// run checks the rules of the repository at root.
func run(ctx context.Context, root string, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("mutants", flag.ContinueOnError)
	flags.SetOutput(stderr)
	filter := flags.String("run", "", "only the rules that match this `expression`: section, rule, file and test")
	workers := flags.Int("j", runtime.NumCPU(), "how many rules to break at once")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	began := time.Now()
	wrong, total, err := check(ctx, root, *filter, max(1, *workers), stdout)
	if err != nil {
		fmt.Fprintln(stderr, "mutants:", err)
		return 2
	}
	fmt.Fprintf(stdout, "%d rules, %d wrong, in %s\n", total, wrong, time.Since(began).Round(time.Second))
	if wrong > 0 {
		return 1
	}
	return 0
}

// check breaks the rules that the filter names and writes a line for each one.
func check(ctx context.Context, root, filter string, workers int, stdout io.Writer) (wrong, total int, err error) {
	rows, err := rowsOf(root, filter)
	if err != nil {
		return 0, 0, err
	}
	dir, err := os.MkdirTemp("", "mutants-")
	if err != nil {
		return 0, 0, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	b := &bench{root: root, dir: dir}
	passing, err := b.unbroken(ctx, rows)
	if err != nil {
		return 0, 0, err
	}
	for v := range b.all(ctx, rows, passing, workers) {
		fmt.Fprintln(stdout, v)
		if v.problem != "" {
			wrong++
		}
	}
	return wrong, len(rows), ctx.Err()
}

// rowsOf reads the page, and leaves out what the filter does not match.
func rowsOf(root, filter string) ([]rfctable.Row, error) {
	wanted, err := regexp.Compile(filter)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(root + "/" + page)
	if err != nil {
		return nil, err
	}
	all, err := rfctable.Parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", page, err)
	}
	var rows []rfctable.Row
	for _, row := range all {
		if wanted.MatchString(row.Section + " " + row.Rule + " " + row.File + " " + row.Test) {
			rows = append(rows, row)
		}
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("%s has no rule that matches %q", page, filter)
	}
	return rows, nil
}
