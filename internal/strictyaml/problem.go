package strictyaml

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// maxProblems bounds what one file can make us say.
const maxProblems = 200

// Problem is one thing that is wrong in a file.
type Problem struct {
	File      string
	Line, Col int    // from 1
	Path      string // "profiles[0].name"; empty for the file as a whole
	Text      string // what was seen and what is allowed
	Shown     string // lines that show it; may be empty
}

// String returns "file:line:col: path: text", and what is shown below it.
func (p Problem) String() string { return p.line("") }

// Warning is String of what is no mistake: "file:line:col: warning: path: text".
func (p Problem) Warning() string { return p.line("warning: ") }

func (p Problem) line(kind string) string {
	s := p.File + ":" + strconv.Itoa(p.Line) + ":" + strconv.Itoa(p.Col) + ": " + kind
	if p.Path != "" {
		s += p.Path + ": "
	}
	s += p.Text
	if p.Shown != "" {
		s += "\n    " + strings.ReplaceAll(p.Shown, "\n", "\n    ")
	}
	return s
}

// Error is everything that is wrong in a file, in the order of the file.
type Error struct {
	Problems []Problem // 1 to 200
	Omitted  int       // how many more there are
}

// Error returns one problem per line, each with what is shown below it.
func (e *Error) Error() string {
	lines := make([]string, 0, len(e.Problems)+1)
	for _, p := range e.Problems {
		lines = append(lines, p.String())
	}
	if e.Omitted > 0 {
		lines = append(lines, fmt.Sprintf("and %d more problems", e.Omitted))
	}
	return strings.Join(lines, "\n")
}

// Err returns nil, or an [*Error] with every problem found so far.
func (d *Document) Err() error {
	if len(d.problems) == 0 {
		return nil
	}
	sorted := slices.Clone(d.problems)
	slices.SortStableFunc(sorted, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
	return &Error{Problems: sorted, Omitted: d.omitted}
}

func (d *Document) full() bool { return len(d.problems) == maxProblems }

func (d *Document) fail(line, col int, path, text string) { d.failShown(line, col, path, text, "") }

func (d *Document) failShown(line, col int, path, text, shown string) {
	if d.unread {
		return
	}
	if d.full() {
		d.omitted++
		return
	}
	d.problems = append(d.problems, Problem{d.file, max(line, 1), max(col, 1), path, oneLine(text), shown})
}

// oneLine replaces control characters that a text took over from the file.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// join and index extend a path. A key that would make the path ambiguous is
// quoted.
func join(path, key string) string {
	key = clip(key)
	if !plainKey.MatchString(key) {
		key = strconv.Quote(key)
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

var plainKey = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.\.\.)?$`)

func index(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// clip shortens what came from the file, so that a problem stays a line.
func clip(s string) string {
	if len(s) > 64 {
		return strings.ToValidUTF8(s[:61], "") + "..."
	}
	return s
}
