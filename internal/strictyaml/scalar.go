package strictyaml

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// The short tags of what YAML itself tells apart.
const (
	tagText  = "!!str"
	tagTime  = "!!timestamp" // "2026-01-01" is a text to us
	tagInt   = "!!int"
	tagBool  = "!!bool"
	tagFloat = "!!float"
	tagNull  = "!!null"
)

// String reads a text. It returns whether the key is there and good; otherwise
// into stays as it is. The same holds for the other methods of this kind.
func (m *Map) String(key string, into *string) bool {
	v, ok := m.get(key, "a text")
	if !ok || !v.wantText() {
		return false
	}
	if v.schema != nil && *into != "" {
		v.schema.otherwise(*into)
	}
	*into = v.Text
	return true
}

// Int reads a whole number from lo to hi, both included.
func (m *Map) Int(key string, into *int, lo, hi int) bool {
	v, ok := m.get(key, fmt.Sprintf("a whole number from %d to %d", lo, hi))
	if !ok {
		return false
	}
	if v.schema != nil && *into >= lo {
		v.schema.otherwise(*into)
	}
	n, ok := v.Int(lo, hi)
	if ok {
		*into = n
	}
	return ok
}

// Bool reads true or false.
func (m *Map) Bool(key string, into *bool) bool {
	v, ok := m.get(key, "true or false")
	if !ok {
		return false
	}
	if v.schema != nil {
		v.schema.one().kind = boolean
		v.schema.otherwise(*into)
		return true
	}
	if v.node.ShortTag() != tagBool {
		v.Failf("%s is not true or false", show(v.node))
		return false
	}
	*into = strings.EqualFold(v.Text, "true")
	return true
}

// Duration reads a time with its unit, such as 200ms or 1m30s, from lo to hi.
func (m *Map) Duration(key string, into *time.Duration, lo, hi time.Duration) bool {
	v, ok := m.get(key, "a time such as "+span(lo))
	if !ok {
		return false
	}
	if v.schema != nil {
		s := v.schema.one()
		s.kind, s.within, s.zero = duration, span(lo)+" to "+span(hi), lo <= 0
		if *into > 0 {
			v.schema.otherwise(span(*into))
		}
		return true
	}
	d, err := time.ParseDuration(v.Text)
	switch {
	case err != nil:
		v.Failf("%s is no time with its unit; want %s to %s", show(v.node), span(lo), span(hi))
	case d < lo || d > hi:
		v.Failf("%s is out of range (%s to %s)", v.Text, span(lo), span(hi))
	default:
		*into = d
		return true
	}
	return false
}

// Enum reads one of a few words.
func (m *Map) Enum(key string, into *string, allowed ...string) bool {
	v, ok := m.get(key, "one of "+strings.Join(allowed, ", "))
	if !ok {
		return false
	}
	if v.schema != nil {
		s := v.schema.one()
		s.kind, s.words = word, allowed
		if *into != "" {
			v.schema.otherwise(*into)
		}
		v.doc.words = max(v.doc.words, len(allowed))
		*into = allowed[v.doc.run%len(allowed)]
		return true
	}
	if !v.OneOf(allowed...) {
		return false
	}
	*into = v.Text
	return true
}

// OneOf reports whether the value is one of a few words, and a problem if not.
func (v Value) OneOf(allowed ...string) bool {
	if v.schema != nil {
		s := v.schema.one()
		s.kind, s.words = word, allowed
		return true
	}
	if slices.Contains(allowed, v.Text) {
		return true
	}
	text := show(v.node) + " is not allowed; want one of " + strings.Join(allowed, ", ")
	if near := Nearest(v.Text, allowed); near != "" {
		text += fmt.Sprintf("; did you mean %q?", near)
	}
	v.Failf("%s", text)
	return false
}

// Value returns the one value under a key, whatever its type.
func (m *Map) Value(key string) (Value, bool) { return m.get(key, "one value") }

func (m *Map) get(key, want string) (Value, bool) {
	p, ok := m.find(key)
	if !ok {
		return Value{}, false
	}
	return m.doc.scalar(p, want)
}

// scalar reports a map, a list or nothing where one value is wanted.
func (d *Document) scalar(p place, want string) (Value, bool) {
	if p.schema != nil {
		p.schema.one()
		return d.value(p), true
	}
	if p.node.Kind != yaml.ScalarNode || isNull(p.node) {
		d.wrongType(p, want)
		return Value{}, false
	}
	return d.value(p), true
}

func (d *Document) wrongType(p place, want string) {
	d.fail(p.node.Line, p.node.Column, p.path, "this is "+kindOf(p.node)+"; want "+want)
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == tagNull }

func kindOf(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a map"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case isNull(n):
		return "empty"
	}
	return show(n)
}

// show returns a value as a problem names it: texts in quotes, so that a quoted
// number is seen to be a text.
func show(n *yaml.Node) string {
	if tag := n.ShortTag(); tag == tagInt || tag == tagBool || tag == tagFloat {
		return clip(n.Value)
	}
	return strconv.Quote(clip(n.Value))
}

// span writes a duration without the zero units that Go appends: 3m, not 3m0s.
func span(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
