package main

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/redirectd/redirectd/internal/demo"
	"github.com/redirectd/redirectd/internal/proctest"
)

// TestDemo is what the README promises: every row, as expected, in 100 columns.
func TestDemo(t *testing.T) {
	t.Parallel()
	p := proctest.Start(t, "sipedge", "demo")
	code, out := p.ExitCode(), p.Stdout()
	if code != exitGood || p.Stderr() != "" {
		t.Fatalf("exit code %d, standard error %q\n%s", code, p.Stderr(), out)
	}
	const closing = "\n✓ All 15 calls ended as expected.\nNow with a redirect server of yours on this machine: sipedge --next-hop sip:127.0.0.1:5070\n"
	if !strings.HasSuffix(out, closing) {
		t.Errorf("it ends otherwise:\n%s", out)
	}
	_, summary, _ := strings.Cut(out, "── Summary ")
	for _, row := range demo.Rows() {
		if !strings.Contains(summary, "\n✓ "+row+" ") {
			t.Errorf("no row %s in\n%s", row, summary)
		}
	}
	for line := range strings.Lines(out) {
		line = strings.TrimSuffix(line, "\n")
		if n := utf8.RuneCountInString(line); n > 100 || strings.Contains(line, "\x1b") {
			t.Errorf("%d columns, or colours in a file: %s", n, line)
		}
	}
}
