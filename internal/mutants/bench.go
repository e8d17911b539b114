package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/redirectd/redirectd/internal/rfctable"
)

// bench builds and runs tests of a repository.
type bench struct {
	root string
	dir  string // for what it builds
}

// unbroken runs every test that a row names without a change, and returns those
// that pass.
func (b *bench) unbroken(ctx context.Context, rows []rfctable.Row) (map[string]bool, error) {
	tests := make(map[string]map[string]bool) // names of test functions, by package
	for _, row := range rows {
		if tests[row.Package] == nil {
			tests[row.Package] = make(map[string]bool)
		}
		name, _, _ := strings.Cut(row.Test, "/")
		tests[row.Package][name] = true
	}
	passing := make(map[string]bool)
	for i, pkg := range slices.Sorted(maps.Keys(tests)) {
		binary, out, err := b.build(ctx, fmt.Sprintf("unbroken%d.test", i), pkg)
		if err != nil {
			return nil, fmt.Errorf("%s: %w\n%s", pkg, err, out)
		}
		out = b.test(ctx, binary, pkg, "^("+strings.Join(slices.Sorted(maps.Keys(tests[pkg])), "|")+")$")
		for _, row := range rows {
			if row.Package != pkg || passing[key(row)] {
				continue
			}
			// What fails among a hundred on a busy machine gets a second chance by itself.
			passing[key(row)] = passed(out, row.Test) || passed(b.test(ctx, binary, pkg, pattern(row.Test)), row.Test)
		}
		remove(binary)
	}
	return passing, nil
}

func key(row rfctable.Row) string { return row.Package + ": " + row.Test }

// overlay writes the file of a row with the rule broken, and the overlay that
// puts it in its place.
func (b *bench) overlay(i int, row rfctable.Row) (string, error) {
	path, err := filepath.Abs(filepath.Join(b.root, row.File))
	if err != nil {
		return "", err
	}
	source, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	broken, err := row.Break(string(source))
	if err != nil {
		return "", err
	}
	changed := filepath.Join(b.dir, fmt.Sprintf("%d.go", i))
	list, err := json.Marshal(map[string]map[string]string{"Replace": {path: changed}})
	if err != nil {
		return "", err
	}
	name := filepath.Join(b.dir, fmt.Sprintf("%d.json", i))
	return name, errors.Join(os.WriteFile(changed, []byte(broken), 0o600), os.WriteFile(name, list, 0o600))
}

// build makes the test binary of a package: as fast as that goes, which is most of
// the work.
func (b *bench) build(ctx context.Context, name, pkg string, flags ...string) (binary, out string, err error) {
	binary = filepath.Join(b.dir, name)
	args := append([]string{"test", "-c", "-gcflags=-N -l", "-ldflags=-s -w", "-o", binary}, flags...)
	cmd := exec.CommandContext(ctx, "go", append(args, "./"+pkg)...)
	cmd.Dir = b.root
	said, err := cmd.CombinedOutput()
	if _, missing := os.Stat(binary); err == nil && missing != nil {
		err = errors.New("there is no test in the package")
	}
	return binary, string(said), err
}

// test runs tests of a binary where the go command would, and returns what they
// print.
func (b *bench) test(ctx context.Context, binary, pkg, pattern string) string {
	cmd := exec.CommandContext(ctx, binary, "-test.v", "-test.count=1", "-test.timeout=60s", "-test.run", pattern)
	cmd.Dir = filepath.Join(b.root, pkg)
	out, _ := cmd.CombinedOutput() // whether it failed stands in its output
	return string(out)
}

// pattern matches one test, and its subtests if it has any.
func pattern(test string) string {
	parts := strings.Split(test, "/")
	for i, p := range parts {
		parts[i] = "^" + regexp.QuoteMeta(printed(p)) + "$"
	}
	return strings.Join(parts, "/")
}

// printed is the name of a subtest as package testing writes it.
func printed(name string) string { return strings.ReplaceAll(name, " ", "_") }

func passed(out, test string) bool { return concluded(out, "PASS", test) }

func failed(out, test string) bool { return concluded(out, "FAIL", test) }

func concluded(out, word, test string) bool {
	return regexp.MustCompile(`(?m)--- ` + word + `: ` + regexp.QuoteMeta(printed(test)) + ` \(`).MatchString(out)
}

func remove(binary string) { _ = os.Remove(binary) } // the directory goes in the end anyway

// tail is the end of what was printed.
func tail(out string) string {
	lines := strings.Split(strings.TrimSpace(out), "\n")
	return strings.Join(lines[max(0, len(lines)-12):], "\n")
}

func indented(s string) string {
	return "    " + strings.ReplaceAll(strings.TrimSpace(s), "\n", "\n    ")
}
