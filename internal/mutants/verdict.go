package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/redirectd/redirectd/internal/rfctable"
)

// verdict is what came of breaking a rule.
type verdict struct {
	row     rfctable.Row
	problem string // empty: the test noticed
	detail  string // what the go command or the test said of it
	took    time.Duration
}

// String is the line of a rule, and below it what is wrong.
func (v verdict) String() string {
	word := "noticed"
	if v.problem != "" {
		word = v.problem
	}
	s := fmt.Sprintf("%-16s %5.1fs  %s:%d  %s: %s  [%s]", word, v.took.Seconds(), page, v.row.Line, v.row.Section, v.row.Rule, v.row.Test)
	if v.problem != "" {
		s += fmt.Sprintf("\n    %s: %s → %s\n%s", v.row.File, v.row.Old, v.row.New, indented(v.detail))
	}
	return s
}

// all breaks every rule, several at once, and yields what came of each as soon
// as it is known.
func (b *bench) all(ctx context.Context, rows []rfctable.Row, passing map[string]bool, workers int) <-chan verdict {
	todo, done := make(chan int), make(chan verdict)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := range todo {
				began := time.Now()
				v := b.breakRule(ctx, i, rows[i], passing)
				v.row, v.took = rows[i], time.Since(began)
				done <- v
			}
		})
	}
	go func() {
		defer close(done)
		for i := range rows {
			if ctx.Err() == nil {
				todo <- i
			}
		}
		close(todo)
		wg.Wait()
	}()
	return done
}

// breakRule breaks one rule and runs its test.
func (b *bench) breakRule(ctx context.Context, i int, row rfctable.Row, passing map[string]bool) verdict {
	if !passing[key(row)] {
		return verdict{problem: "DOES NOT PASS", detail: "the test fails, or is not there, without the change too"}
	}
	overlay, err := b.overlay(i, row)
	if err != nil {
		return verdict{problem: "BAD ROW", detail: err.Error()}
	}
	binary, out, err := b.build(ctx, fmt.Sprintf("%d.test", i), row.Package, "-overlay", overlay)
	if err != nil {
		return verdict{problem: "DOES NOT COMPILE", detail: out}
	}
	defer remove(binary)
	out = b.test(ctx, binary, row.Package, pattern(row.Test))
	switch {
	case failed(out, row.Test):
		return verdict{}
	case passed(out, row.Test):
		return verdict{problem: "SURVIVED", detail: "the test passes with the rule broken"}
	}
	return verdict{problem: "NO VERDICT", detail: tail(out)}
}
