package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/proctest"
)

// TestInterrupted: nothing of what was started outlives a benchmark that is ended,
// and what there is of it is shown.
func TestInterrupted(t *testing.T) {
	sipedge, redirectd := proctest.Build(t, "sipedge"), proctest.Build(t, "redirectd")
	mark := "BENCH_OF=" + t.TempDir()
	t.Setenv("BENCH_OF", strings.TrimPrefix(mark, "BENCH_OF="))
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	go func() {
		const all = 3 // the benchmark, the responder and the edge
		for ctx.Err() == nil && len(processesWith(mark)) < all {
			time.Sleep(5 * time.Millisecond)
		}
		interrupt()
	}()
	var stdout, stderr bytes.Buffer
	code := run(ctx, []string{"run", "-plan", "smoke", "-out", t.TempDir(), "-sipedge", sipedge, "-redirectd", redirectd}, &stdout, &stderr)
	if code != 1 || !strings.Contains(stdout.String(), "**Not finished**") {
		t.Errorf("exit code %d\n%s%s", code, stdout.String(), stderr.String())
	}
	if left := processesWith(mark); len(left) > 0 {
		t.Errorf("still there: %q", left)
	}
}

// processesWith lists the processes that were started with a variable.
func processesWith(variable string) (found []string) {
	files, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		return nil
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(b, []byte(variable+"\x00")) {
			continue // it has ended, or is somebody else's
		}
		name, _ := os.ReadFile(filepath.Join(filepath.Dir(file), "cmdline")) // it may have ended since
		found = append(found, string(bytes.ReplaceAll(name, []byte{0}, []byte{' '})))
	}
	return found
}
