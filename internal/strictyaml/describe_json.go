package strictyaml

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// draft is the version of JSON Schema that is written.
const draft = "https://json-schema.org/draft/2020-12/schema"

// About is what people read in a schema.
type About struct {
	ID, Title, Description string
	// Keys are described by path: "profiles[].name" is the name in each element of
	// the list profiles. Every key has a description.
	Keys map[string]string
}

// JSON returns the schema as a document of JSON Schema, draft 2020-12, with the
// keys in the order in which the reader asks for them. It refuses nothing that
// the reader takes. What is beyond the shape of single values - names that must be
// unique, addresses that must be good - the reader alone checks. The error names
// the keys without a description, and descriptions without a key.
func (s *Schema) JSON(about About) ([]byte, error) {
	b := builder{about: about.Keys, used: make(map[string]bool)}
	root := b.build(s, "")
	root.Draft, root.ID, root.Title, root.Description = draft, about.ID, about.Title, about.Description
	if s.isFile && len(root.Required) == 0 && len(root.AllOf) == 0 && root.Type == "object" {
		root.Type = []string{"object", "null"} // an empty file
	}
	if err := b.err(); err != nil {
		return nil, err
	}
	data, err := encode(root)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, data, "", "  "); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// jsonSchema is a schema in the order in which people want to read it.
type jsonSchema struct {
	Draft         string        `json:"$schema,omitempty"`
	ID            string        `json:"$id,omitempty"`
	Title         string        `json:"title,omitempty"`
	Description   string        `json:"description,omitempty"`
	Type          any           `json:"type,omitempty"`
	Enum          []any         `json:"enum,omitempty"`
	Minimum       *int          `json:"minimum,omitempty"`
	Maximum       *int          `json:"maximum,omitempty"`
	Pattern       string        `json:"pattern,omitempty"`
	MinItems      int           `json:"minItems,omitempty"`
	Items         *jsonSchema   `json:"items,omitempty"`
	Required      []string      `json:"required,omitempty"`
	Properties    properties    `json:"properties,omitempty"`
	PropertyNames *jsonSchema   `json:"propertyNames,omitempty"`
	Additional    any           `json:"additionalProperties,omitempty"`
	AnyOf         []*jsonSchema `json:"anyOf,omitempty"`
	AllOf         []*jsonSchema `json:"allOf,omitempty"`
	Default       any           `json:"default,omitempty"`
	Examples      []any         `json:"examples,omitempty"`
}

type property struct {
	key    string
	schema *jsonSchema
}

// properties keep their order.
type properties []property

// MarshalJSON writes an object.
func (p properties) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	for i, property := range p {
		key, err := encode(property.key)
		if err != nil {
			return nil, err
		}
		value, err := encode(property.schema)
		if err != nil {
			return nil, err
		}
		out.WriteByte("{,"[min(i, 1)])
		out.Write(key)
		out.WriteByte(':')
		out.Write(value)
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// encode leaves < and > as they are: nobody puts a schema into HTML.
func encode(v any) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(out.Bytes()), nil
}

type builder struct {
	about   map[string]string
	used    map[string]bool
	missing []string
}

func (b *builder) err() error {
	var wrong []string
	if len(b.missing) > 0 {
		wrong = append(wrong, "keys without a description: "+strings.Join(b.missing, ", "))
	}
	var unused []string
	for path := range b.about {
		if !b.used[path] {
			unused = append(unused, path)
		}
	}
	if len(unused) > 0 {
		slices.Sort(unused)
		wrong = append(wrong, "descriptions of keys that nobody reads: "+strings.Join(unused, ", "))
	}
	if len(wrong) == 0 {
		return nil
	}
	return errors.New(strings.Join(wrong, "; "))
}

// build returns the schema of a value: one of its forms, or any of several.
func (b *builder) build(s *Schema, path string) *jsonSchema {
	var forms []*jsonSchema
	for i := range s.singles {
		forms = append(forms, s.singles[i].build()...)
	}
	if s.items != nil {
		list := &jsonSchema{Type: "array", Items: b.build(s.items, path+"[]")}
		if s.some {
			list.MinItems = 1
		}
		forms = append(forms, list)
	}
	if s.keys != nil {
		forms = append(forms, b.object(s.keys, path))
	}
	out := &jsonSchema{AnyOf: forms}
	if len(forms) == 1 {
		out = forms[0]
	}
	out.Default = s.value
	return out
}

func (b *builder) object(k *keys, path string) *jsonSchema {
	out := &jsonSchema{Type: "object"}
	for _, key := range k.names {
		at := key
		if path != "" {
			at = path + "." + key
		}
		child := b.build(k.schemas[key], at)
		child.Description = b.describe(k.schemas[key], at)
		out.Properties = append(out.Properties, property{key, child})
	}
	for _, group := range k.want {
		b.want(out, group)
	}
	switch {
	case k.value != nil:
		out.Additional = b.build(k.value, path)
		if name := b.build(k.name, path); name.Pattern != "" {
			out.PropertyNames = name
		}
	case k.closed:
		out.Additional = false
	}
	return out
}

func (b *builder) describe(s *Schema, path string) string {
	text, ok := b.about[path]
	if !ok || text == "" {
		b.missing = append(b.missing, path)
	}
	b.used[path] = true
	for _, one := range s.singles {
		if one.kind == duration {
			text += " From " + one.within + "."
		}
	}
	return text
}

func (b *builder) want(out *jsonSchema, group []string) {
	if len(group) == 1 {
		if !slices.Contains(out.Required, group[0]) {
			out.Required = append(out.Required, group[0])
		}
		return
	}
	one := &jsonSchema{}
	for _, key := range group {
		one.AnyOf = append(one.AnyOf, &jsonSchema{Required: []string{key}})
	}
	out.AllOf = append(out.AllOf, one)
}

// aTime is what time.ParseDuration takes.
const aTime = `[-+]?(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+`

func (s *single) build() []*jsonSchema {
	switch s.kind {
	case text:
		return []*jsonSchema{{Type: "string", Pattern: s.pattern, Examples: examples(s.examples, 0)}}
	case whole:
		return []*jsonSchema{{Type: "integer", Minimum: &s.lo, Maximum: &s.hi}}
	case boolean:
		return []*jsonSchema{{Type: "boolean"}}
	case duration:
		if s.zero {
			return []*jsonSchema{{Type: "string", Pattern: "^(" + aTime + "|[-+]?0)$"}, {Enum: []any{0}}}
		}
		return []*jsonSchema{{Type: "string", Pattern: "^" + aTime + "$"}}
	case word:
		out := &jsonSchema{}
		for _, w := range s.words {
			out.Enum = append(out.Enum, meanings(w)...)
		}
		return []*jsonSchema{out}
	case anything:
	}
	return []*jsonSchema{{Type: []string{"string", "number", "boolean"}, Examples: examples(s.examples, 1)}}
}

// examples are written as an editor puts them into a file: texts as texts (0), and
// of anything else that which YAML takes it for (1).
func examples(values []string, meaning int) (all []any) {
	for _, v := range values {
		m := meanings(v)
		all = append(all, m[min(meaning, len(m)-1)])
	}
	return all
}

// meanings are what a word is to YAML: true stands for itself and, in quotes, for
// a text.
func meanings(w string) []any {
	var v any
	if err := yaml.Unmarshal([]byte(w), &v); err != nil {
		return []any{w}
	}
	switch v.(type) {
	case bool, int, float64:
		return []any{w, v}
	}
	return []any{w}
}
