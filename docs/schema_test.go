package docs_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/redirectd/redirectd/internal/edge"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/schematest"
)

// described is a file that has a schema.
type described struct {
	program, schema, example string
	load                     func([]byte) error
}

var describedFiles = []described{
	{"sipedge", "edge.schema.json", "edge.yaml", func(file []byte) error { _, err := edge.ParseConfig("f", file); return err }},
	{"redirectd", "policy.schema.json", "policy.yaml", func(file []byte) error { _, err := policy.ParseConfig("f", file); return err }},
}

func (d *described) compile(t *testing.T) *schematest.Schema {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("schema", d.schema))
	if err != nil {
		t.Fatal(err)
	}
	return schematest.Compile(t, text)
}

// TestSchemasAreFresh: what is stored is what the programs print.
func TestSchemasAreFresh(t *testing.T) {
	t.Parallel()
	for _, d := range describedFiles {
		code, out, errs := program(t, "", d.program, "schema")
		if code != 0 || errs != "" {
			t.Errorf("%s schema: exit code %d, %s", d.program, code, errs)
		}
		stored, err := os.ReadFile(filepath.Join("schema", d.schema))
		if err != nil || string(stored) != out {
			t.Errorf("docs/schema/%s is not what %s schema prints: run make generate (%v)", d.schema, d.program, err)
		}
	}
}

// TestSchemasTakeEveryExample: each file in the documentation is good by its schema,
// and each text in a test of this repository that is good for the loader.
func TestSchemasTakeEveryExample(t *testing.T) {
	t.Parallel()
	texts := literals(t)
	for _, d := range describedFiles {
		s, found := d.compile(t), 0
		for _, p := range pages(t) {
			for _, b := range p.blocks {
				if b.lang == "yaml" {
					_, _ = s.NoFalseAlarm(t, d.load, []byte(b.text))
				}
				if b.name == d.example {
					found++
					if err := s.Validate([]byte(b.text)); err != nil {
						t.Errorf("%s:%d: %v", p.name, b.line, err)
					}
				}
			}
		}
		if found < 2 {
			t.Errorf("only %d blocks %s were found", found, d.example)
		}
		found = 0
		for _, text := range texts {
			if _, err := s.NoFalseAlarm(t, d.load, []byte(text)); err == nil {
				found++
			}
		}
		if found < 15 {
			t.Errorf("only %d texts for %s were found", found, d.example)
		}
	}
}

// literals returns the texts in the tests, and the files in their testdata, that
// could be YAML with keys.
func literals(t *testing.T) (texts []string) {
	t.Helper()
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && strings.HasPrefix(entry.Name(), ".") && path != "..":
			return fs.SkipDir
		case strings.HasSuffix(path, ".yaml"):
			data, err := os.ReadFile(path)
			texts = append(texts, string(data))
			return err
		case !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if text, err := strconv.Unquote(lit.Value); err == nil && strings.Contains(text, ":") {
					texts = append(texts, text)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

// TestDefaultsOfSchemas: what a schema says to be the default is what the example
// of operating.md has, which says the same of itself.
func TestDefaultsOfSchemas(t *testing.T) {
	t.Parallel()
	operating := pageOf(t, "operating.md")
	for _, d := range describedFiles {
		var shown any
		if err := yaml.Unmarshal([]byte(operating.find(t, d.example)), &shown); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(filepath.Join("schema", d.schema))
		if err != nil {
			t.Fatal(err)
		}
		var schema map[string]any
		if err := json.Unmarshal(text, &schema); err != nil {
			t.Fatal(err)
		}
		if compareDefaults(t, d.example, schema, shown) == 0 {
			t.Errorf("%s: no defaults were found", d.example)
		}
	}
}

// shownOtherwise are keys whose default would not fit the rest of the example.
var shownOtherwise = map[string]bool{"edge.yaml.tls.client_auth": true}

// compareDefaults counts the defaults below a schema.
func compareDefaults(t *testing.T, path string, schema map[string]any, shown any) (found int) {
	t.Helper()
	if value, ok := schema["default"]; ok && shown != nil && !shownOtherwise[path] {
		found++
		// As text: numbers are float64 in one and int in the other.
		if want, got := asJSON(t, value), asJSON(t, shown); got != want {
			t.Errorf("%s: the default is %s by the schema, %s in operating.md", path, want, got)
		}
	}
	if list, ok := shown.([]any); ok && len(list) > 0 {
		if items, ok := schema["items"].(map[string]any); ok {
			found += compareDefaults(t, path+"[]", items, list[0])
		}
	}
	keys, ok := schema["properties"].(map[string]any)
	if values, isMap := shown.(map[string]any); ok && isMap {
		for key, below := range keys {
			if below, ok := below.(map[string]any); ok {
				found += compareDefaults(t, path+"."+key, below, values[key])
			}
		}
	}
	return found
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var modeline = regexp.MustCompile(`^# yaml-language-server: \$schema=(\S+)\n`)

// checkModeline: the first line names a schema that there is, and the rest is good
// by it.
func checkModeline(t *testing.T, _ *page, b block) {
	t.Helper()
	m := modeline.FindStringSubmatch(b.text)
	if m == nil {
		t.Fatalf("the first line names no schema: %s", b.text)
	}
	text, err := os.ReadFile(filepath.Join("schema", m[1]))
	if err != nil {
		t.Fatal(err)
	}
	if err := schematest.Compile(t, text).Validate([]byte(b.text)); err != nil {
		t.Error(err)
	}
}

// checkSettings: the schemas are there, and the files of the page are theirs.
func checkSettings(t *testing.T, _ *page, b block) {
	t.Helper()
	var settings map[string]map[string]string
	if err := json.Unmarshal([]byte(b.text), &settings); err != nil {
		t.Fatal(err)
	}
	schemas := settings["yaml.schemas"]
	for _, d := range describedFiles {
		if ok, err := filepath.Match(schemas[d.schema], d.example); err != nil || !ok {
			t.Errorf("%s is for %q, not for %s", d.schema, schemas[d.schema], d.example)
		}
	}
}
