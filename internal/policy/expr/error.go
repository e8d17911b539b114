package expr

import (
	"strings"
	"unicode/utf8"
)

// Error is an expression that cannot be compiled, or whose evaluation failed.
type Error struct {
	// Source is the text of the expression, or of the whole template.
	Source string
	// Line in Source, from 1; 0 if the error has no place.
	Line int
	// Column in characters within that line, from 1; 0 if the error has no place.
	Column int
	// Message says what is wrong, and what would be right, in one line.
	Message string
}

// Error returns the message alone; the caller knows in which file and line the
// expression stands. [Error.Render] shows the place.
func (e *Error) Error() string { return e.Message }

// Offset returns the place in characters from the beginning of Source, from 0.
func (e *Error) Offset() int {
	offset, rest := max(e.Column-1, 0), e.Source
	for line := 1; line < e.Line; line++ {
		before, after, ok := strings.Cut(rest, "\n")
		if !ok {
			break
		}
		offset += utf8.RuneCountInString(before) + 1
		rest = after
	}
	return offset
}

// Render returns the message, the line of the expression indented by two, and a
// caret under the place:
//
//	undeclared reference to "contct" (did you mean "contact"?)
//	  contct.uri.host == "a"
//	  ^
func (e *Error) Render() string {
	if e.Line == 0 {
		return e.Message
	}
	line := []rune(nthLine(e.Source, e.Line))
	column := min(max(e.Column-1, 0), len(line))
	// A long line is cut so that the place is seen.
	const before, after = 60, 60
	lead := ""
	if column > before {
		line, column = line[column-before:], before
		lead = "..."
	}
	tail := ""
	if len(line) > column+after {
		line, tail = line[:column+after], "..."
	}
	return e.Message + "\n  " + lead + plain(string(line)) + tail + "\n  " + strings.Repeat(" ", len(lead)+column) + "^"
}

// nthLine returns a line of a text, counted from 1, without its end.
func nthLine(text string, n int) string {
	for ; n > 1; n-- {
		_, rest, ok := strings.Cut(text, "\n")
		if !ok {
			return ""
		}
		text = rest
	}
	line, _, _ := strings.Cut(text, "\n")
	return strings.TrimSuffix(line, "\r")
}
