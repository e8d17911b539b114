package strictyaml

import "go.yaml.in/yaml/v3"

// Describe returns what a reader takes: it runs the reader on a [Document] that
// has every key the reader asks for, and writes down how each is read. So a
// schema is never out of step with the code that reads.
//
// The reader runs several times. Each time [Map.Enum] gives another of its words,
// so that keys that are read after one word only are found too; what is found is
// added up. Nothing is a problem in such a document: [Map.Has] and [Map.Require]
// say true, numbers are the smallest allowed, texts are empty. So a reader that
// asks for a key after looking at a text of its own kind must ask for the key in
// any case. A reader must not call itself.
func Describe(read func(*Document)) *Schema {
	var all *Schema
	for run, runs := 0, 1; run < runs; run++ {
		d := &Document{unread: true, run: run}
		s := new(Schema)
		d.root = d.newMap(place{node: noNode, schema: s})
		read(d)
		runs = max(runs, d.words)
		all = merge(all, s)
	}
	all.isFile = true
	return all
}

// Schema is how a value is read: as a single value, as a list or as a map, or as
// more than one of them.
type Schema struct {
	singles []single // the ways in which a single value is read
	items   *Schema  // of a list
	some    bool     // the list must not be empty
	keys    *keys    // of a map
	isFile  bool

	value     any // that holds without the key
	disagreed bool
}

// single is one way of reading a single value.
type single struct {
	kind     kind
	lo, hi   int      // of whole
	words    []string // of word
	within   string   // of duration: "100ms to 30s"
	zero     bool     // of duration: 0 needs no unit
	pattern  string   // of text
	examples []string // of text and anything
}

type kind int

const (
	anything kind = iota // whatever its type
	text
	whole
	boolean
	duration
	word
)

// keys are those of a map.
type keys struct {
	names   []string // in the order of asking
	schemas map[string]*Schema
	want    [][]string // of each of these, at least one key is there
	closed  bool       // no others are allowed

	// Of a map whose keys are data.
	name, value *Schema
}

// noNode stands for what is in no file.
var noNode = &yaml.Node{Kind: yaml.ScalarNode, Tag: tagText, Line: 1, Column: 1}

// one notes that a single value is read here.
func (s *Schema) one() *single {
	if len(s.singles) == 0 {
		s.singles = []single{{}}
	}
	return &s.singles[0]
}

func (s *Schema) item() *Schema {
	if s.items == nil {
		s.items = new(Schema)
	}
	return s.items
}

func (s *Schema) object() *keys {
	if s.keys == nil {
		s.keys = &keys{schemas: make(map[string]*Schema)}
	}
	return s.keys
}

// otherwise notes what holds without the key.
func (s *Schema) otherwise(value any) {
	if s != nil {
		s.value = value
	}
}

func (k *keys) at(key string) *Schema {
	s, ok := k.schemas[key]
	if !ok {
		s = new(Schema)
		k.schemas[key] = s
		k.names = append(k.names, key)
	}
	return s
}

// entry notes that the keys of a map are data.
func (k *keys) entry() (name, value *Schema) {
	if k.name == nil {
		k.name, k.value = new(Schema), new(Schema)
	}
	return k.name, k.value
}
