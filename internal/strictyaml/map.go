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
	keys    *keys    // what is asked for, of a schema; nil while a file is read
}

type entry struct{ key, value *yaml.Node }

// place is where a value stands, in a file or in a schema.
type place struct {
	path   string
	node   *yaml.Node
	schema *Schema // nil in a file
}

func (d *Document) newMap(p place) *Map {
	path, n := p.path, p.node
	m := &Map{doc: d, path: path, node: n}
	if p.schema != nil {
		m.keys = p.schema.object()
		return m
	}
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

// find returns the value of a key, and notes that it was asked for.
func (m *Map) find(key string) (place, bool) {
	if m == nil {
		return place{}, false
	}
	if m.keys != nil {
		return place{join(m.path, key), noNode, m.keys.at(key)}, true
	}
	if !slices.Contains(m.asked, key) {
		m.asked = append(m.asked, key)
	}
	for _, e := range m.entries {
		if e.key.Value == key {
			return place{path: join(m.path, key), node: e.value}, true
		}
	}
	return place{}, false
}

// Has reports whether the key is there, whatever its value.
func (m *Map) Has(key string) bool {
	_, ok := m.find(key)
	return ok
}

// Map returns the map under a key, nil if there is none.
func (m *Map) Map(key string) *Map {
	p, ok := m.find(key)
	if !ok {
		return nil
	}
	if p.schema == nil && p.node.Kind != yaml.MappingNode {
		m.doc.wrongType(p, "a map of keys to values")
		return nil
	}
	return m.doc.newMap(p)
}

// Entries calls f for every entry, for a map whose keys are data. A value that
// is a map or a list is a problem, and f is not called for it.
func (m *Map) Entries(f func(key, value Value)) {
	if m == nil {
		return
	}
	m.free = true
	if m.keys != nil {
		name, value := m.keys.entry()
		name.one()
		value.one()
		f(m.doc.value(place{m.path, noNode, name}), m.doc.value(place{m.path, noNode, value}))
	}
	for _, e := range m.entries {
		path := join(m.path, e.key.Value)
		if v, ok := m.doc.scalar(place{path: path, node: e.value}, "one value"); ok {
			f(m.doc.value(place{path: path, node: e.key}), v)
		}
	}
}

// Failf reports a problem at a key, or at the map if it has no such key or the key
// is empty.
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
	path := m.path
	if key != "" {
		path = join(path, key)
	}
	m.doc.fail(at.Line, at.Column, path, fmt.Sprintf(format, args...))
}

// Require reports a key that is missing, and whether it is there.
func (m *Map) Require(key string) bool {
	_, ok := m.find(key)
	if !ok && m != nil {
		m.doc.fail(m.node.Line, m.node.Column, join(m.path, key), "the key is missing")
	}
	if ok && m.keys != nil {
		m.keys.want = append(m.keys.want, []string{key})
	}
	return ok
}

// RequireAny reports keys of which none is there, and whether one is; why says
// what is wanted. The problem is that of the first key.
func (m *Map) RequireAny(why string, keys ...string) bool {
	for _, key := range keys {
		if m.Has(key) && m.keys == nil {
			return true
		}
	}
	if m == nil {
		return false
	}
	if m.keys != nil {
		m.keys.want = append(m.keys.want, keys)
		return true
	}
	m.Failf(keys[0], "the key is missing: %s", why)
	return false
}

// Done reports the keys that nobody asked for. Call it when all were read.
func (m *Map) Done() {
	if m == nil || m.free {
		return
	}
	if m.keys != nil {
		m.keys.closed = true
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
		if near := Nearest(e.key.Value, m.asked); near != "" {
			text += fmt.Sprintf("; did you mean %q?", near)
		} else if len(m.asked) > 0 {
			text += "; known here: " + strings.Join(m.asked, ", ")
		}
		m.doc.fail(e.key.Line, e.key.Column, join(m.path, e.key.Value), text)
	}
}
