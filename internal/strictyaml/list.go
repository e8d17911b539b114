package strictyaml

import "go.yaml.in/yaml/v3"

// Strings reads a list of texts. It returns whether the key is there and every
// element good.
func (m *Map) Strings(key string, into *[]string) bool {
	places, ok := m.list(key, "a list of texts, like [a, b]")
	if !ok {
		return false
	}
	texts := make([]string, 0, len(places))
	for _, p := range places {
		v, good := m.doc.scalar(p, "a text")
		if good && v.wantText() {
			texts = append(texts, v.Text)
		}
	}
	if m.keys != nil {
		if *into != nil {
			m.keys.at(key).otherwise(*into)
		}
		return true
	}
	if len(texts) < len(places) {
		return false
	}
	*into = texts
	return true
}

// Maps returns the maps of a list, nil if the key is absent. An element that is
// no map is a problem and left out.
func (m *Map) Maps(key string) []*Map {
	places, _ := m.list(key, "a list of maps")
	var maps []*Map
	for _, p := range places {
		if p.schema == nil && p.node.Kind != yaml.MappingNode {
			m.doc.wrongType(p, "a map of keys to values")
			continue
		}
		maps = append(maps, m.doc.newMap(p))
	}
	return maps
}

// Each calls f for every element of a list of single values.
func (m *Map) Each(key string, f func(v Value)) {
	places, _ := m.list(key, "a list of values, like [a, b]")
	for _, p := range places {
		if v, ok := m.doc.scalar(p, "one value"); ok {
			f(v)
		}
	}
}

// EachOrMap is Each for a list whose elements may also be maps, for which it calls
// g: whoever has more to say about an element than its value.
func (m *Map) EachOrMap(key string, f func(v Value), g func(*Map)) {
	places, _ := m.list(key, "a list of values, like [a, b]")
	for _, p := range places {
		m.doc.scalarOrMap(p, f, g)
	}
}

// TextOrMap calls f for the value under a key, or g if it is a map: whoever has
// more to say than the value. It calls none if the key is absent.
func (m *Map) TextOrMap(key string, f func(v Value), g func(*Map)) {
	if p, ok := m.find(key); ok {
		m.doc.scalarOrMap(p, f, g)
	}
}

func (d *Document) scalarOrMap(p place, f func(v Value), g func(*Map)) {
	if p.schema != nil || p.node.Kind == yaml.MappingNode {
		g(d.newMap(p))
	}
	if p.schema == nil && p.node.Kind == yaml.MappingNode {
		return
	}
	if v, ok := d.scalar(p, "one value, or a map of keys to values"); ok {
		f(v)
	}
}

// Some is Each for a list that must not be empty, where none would mean all: who
// takes out the last element does not want that.
func (m *Map) Some(key string, f func(v Value)) {
	places, ok := m.list(key, "a list of values, like [a, b]")
	switch {
	case !ok:
	case len(places) == 0:
		m.Failf(key, "the list is empty; name at least one, or leave the key out")
	default:
		if m.keys != nil {
			m.keys.at(key).some = true
		}
		m.Each(key, f)
	}
}

// OneOrEach is Each for a key whose value may also be a single value, not in a
// list.
func (m *Map) OneOrEach(key string, f func(v Value)) {
	p, ok := m.find(key)
	if ok && (p.schema != nil || p.node.Kind == yaml.ScalarNode) {
		if v, ok := m.doc.scalar(p, "a value or a list of them"); ok {
			f(v)
		}
		if p.schema == nil {
			return
		}
	}
	m.Each(key, f)
}

// list returns the elements of a list.
func (m *Map) list(key, want string) ([]place, bool) {
	p, ok := m.find(key)
	if !ok {
		return nil, false
	}
	if p.schema != nil {
		return []place{{path: index(p.path, 0), node: noNode, schema: p.schema.item()}}, true
	}
	if p.node.Kind != yaml.SequenceNode {
		m.doc.wrongType(p, want)
		return nil, false
	}
	places := make([]place, len(p.node.Content))
	for i, n := range p.node.Content {
		places[i] = place{path: index(p.path, i), node: n}
	}
	return places, true
}
