// Package rfctable reads the tables of docs/rfc.md: the rules that the edge
// keeps, each with the test that holds it and the change that breaks it.
package rfctable

import (
	"fmt"
	"regexp"
	"strings"
)

// Row is one rule.
type Row struct {
	Line    int    // in the page, from 1
	Rule    string // a sentence
	Section string // of RFC 3261 unless it names another one
	File    string // path in the repository: where the rule is kept
	Package string // path in the repository of the package of the test
	Test    string // name of the test, with its subtests after slashes
	Old     string // text that stands once in File, in one line
	New     string // what breaks the rule in its place
}

// columns of a table: rule, section, file, test, broken by.
const columns = 5

// Parse reads every table of a page that has five columns. The error names the
// first line that is no row, and what is wrong with it.
func Parse(page string) ([]Row, error) {
	var rows []Row
	header, number := true, 0
	for line := range strings.Lines(page) {
		number++
		if !strings.HasPrefix(line, "|") {
			header = true
			continue
		}
		if cells := split(line); !header && !isRuler(cells) {
			row, err := parseRow(cells)
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", number, err)
			}
			row.Line = number
			rows = append(rows, row)
		}
		header = false
	}
	return rows, nil
}

// split cuts a row at every bar that has no backslash before it: even between
// backquotes a bar ends its cell.
func split(line string) []string {
	const bar = "\x00"
	line = strings.ReplaceAll(strings.TrimSpace(line), `\|`, bar)
	cells := strings.Split(strings.Trim(line, "|"), "|")
	for i, c := range cells {
		cells[i] = strings.ReplaceAll(strings.TrimSpace(c), bar, "|")
	}
	return cells
}

func isRuler(cells []string) bool { return strings.Trim(strings.Join(cells, ""), "-:") == "" }

var (
	codeCell  = regexp.MustCompile("^`([^`]+)`$")
	testName  = regexp.MustCompile("^([a-z][a-z0-9/]*): (Test[A-Za-z0-9]+(?:/[^/]+)*)$")
	breakCell = regexp.MustCompile("^`([^`]+)` → (?:`([^`]+)`|nothing)$")
)

func parseRow(cells []string) (Row, error) {
	if len(cells) != columns {
		return Row{}, fmt.Errorf("%d cells, want %d (a bar within a cell is written \\|)", len(cells), columns)
	}
	row := Row{Rule: cells[0], Section: cells[1]}
	if row.Rule == "" || row.Section == "" {
		return Row{}, fmt.Errorf("rule %q of section %q: want both", row.Rule, row.Section)
	}
	file := codeCell.FindStringSubmatch(cells[2])
	if file == nil {
		return Row{}, fmt.Errorf("file is %q, want `path`", cells[2])
	}
	var test []string
	if code := codeCell.FindStringSubmatch(cells[3]); code != nil {
		test = testName.FindStringSubmatch(code[1])
	}
	if test == nil {
		return Row{}, fmt.Errorf("test is %q, want `package/path: TestName/subtest`", cells[3])
	}
	change := breakCell.FindStringSubmatch(cells[4])
	if change == nil {
		return Row{}, fmt.Errorf("broken by is %q, want `old` → `new` or `old` → nothing", cells[4])
	}
	row.File, row.Package, row.Test, row.Old, row.New = file[1], test[1], test[2], change[1], change[2]
	return row, nil
}

// Break returns the source of the row's file with the rule broken. The error
// says how often the text that the row replaces was found instead of once.
func (r *Row) Break(source string) (string, error) {
	if n := strings.Count(source, r.Old); n != 1 {
		return "", fmt.Errorf("%s has %q %d times, want once", r.File, r.Old, n)
	}
	return strings.Replace(source, r.Old, r.New, 1), nil
}
