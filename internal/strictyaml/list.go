package strictyaml

import "go.yaml.in/yaml/v3"

// Strings reads a list of texts. It returns whether the key is there and every
// element good.
func (m *Map) Strings(key string, into *[]string) bool {
	nodes, ok := m.list(key, "a list of texts, like [a, b]")
	if !ok {
		return false
	}
	texts := make([]string, 0, len(nodes))
	for i, n := range nodes {
		v, good := m.doc.scalar(n, index(join(m.path, key), i), "a text")
		if good && v.wantText() {
			texts = append(texts, v.Text)
		}
	}
	if len(texts) < len(nodes) {
		return false
	}
	*into = texts
	return true
}

// Maps returns the maps of a list, nil if the key is absent. An element that is
// no map is a problem and left out.
func (m *Map) Maps(key string) []*Map {
	nodes, _ := m.list(key, "a list of maps")
	var maps []*Map
	for i, n := range nodes {
		path := index(join(m.path, key), i)
		if n.Kind != yaml.MappingNode {
			m.doc.wrongType(n, path, "a map of keys to values")
			continue
		}
		maps = append(maps, m.doc.newMap(path, n))
	}
	return maps
}

// Each calls f for every element of a list of single values.
func (m *Map) Each(key string, f func(v Value)) {
	nodes, _ := m.list(key, "a list of values, like [a, b]")
	for i, n := range nodes {
		if v, ok := m.doc.scalar(n, index(join(m.path, key), i), "one value"); ok {
			f(v)
		}
	}
}

// EachOrMap is Each for a list whose elements may also be maps, for which it calls
// g: whoever has more to say about an element than its value.
func (m *Map) EachOrMap(key string, f func(v Value), g func(*Map)) {
	nodes, _ := m.list(key, "a list of values, like [a, b]")
	for i, n := range nodes {
		path := index(join(m.path, key), i)
		if n.Kind == yaml.MappingNode {
			g(m.doc.newMap(path, n))
		} else if v, ok := m.doc.scalar(n, path, "one value, or a map of keys to values"); ok {
			f(v)
		}
	}
}

// Some is Each for a list that must not be empty, where none would mean all: who
// takes out the last element does not want that.
func (m *Map) Some(key string, f func(v Value)) {
	if nodes, ok := m.list(key, "a list of values, like [a, b]"); ok && len(nodes) == 0 {
		m.Failf(key, "the list is empty; name at least one, or leave the key out")
	} else if ok {
		m.Each(key, f)
	}
}

// OneOrEach is Each for a key whose value may also be a single value, not in a
// list.
func (m *Map) OneOrEach(key string, f func(v Value)) {
	e, ok := m.find(key)
	if ok && e.value.Kind == yaml.ScalarNode {
		if v, ok := m.doc.scalar(e.value, join(m.path, key), "a value or a list of them"); ok {
			f(v)
		}
		return
	}
	m.Each(key, f)
}

func (m *Map) list(key, want string) ([]*yaml.Node, bool) {
	e, ok := m.find(key)
	if !ok {
		return nil, false
	}
	if e.value.Kind != yaml.SequenceNode {
		m.doc.wrongType(e.value, join(m.path, key), want)
		return nil, false
	}
	return e.value.Content, true
}
