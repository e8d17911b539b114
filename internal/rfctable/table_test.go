package rfctable

import (
	"strings"
	"testing"
)

const head = "# A page\n\n| rule | section | file | test | broken by |\n|---|---|---|---|---|\n"

func TestParse(t *testing.T) {
	rows, err := Parse(head +
		"| It counts. | 16.6 step 3 | `a/b.go` | `a/b: TestB/by one` | `n - 1` → `n` |\n" +
		"\nText.\n\n| rule | section | file | test | broken by |\n| --- | --- | --- | --- | --- |\n" +
		"| It chooses. | RFC 3263 | `a/c.go` | `a: TestC` | `x \\|\\| y` → nothing |\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []Row{
		{5, "It counts.", "16.6 step 3", "a/b.go", "a/b", "TestB/by one", "n - 1", "n"},
		{11, "It chooses.", "RFC 3263", "a/c.go", "a", "TestC", "x || y", ""},
	}
	if len(rows) != len(want) {
		t.Fatalf("%d rows, want %d", len(rows), len(want))
	}
	for i, row := range rows {
		if row != want[i] {
			t.Errorf("row %d is %+v, want %+v", i, row, want[i])
		}
	}
}

func TestParseErrors(t *testing.T) {
	for row, want := range map[string]string{
		"| a | b | `c` | `d: TestE` |":                        "4 cells",
		"| a | b | `c` | `d: TestE` | `x || y` → `z` |":       "cells",
		"|  | b | `c` | `d: TestE` | `x` → `y` |":             "want both",
		"| a | b | c | `d: TestE` | `x` → `y` |":              "file is",
		"| a | b | `c` | `TestE` | `x` → `y` |":               "test is",
		"| a | b | `c` | `d: TestE/` | `x` → `y` |":           "test is",
		"| a | b | `c` | `d: TestE` | `x` becomes `y` |":      "broken by is",
		"| a | b | `c` | `d: TestE` | the change of a line |": "broken by is",
	} {
		rows, err := Parse(head + row + "\n")
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "line 5: ") {
			t.Errorf("%s: %v, %v; want line 5 and %q", row, rows, err, want)
		}
	}
}

func TestBreak(t *testing.T) {
	row := Row{File: "a.go", Old: "n - 1", New: "n"}
	if got, err := row.Break("return n - 1\n"); err != nil || got != "return n\n" {
		t.Errorf("%q, %v", got, err)
	}
	for source, want := range map[string]string{"return n": "0 times", "n - 1 + n - 1": "2 times"} {
		if got, err := row.Break(source); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %q, %v; want %q", source, got, err, want)
		}
	}
}
