package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	code = "package a\n\nfunc Next(n int) int { return n + 1 }\n\nfunc Max(a, b int) int { return max(a, b) }\n"

	tests = "package a\n\nimport \"testing\"\n\n" +
		"func TestNext(t *testing.T) {\n\tt.Run(\"of one\", func(t *testing.T) {\n\t\tif Next(1) != 2 {\n\t\t\tt.Error(Next(1))\n\t\t}\n\t})\n}\n\n" +
		"func TestMax(t *testing.T) {\n\tif Max(1, 1) != 1 {\n\t\tt.Error(Max(1, 1))\n\t}\n}\n\n" +
		"func TestBad(t *testing.T) { t.Error(\"always\") }\n"

	table = "| rule | section | file | test | broken by |\n|---|---|---|---|---|\n" +
		"| counts | 1 | `a/a.go` | `a: TestNext/of one` | `n + 1` → `n` |\n" +
		"| chooses | 2 | `a/a.go` | `a: TestMax` | `max(a, b)` → `min(a, b)` |\n" +
		"| types | 3 | `a/a.go` | `a: TestMax` | `max(a, b)` → `\"\"` |\n" +
		"| fails | 4 | `a/a.go` | `a: TestBad` | `n + 1` → `n` |\n" +
		"| misses | 5 | `a/a.go` | `a: TestNone` | `n + 1` → `n` |\n" +
		"| repeats | 6 | `a/a.go` | `a: TestMax` | `int` → `int64` |\n" +
		"| panics | 7 | `a/a.go` | `a: TestMax` | `return max(a, b)` → `panic(a)` |\n"
)

// repository writes a module with rules of each kind.
func repository(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module example.com/m\n\ngo 1.24\n", "a/a.go": code, "a/a_test.go": tests, page: table,
	} {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// TestVerdicts: one rule of each kind, and the tree stays as it is.
func TestVerdicts(t *testing.T) {
	t.Parallel()
	root := repository(t)
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), root, []string{"-j", "2"}, &stdout, &stderr); code != 1 {
		t.Errorf("exit code %d, want 1; %s", code, stderr.String())
	}
	verdicts := map[string]string{
		"counts": "noticed", "chooses": "SURVIVED", "types": "DOES NOT COMPILE", "fails": "DOES NOT PASS",
		"misses": "DOES NOT PASS", "repeats": "BAD ROW", "panics": "noticed",
	}
	for rule, want := range verdicts {
		found := false
		for line := range strings.Lines(stdout.String()) {
			found = found || strings.HasPrefix(line, want) && strings.Contains(line, ": "+rule+"  [")
		}
		if !found {
			t.Errorf("%s: no line says %s in:\n%s", rule, want, stdout.String())
		}
	}
	if !strings.Contains(stdout.String(), "7 rules, 5 wrong") {
		t.Errorf("no sum in:\n%s", stdout.String())
	}
	if after, err := os.ReadFile(filepath.Join(root, "a/a.go")); err != nil || string(after) != code {
		t.Errorf("the tree was edited: %q, %v", after, err)
	}
}

// TestFilter runs the rules that match only.
func TestFilter(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), repository(t), []string{"-run", "^1 counts"}, &stdout, &stderr); code != 0 {
		t.Errorf("exit code %d, want 0; %s%s", code, stdout.String(), stderr.String())
	}
	if !strings.Contains(stdout.String(), "1 rules, 0 wrong") {
		t.Errorf("more than one rule in:\n%s", stdout.String())
	}
}

// TestCannotRun: what stops it is said, and is no verdict on a rule.
func TestCannotRun(t *testing.T) {
	t.Parallel()
	empty := t.TempDir()
	for name, c := range map[string]struct {
		root, want string
		args       []string
	}{
		"no page":        {empty, page, nil},
		"no rule":        {repository(t), "no rule", []string{"-run", "nothing like it"}},
		"bad expression": {empty, "missing closing", []string{"-run", "("}},
		"unknown flag":   {empty, "-x", []string{"-x"}},
	} {
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), c.root, c.args, &stdout, &stderr); code != 2 || !strings.Contains(stderr.String(), c.want) {
			t.Errorf("%s: exit code %d and %q, want 2 and %q", name, code, stderr.String(), c.want)
		}
	}
}
