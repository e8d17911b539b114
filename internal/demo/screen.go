package demo

import (
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"
)

// width is that of the terminal. No line is wider.
const width = 100

// style is how a piece of a line looks, as the parameter of the SGR sequence of
// ECMA-48; none is plain.
type style string

const (
	none   style = ""
	bold   style = "1"
	dim    style = "2"
	red    style = "31"
	green  style = "32"
	yellow style = "33"
	cyan   style = "36"
)

// span is a piece of a line.
type span struct {
	text  string
	style style
}

// screen writes lines. The first error stays, and nothing is written after it.
type screen struct {
	w      io.Writer
	colour bool
	err    error
}

func newScreen(w io.Writer, plain bool) *screen {
	return &screen{w: w, colour: !plain && isTerminal(w) && os.Getenv("NO_COLOR") == ""}
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// line writes one line, cut at the width of the terminal.
func (s *screen) line(spans ...span) {
	var b strings.Builder
	left := width
	for _, sp := range spans {
		text := cut(sp.text, left)
		left -= utf8.RuneCountInString(text)
		if s.colour && sp.style != none && text != "" {
			text = "\x1b[" + string(sp.style) + "m" + text + "\x1b[0m"
		}
		b.WriteString(text)
	}
	if s.err == nil {
		_, s.err = io.WriteString(s.w, strings.TrimRight(b.String(), " ")+"\n")
	}
}

// paragraph writes a text after a label, wrapped and indented to stand beside
// it.
func (s *screen) paragraph(label string, indent int, text span) {
	for i, part := range wrap(text.text, width-indent) {
		if i > 0 {
			label = ""
		}
		s.line(span{pad(label, indent), dim}, span{part, text.style})
	}
}

// cut shortens a text to n columns.
func cut(text string, n int) string {
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	if n < 1 {
		return ""
	}
	return string([]rune(text)[:n-1]) + "…"
}

// pad makes a text n columns wide.
func pad(text string, n int) string {
	text = cut(text, n)
	return text + strings.Repeat(" ", n-utf8.RuneCountInString(text))
}

// wrap breaks a text at spaces into lines of at most n columns.
func wrap(text string, n int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(printable(text)) {
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= n:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return append(lines, line)
}

// printable makes a text from a socket fit for a terminal.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
}
