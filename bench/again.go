package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/redirectd/redirectd/bench/report"
)

// again prints the tables of results that there are already.
func again(_ context.Context, args []string, stdout, stderr io.Writer) (err error) {
	from, plot := "", ""
	if err := parse("tables", args, stderr, func(f *flag.FlagSet) {
		f.StringVar(&from, "results", "bench/out/results.jsonl", "`file` with the results")
		f.StringVar(&plot, "plot", "", "`file` for the plot; empty: none")
	}); err != nil {
		return err
	}
	file, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	all, err := report.ReadLines(file)
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	fmt.Fprint(stdout, report.Markdown(all))
	if plot == "" {
		return nil
	}
	return os.WriteFile(plot, []byte(report.Plot(all, from)), 0o600)
}
