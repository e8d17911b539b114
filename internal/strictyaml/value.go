package strictyaml

import (
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Value is one value of the file, or a key that is data.
type Value struct {
	Path      string // "profiles[0].follow[2]"
	Text      string // as it stands there, without quotes
	Line, Col int    // from 1

	doc    *Document
	node   *yaml.Node
	schema *Schema // nil in a file
}

func (d *Document) value(p place) Value {
	return Value{Path: p.path, Text: p.node.Value, Line: p.node.Line, Col: p.node.Column, doc: d, node: p.node, schema: p.schema}
}

// Like says, for a schema and without looking at the value, that it is a text,
// never a number or true and false. The pattern (of ECMA 262, as JSON Schema has
// them) is one that every good text matches, empty for none; the examples are
// good texts.
func (v Value) Like(pattern string, examples ...string) {
	if v.schema != nil {
		s := v.schema.one()
		s.kind, s.pattern, s.examples = text, pattern, examples
	}
}

// Examples names good values, for a schema and without looking at the value; others
// may be good too.
func (v Value) Examples(values ...string) {
	if v.schema != nil {
		v.schema.one().examples = values
	}
}

// Failf reports a problem at this value.
func (v Value) Failf(format string, args ...any) {
	v.doc.fail(v.Line, v.Col, v.Path, fmt.Sprintf(format, args...))
}

// Int returns the value as a whole number in decimal from lo to hi, and reports
// a problem if it is none.
func (v Value) Int(lo, hi int) (int, bool) {
	if v.schema != nil {
		s := v.schema.one()
		s.kind, s.lo, s.hi = whole, lo, hi
		return lo, true
	}
	n, err := strconv.Atoi(v.Text)
	tag := v.node.ShortTag() // YAML takes a number beyond 64 bits for a fraction
	switch {
	case tag != tagInt && tag != tagFloat || !isDigits(v.Text):
		v.Failf("%s is no whole number; want %d to %d", show(v.node), lo, hi)
	case leadingZero(v.Text):
		v.Failf("%s begins with 0, which some read as octal; write it without", clip(v.Text))
	case err != nil || n < lo || n > hi:
		v.Failf("%s is out of range (%d to %d)", clip(v.Text), lo, hi)
	default:
		return n, true
	}
	return 0, false
}

// wantText reports a number, or true and false, where a text is wanted: it may
// be a slip of the pen, and it is clear with quotes.
func (v Value) wantText() bool {
	if v.schema != nil {
		v.schema.one().kind = text
		return true
	}
	if tag := v.node.ShortTag(); tag == tagText || tag == tagTime {
		return true
	}
	v.Failf("%s is no text; put it in quotes if it is meant to be one", show(v.node))
	return false
}

func leadingZero(digits string) bool {
	digits = strings.TrimPrefix(digits, "-")
	return len(digits) > 1 && digits[0] == '0'
}

func isDigits(s string) bool {
	for i := range len(s) {
		if (s[i] < '0' || s[i] > '9') && (i > 0 || s[i] != '-') {
			return false
		}
	}
	return s != ""
}
