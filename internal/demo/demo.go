// Package demo shows the project at work: a telephone network in one process,
// on free loopback ports, and a call through every row of the 3xx table.
//
// The phones and the redirect servers are a SIP stack of their own (sipgo) on
// real sockets; redirectd answers over real gRPC. What is shown and what is
// checked are the datagrams on those sockets (tap.go, trace.go) and the
// decisions that the edges got (decisions.go), never what the table of calls
// (rows.go) says: a broken edge makes [Run] return an error.
package demo

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/redirectd/redirectd/internal/edge"
	"github.com/redirectd/redirectd/internal/policy"
)

// Options are the knobs of a demo. The zero value shows everything.
type Options struct {
	// Only are the names of the rows to show. Empty: all. See [Rows].
	Only []string
	// Plain shows no colours, not even on a terminal.
	Plain bool

	// What tests break.
	wrap      func(policy.Policy) policy.Policy
	configure func(*network, *edge.Config)
}

// bend returns the policy that the edge asks.
func (o *Options) bend(p policy.Policy) policy.Policy {
	if o.wrap == nil {
		return p
	}
	return o.wrap(p)
}

// Rows returns the names of all rows, in the order in which they are shown.
func Rows() []string {
	names := make([]string, len(table))
	for i := range table {
		names[i] = table[i].name
	}
	return names
}

// Run plays the demo and writes it to w, for a terminal of 100 columns. The
// error names the rows whose outcome is not the one expected. Nothing is left
// running when it returns.
func Run(ctx context.Context, w io.Writer, o Options) error {
	for _, name := range o.Only {
		if !slices.Contains(Rows(), name) {
			return fmt.Errorf("there is no row %q; there are: %s", name, strings.Join(Rows(), ", "))
		}
	}
	n, err := start(ctx, &o)
	if err != nil {
		return fmt.Errorf("start the network: %w", err)
	}
	defer n.close(ctx)
	s := newScreen(w, o.Plain)
	n.introduce(s)
	var results []*result
	for i := range table {
		if len(o.Only) > 0 && !slices.Contains(o.Only, table[i].name) {
			continue
		}
		res, err := n.play(ctx, &table[i])
		if err != nil {
			return fmt.Errorf("%s: %w", table[i].name, err)
		}
		n.show(s, res)
		results = append(results, res)
	}
	for _, res := range results {
		res.problems = append(res.problems, n.late(res)...)
	}
	strays := n.strays(results)
	n.summarize(s, results, strays)
	if s.err != nil {
		return fmt.Errorf("write the demo: %w", s.err)
	}
	return verdict(results, strays)
}

// verdict returns an error that names the rows that failed.
func verdict(results []*result, strays []string) error {
	failed := slices.Clone(strays)
	for _, res := range results {
		if len(res.problems) > 0 {
			failed = append(failed, res.row.name+" ("+res.problems[0]+")")
		}
	}
	if len(failed) == 0 {
		return nil
	}
	return fmt.Errorf("not as expected: %s", strings.Join(failed, "; "))
}
