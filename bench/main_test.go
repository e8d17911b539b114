package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/redirectd/redirectd/bench/report"
	"github.com/redirectd/redirectd/internal/proctest"
)

// TestMain also is the benchmark's roles: it starts its own file for them.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && commands[os.Args[1]] != nil {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
		stop()
		os.Exit(code)
	}
	proctest.Main(m)
}

// TestSmoke runs a tiny plan from end to end. Its times mean nothing; its counts do.
func TestSmoke(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	var stdout, stderr bytes.Buffer
	args := []string{"run", "-plan", "smoke", "-out", out, "-sipedge", proctest.Build(t, "sipedge"), "-redirectd", proctest.Build(t, "redirectd")}
	if code := run(t.Context(), args, &stdout, &stderr); code != 0 {
		t.Fatalf("exit code %d\n%s", code, stderr.String())
	}
	line, err := os.ReadFile(filepath.Join(out, "results.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var r report.Result
	if err := json.Unmarshal(line, &r); err != nil {
		t.Fatalf("%v in %q", err, line)
	}
	// Repeats are no failure here: the machine may be busy with other tests.
	if r.Error != "" || r.Failed != 0 || r.Probe == nil || r.Calls != 50+r.Probe.OK || r.Probe.OK == 0 || r.Probe.P50 <= 0 || r.EdgeCPU <= 0 || r.PSS < 1<<20 || r.Allocations < 1 {
		t.Errorf("%s\n%s", line, stderr.String())
	}
	for _, name := range []string{"results.md", "results.svg"} {
		if b, err := os.ReadFile(filepath.Join(out, name)); err != nil || !strings.Contains(string(b), report.Sipedge) {
			t.Errorf("%s: %v\n%s", name, err, b)
		}
	}
	if !strings.Contains(stdout.String(), " of 1 |") {
		t.Errorf("no table in\n%s", stdout.String())
	}
}

// TestBrokenEdge: what can't be measured is said in the tables, with the reason.
func TestBrokenEdge(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"run", "-plan", "smoke", "-out", out, "-sipedge", "/bin/false", "-redirectd", "/bin/false"}, &stdout, &stderr); code != 0 {
		t.Fatalf("exit code %d\n%s", code, stderr.String())
	}
	if want := "edge has ended too early"; !strings.Contains(stdout.String(), want) || !strings.Contains(stdout.String(), " 0 of 1 |") {
		t.Errorf("no %q in\n%s", want, stdout.String())
	}
	stdout.Reset()
	if code := run(t.Context(), []string{"tables", "-results", filepath.Join(out, "results.jsonl")}, &stdout, &stderr); code != 0 || !strings.Contains(stdout.String(), "too early") {
		t.Errorf("the tables again: exit code %d, %s%s", code, stdout.String(), stderr.String())
	}
}

// TestUsage: a mistake is said, and ends with 1.
func TestUsage(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		`no plan "huge"`:        {"inside", "-plan", "huge"},
		"missing closing":       {"inside", "-only", "("},
		`"x" is no flag`:        {"responder", "x"},
		"flag provided but not": {"probe", "-x"},
		"make build":            {"inside", "-plan", "smoke", "-sipedge", "/nowhere/sipedge"},
	} {
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), args, &stdout, &stderr); code != 1 || !strings.Contains(stderr.String(), want) {
			t.Errorf("%q: exit code %d, %s", args, code, stderr.String())
		}
	}
}
