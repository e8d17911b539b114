package strictyaml

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Map is a map of the file. Every key that is asked for, by any method, counts
// as known; [Map.Done] reports the others. A nil Map is an empty one.
type Map struct {
	doc     *Document
	path    string
	node    *yaml.Node
	entries []entry
	asked   []string // in the order of asking, for the list of allowed keys
	free    bool     // the keys are data
}

type entry struct{ key, value *yaml.Node }

func (d *Document) newMap(path string, n *yaml.Node) *Map {
	m := &Map{doc: d, path: path, node: n}
	seen := make(map[string]int, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind != yaml.ScalarNode {
			d.fail(key.Line, key.Column, path, "a key is "+kindOf(key)+"; want a word")
			continue
		}
		if line, ok := seen[key.Value]; ok {
			d.fail(key.Line, key.Column, join(path, key.Value), fmt.Sprintf("the key stands here twice, first in line %d", line))
			continue
		}
		seen[key.Value] = key.Line
		m.entries = append(m.entries, entry{key, value})
	}
	return m
}

// find returns the entry of a key, and notes that it was asked for.
func (m *Map) find(key string) (entry, bool) {
	if m == nil {
		return entry{}, false
	}
	if !slices.Contains(m.asked, key) {
		m.asked = append(m.asked, key)
	}
	for _, e := range m.entries {
		if e.key.Value == key {
			return e, true
		}
	}
	return entry{}, false
}

// Has reports whether the key is there, whatever its value.
func (m *Map) Has(key string) bool {
	_, ok := m.find(key)
	return ok
}

// Map returns the map under a key, nil if there is none.
func (m *Map) Map(key string) *Map {
	e, ok := m.find(key)
	if !ok {
		return nil
	}
	path := join(m.path, key)
	if e.value.Kind != yaml.MappingNode {
		m.doc.wrongType(e.value, path, "a map of keys to values")
		return nil
	}
	return m.doc.newMap(path, e.value)
}

// Entries calls f for every entry, for a map whose keys are data. A value that
// is a map or a list is a problem, and f is not called for it.
func (m *Map) Entries(f func(key, value Value)) {
	if m == nil {
		return
	}
	m.free = true
	for _, e := range m.entries {
		path := join(m.path, e.key.Value)
		if v, ok := m.doc.scalar(e.value, path, "one value"); ok {
			f(m.doc.value(e.key, path), v)
		}
	}
}

// Failf reports a problem at a key, or at the map if it has no such key.
func (m *Map) Failf(key, format string, args ...any) {
	if m == nil {
		return
	}
	at := m.node
	for _, e := range m.entries {
		if e.key.Value == key {
			at = e.key
		}
	}
	m.doc.fail(at.Line, at.Column, join(m.path, key), fmt.Sprintf(format, args...))
}

// Require reports a key that is missing, and whether it is there.
func (m *Map) Require(key string) bool {
	_, ok := m.find(key)
	if !ok && m != nil {
		m.doc.fail(m.node.Line, m.node.Column, join(m.path, key), "the key is missing")
	}
	return ok
}

// Done reports the keys that nobody asked for. Call it when all were read.
func (m *Map) Done() {
	if m == nil || m.free {
		return
	}
	for _, e := range m.entries {
		if slices.Contains(m.asked, e.key.Value) {
			continue
		}
		if m.doc.full() { // no more is said, so nothing more is searched
			m.doc.omitted++
			continue
		}
		text := "unknown key"
		if near := nearest(e.key.Value, m.asked); near != "" {
			text += fmt.Sprintf("; did you mean %q?", near)
		} else if len(m.asked) > 0 {
			text += "; known here: " + strings.Join(m.asked, ", ")
		}
		m.doc.fail(e.key.Line, e.key.Column, join(m.path, e.key.Value), text)
	}
}
