// Package schematest compares JSON Schemas with the loaders of the files that they
// describe: a schema may take what the loader refuses, because the loader alone
// sees the whole, but never the other way round.
package schematest

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

// draft is the version of JSON Schema that the schemas are of.
const draft = "https://json-schema.org/draft/2020-12/schema"

// Schema is one that is known to be good.
type Schema struct{ compiled *jsonschema.Schema }

// Compile reads a schema. It fails the test if that is none of draft 2020-12 with
// an $id.
func Compile(tb testing.TB, text []byte) *Schema {
	tb.Helper()
	content, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		tb.Fatal(err)
	}
	var head struct {
		Draft string `json:"$schema"`
		ID    string `json:"$id"`
	}
	if err := json.Unmarshal(text, &head); err != nil || head.Draft != draft || head.ID == "" {
		tb.Fatalf("$schema is %q, $id is %q, %v", head.Draft, head.ID, err)
	}
	compiler := jsonschema.NewCompiler()
	meta, err := compiler.Compile(draft)
	if err != nil {
		tb.Fatal(err)
	}
	if err := meta.Validate(content); err != nil {
		tb.Fatalf("this is no schema: %v", err)
	}
	if err := compiler.AddResource(head.ID, content); err != nil {
		tb.Fatal(err)
	}
	compiled, err := compiler.Compile(head.ID)
	if err != nil {
		tb.Fatal(err)
	}
	return &Schema{compiled}
}

var errNoYAML = errors.New("no YAML that an editor could check")

// Validate says why the schema refuses a file.
func (s *Schema) Validate(file []byte) error {
	var doc yaml.Node
	if err := yaml.Unmarshal(file, &doc); err != nil {
		return errNoYAML
	}
	var content any // nil for an empty file
	if len(doc.Content) > 0 {
		content = value(doc.Content[0])
	}
	return s.compiled.Validate(content)
}

// NoFalseAlarm fails the test if the schema refuses a file that the loader takes.
// It returns what each of them says.
func (s *Schema) NoFalseAlarm(tb testing.TB, load func([]byte) error, file []byte) (schema, loader error) {
	tb.Helper()
	loader = load(file)
	schema = s.Validate(file)
	if loader == nil && schema != nil {
		tb.Errorf("the loader takes what the schema refuses: %v\n%s", schema, file)
	}
	return schema, loader
}

// value is what a schema sees of YAML.
func value(n *yaml.Node) any {
	switch n.Kind {
	case yaml.MappingNode:
		m := make(map[string]any)
		for i := 0; i+1 < len(n.Content); i += 2 {
			m[n.Content[i].Value] = value(n.Content[i+1])
		}
		return m
	case yaml.SequenceNode:
		list := make([]any, 0, len(n.Content))
		for _, element := range n.Content {
			list = append(list, value(element))
		}
		return list
	case yaml.ScalarNode:
		return scalar(n)
	case yaml.DocumentNode, yaml.AliasNode: // an alias is refused by every loader
	}
	return nil
}

func scalar(n *yaml.Node) any {
	switch n.ShortTag() {
	case "!!null":
		return nil
	case "!!bool":
		return strings.EqualFold(n.Value, "true")
	case "!!int", "!!float":
		var number any
		if err := n.Decode(&number); err != nil {
			return n.Value
		}
		if f, ok := number.(float64); ok && (math.IsInf(f, 0) || math.IsNaN(f)) { // JSON has none
			return n.Value
		}
		return number
	}
	return n.Value
}
