package strictyaml

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// FailfAt reports a problem inside a text: at a line and a column of it, from 1,
// in characters. Shown are lines for people that follow the problem, such as the
// text with the place underlined. Where a text does not stand in the file as it
// is read - it has escapes, or was folded - the problem is at its beginning.
func (v Value) FailfAt(line, col int, shown, format string, args ...any) {
	atLine, atCol := v.doc.within(v.node, line, col)
	v.doc.failShown(atLine, atCol, v.Path, fmt.Sprintf(format, args...), shown)
}

// Position returns where a key stands, or the map if it has no such key: line and
// column from 1; 0 in a schema.
func (m *Map) Position(key string) (line, col int) {
	if m == nil || m.keys != nil {
		return 0, 0
	}
	at := m.node
	for _, e := range m.entries {
		if e.key.Value == key {
			at = e.key
		}
	}
	return at.Line, at.Column
}

// Warnf notes something at a key that is no mistake but is hardly meant.
func (m *Map) Warnf(key, format string, args ...any) {
	if m == nil || m.keys != nil || len(m.doc.warnings) == maxProblems {
		return
	}
	line, col := m.Position(key)
	m.doc.warnings = append(m.doc.warnings, Problem{File: m.doc.file, Line: line, Col: col, Path: join(m.path, key), Text: oneLine(fmt.Sprintf(format, args...))})
}

// Warnings returns what [Map.Warnf] noted, in the order of noting.
func (d *Document) Warnings() []Problem { return d.warnings }

// within returns where in the file a place of a text is.
func (d *Document) within(n *yaml.Node, line, col int) (int, int) {
	switch n.Style &^ yaml.TaggedStyle {
	case 0: // plain
		if line == 1 && d.standsAt(n.Line, n.Column, n.Value) {
			return n.Line, n.Column + col - 1
		}
	case yaml.SingleQuotedStyle, yaml.DoubleQuotedStyle:
		if line == 1 && d.standsAt(n.Line, n.Column+1, n.Value) {
			return n.Line, n.Column + col
		}
	case yaml.LiteralStyle:
		text := d.line(n.Line + line)
		return n.Line + line, len(text) - len(strings.TrimLeft(text, " ")) + col
	case yaml.FoldedStyle, yaml.FlowStyle, yaml.TaggedStyle: // its lines are not those of the file
	}
	return n.Line, n.Column
}

// standsAt reports whether a text stands in the file as it is.
func (d *Document) standsAt(line, col int, text string) bool {
	have := []rune(d.line(line))
	return col <= len(have) && strings.HasPrefix(string(have[col-1:]), text)
}

func (d *Document) line(n int) string {
	lines := strings.SplitN(string(d.data), "\n", n+1)
	if n < 1 || n > len(lines) {
		return ""
	}
	return strings.TrimRight(lines[n-1], "\r")
}
