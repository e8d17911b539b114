package demo

import (
	"bytes"
	"context"
	"errors"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestRunShowsEveryRow(t *testing.T) {
	before := runtime.NumGoroutine()
	began := time.Now()
	var out bytes.Buffer
	if err := Run(t.Context(), &out, Options{}); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %s, more than anybody waits for a demo", took)
	}
	for i := range table {
		if !strings.Contains(out.String(), "── "+table[i].title) {
			t.Errorf("row %s is not shown", table[i].name)
		}
		if !strings.Contains(out.String(), "\n✓ "+table[i].name+" ") {
			t.Errorf("row %s is not in the summary", table[i].name)
		}
	}
	for _, member := range cast {
		if !strings.Contains(out.String(), "\n  "+member.name+" ") {
			t.Errorf("%s is not introduced", member.name)
		}
	}
	for _, want := range []string{
		"302 Moved Temporarily", "Route: <sip:127.0.0.1:", "Contact: <tel:+18005550100>", "⋮ the same for line6",
		"has the scheme tel", "redirect is disabled in profile no-redirect", "embedded policy: try 1 target",
		"redirectd: no decision", "✓ All 15 calls ended as expected.", "sipedge --next-hop",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output has no %q", want)
		}
	}
	checkLines(t, out.String())
	checkGoroutines(t, before)
}

// checkLines: nothing that a terminal of 100 columns can't show.
func checkLines(t *testing.T, out string) {
	t.Helper()
	for line := range strings.Lines(out) {
		line = strings.TrimSuffix(line, "\n")
		if n := utf8.RuneCountInString(line); n > width {
			t.Errorf("a line of %d columns: %s", n, line)
		}
		if strings.ContainsAny(line, "\x1b\r\t") {
			t.Errorf("control characters in %q", line)
		}
	}
}

func checkGoroutines(t *testing.T, before int) {
	t.Helper()
	deadline := time.After(5 * time.Second)
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for runtime.NumGoroutine() > before {
		select {
		case <-again.C:
		case <-deadline:
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines before, %d after:\n%s", before, runtime.NumGoroutine(), stacks[:runtime.Stack(stacks, true)])
		}
	}
}

func TestOnlySomeRows(t *testing.T) {
	var out bytes.Buffer
	if err := Run(t.Context(), &out, Options{Only: []string{"301", "loop"}}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "All 2 calls") {
		t.Errorf("not two calls:\n%s", out.String())
	}
}

func TestUnknownRow(t *testing.T) {
	err := Run(t.Context(), new(bytes.Buffer), Options{Only: []string{"303"}})
	if err == nil || !strings.Contains(err.Error(), `"303"`) || !strings.Contains(err.Error(), "nested") {
		t.Errorf("got %v, want an error that names the row and those there are", err)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	before := runtime.NumGoroutine()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Run(ctx, new(bytes.Buffer), Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that the context was cancelled", err)
	}
	checkGoroutines(t, before)
}

func TestRunReportsThatItCannotWrite(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	_ = r.Close()
	_ = w.Close()
	if err := Run(t.Context(), w, Options{Only: []string{"301"}}); !errors.Is(err, os.ErrClosed) {
		t.Errorf("got %v, want the error of the writer", err)
	}
}
