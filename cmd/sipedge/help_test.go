package main

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/redirectd/redirectd/internal/version"
)

// TestHelp: every flag of every command, in a terminal of 100 columns.
func TestHelp(t *testing.T) {
	t.Parallel()
	root := newRoot()
	for _, cmd := range append([]*cobra.Command{root}, root.Commands()...) {
		args := strings.Fields(cmd.CommandPath() + " --help")[1:]
		code, out, errs := runWith(t, args...)
		if code != exitGood || errs != "" {
			t.Errorf("%q: exit code %d, %s", args, code, errs)
		}
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if !strings.Contains(out, " --"+f.Name+" ") {
				t.Errorf("%q: no --%s in\n%s", args, f.Name, out)
			}
		})
		for line := range strings.Lines(out) {
			if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 100 {
				t.Errorf("%q: %d columns: %s", args, n, line)
			}
		}
	}
	_, out, _ := runWith(t, "--help")
	for _, text := range []string{"sipedge demo", "sipedge check --config edge.yaml", "--drain", "Exit codes"} {
		if !strings.Contains(out, text) {
			t.Errorf("no %q in\n%s", text, out)
		}
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	code, out, errs := runWith(t, "version")
	if code != exitGood || out != "sipedge "+version.String()+"\n" || errs != "" {
		t.Errorf("exit code %d, %q, %q", code, out, errs)
	}
}
