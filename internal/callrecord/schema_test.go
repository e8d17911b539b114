package callrecord

import (
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// What the types say, as the page and the JSON Schema have it.
const (
	schemaFile = "../../docs/schema/call-record.schema.json"
	pageFile   = "../../docs/call-records.md"
)

var update = flag.Bool("update", false, "write the schema, and the tables of the page, as the types are")

// TestSchema: the schema is what the types and their comments say.
func TestSchema(t *testing.T) {
	t.Parallel()
	want, err := json.MarshalIndent(readTypes(t).schema(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	compare(t, schemaFile, string(want))
}

// TestPage: the tables of the page are what the types and their comments say.
func TestPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(pageFile)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(page), "\n## Fields\n")
	_, tail, ok2 := strings.Cut(rest, "\n## ")
	if !ok || !ok2 {
		t.Fatalf("%s has no section Fields with another after it", pageFile)
	}
	compare(t, pageFile, head+"\n## Fields\n\n"+readTypes(t).tables()+"\n## "+tail)
}

func compare(t *testing.T, file, want string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not what record.go says: go test ./internal/callrecord -update", file)
	}
}

// types are the declarations of record.go and shadow.go.
type types struct {
	structs map[string]*structType
	words   map[string][]word // of the string types
}

type structType struct {
	doc    string
	fields []structField
}

type structField struct {
	name, json, doc string
	optional        bool
	typ             ast.Expr
}

type word struct{ text, doc string }

func readTypes(t *testing.T) *types {
	t.Helper()
	all := &types{structs: make(map[string]*structType), words: make(map[string][]word)}
	for _, name := range []string{"record.go", "shadow.go"} {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, decl := range file.Decls {
			if decl, ok := decl.(*ast.GenDecl); ok {
				for _, spec := range decl.Specs {
					all.read(t, decl, spec)
				}
			}
		}
	}
	return all
}

func (all *types) read(t *testing.T, decl *ast.GenDecl, spec ast.Spec) {
	t.Helper()
	switch spec := spec.(type) {
	case *ast.TypeSpec:
		s, ok := spec.Type.(*ast.StructType)
		if !ok {
			return
		}
		read := &structType{doc: say(spec.Name.Name, decl.Doc)}
		for _, f := range s.Fields.List {
			tag := reflect.StructTag(strings.Trim(f.Tag.Value, "`"))
			name, options, _ := strings.Cut(tag.Get("json"), ",")
			if f.Doc == nil {
				t.Errorf("%s.%s has no comment", spec.Name.Name, f.Names[0].Name)
			}
			read.fields = append(read.fields, structField{f.Names[0].Name, name, say(f.Names[0].Name, f.Doc), options == "omitempty", f.Type})
		}
		all.structs[spec.Name.Name] = read
	case *ast.ValueSpec:
		name, ok := spec.Type.(*ast.Ident)
		if !ok {
			return
		}
		text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil || spec.Doc == nil {
			t.Errorf("%s: %v, comment %v", spec.Names[0].Name, err, spec.Doc)
		}
		all.words[name.Name] = append(all.words[name.Name], word{text, say(spec.Names[0].Name, spec.Doc)})
	}
}

// say makes a sentence of a comment, without the name in Go that it begins with.
func say(name string, doc *ast.CommentGroup) string {
	text := strings.Join(strings.Fields(doc.Text()), " ")
	text = strings.TrimPrefix(text, name+" ")
	for _, verb := range []string{"is ", "are ", "means that "} {
		text = strings.TrimPrefix(text, verb)
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

type object = map[string]any

func (all *types) schema() object {
	defs := object{}
	for name, s := range all.structs {
		properties, required := object{}, []string{}
		for _, f := range s.fields {
			p := all.schemaOf(f.typ)
			if id, ok := f.typ.(*ast.Ident); ok && id.Name == "Kind" {
				p = object{"const": strings.ToLower(name)}
			}
			p["description"] = f.doc
			properties[f.json] = p
			if !f.optional {
				required = append(required, f.json)
			}
		}
		defs[name] = object{"type": "object", "description": s.doc, "properties": properties, "required": required}
	}
	return object{
		"$schema": "https://json-schema.org/draft/2020-12/schema",
		"$id":     "https://raw.githubusercontent.com/redirectd/redirectd/main/docs/schema/call-record.schema.json",
		"title":   "Call record of sipedge",
		"oneOf":   []object{{"$ref": "#/$defs/Call"}, {"$ref": "#/$defs/Late"}, {"$ref": "#/$defs/Shadow"}},
		"$defs":   defs,
	}
}

func (all *types) schemaOf(e ast.Expr) object {
	switch e := e.(type) {
	case *ast.StarExpr:
		return all.schemaOf(e.X)
	case *ast.ArrayType:
		return object{"type": "array", "items": all.schemaOf(e.Elt)}
	case *ast.Ident:
		switch e.Name {
		case "string":
			return object{"type": "string"}
		case "bool":
			return object{"type": "boolean"}
		case "int":
			return object{"type": "integer", "minimum": 0}
		case "float64":
			return object{"type": "number", "minimum": 0}
		case "Time":
			return object{"type": "string", "format": "date-time"}
		}
		if words := all.words[e.Name]; words != nil {
			var options []object
			for _, w := range words {
				options = append(options, object{"const": w.text, "description": w.doc})
			}
			return object{"type": "string", "oneOf": options}
		}
		if all.structs[e.Name] != nil {
			return object{"$ref": "#/$defs/" + e.Name}
		}
	}
	panic(fmt.Sprintf("a record has a field of type %v: say what that is in JSON", e))
}

// tables are the section Fields of the page.
func (all *types) tables() string {
	var b strings.Builder
	for _, name := range []string{"Call", "Late", "Shadow"} {
		fmt.Fprintf(&b, "### A line of kind %s\n\n", strings.ToLower(name))
		all.table(&b, name, "")
	}
	return b.String()
}

func (all *types) table(b *strings.Builder, name, path string) {
	b.WriteString(all.structs[name].doc + "\n\n| field | type | |\n|---|---|---|\n")
	for _, f := range all.structs[name].fields {
		doc := strings.ReplaceAll(f.doc, "|", `\|`)
		typ, element := all.typeName(f.typ)
		for _, w := range all.words[element] {
			if element != "Kind" {
				doc += fmt.Sprintf("<br>`%s`: %s", w.text, uncapitalised(w.doc))
			}
		}
		if f.optional {
			typ += ", optional"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", path+f.json, typ, doc)
	}
	b.WriteByte('\n')
	for _, f := range all.structs[name].fields {
		typ, element := all.typeName(f.typ)
		if all.structs[element] == nil {
			continue
		}
		below := path + f.json
		if strings.HasPrefix(typ, "list") {
			below += "[]"
		}
		fmt.Fprintf(b, "#### `%s`\n\n", below)
		all.table(b, element, below+".")
	}
}

// uncapitalised is a sentence after a colon; acronyms stay as they are.
func uncapitalised(s string) string {
	if second := s[1:2]; second != " " && strings.ToUpper(second) == second {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

// typeName says what a field is in JSON, and which type of ours it or its elements
// have.
func (all *types) typeName(e ast.Expr) (typ, element string) {
	switch e := e.(type) {
	case *ast.StarExpr:
		return all.typeName(e.X)
	case *ast.ArrayType:
		typ, element = all.typeName(e.Elt)
		return "list of " + typ + "s", element
	case *ast.Ident:
		element = e.Name
	}
	switch {
	case element == "Time":
		return "time", element
	case element == "string":
		return "text", element
	case all.words[element] != nil:
		return "word", element
	case all.structs[element] != nil:
		return "object", element
	case element == "bool":
		return "true or false", element
	}
	return "number", element
}

// TestPageByReflection: the page has a row for every field that a record can have,
// and no other.
func TestPageByReflection(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(pageFile)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_.\\[\\]]+)` \\|").FindAllStringSubmatch(string(page), -1) {
		got = append(got, m[1])
	}
	want := slices.Concat(fieldsOf(reflect.TypeFor[Call](), ""), fieldsOf(reflect.TypeFor[Late](), ""), fieldsOf(reflect.TypeFor[Shadow](), ""))
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the page has rows for\n%q\nrecords have\n%q", got, want)
	}
}

func fieldsOf(s reflect.Type, path string) (names []string) {
	for f := range s.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		names = append(names, path+name)
		typ, below := f.Type, path+name
		if typ.Kind() == reflect.Pointer {
			typ = typ.Elem()
		}
		if typ.Kind() == reflect.Slice {
			typ, below = typ.Elem(), below+"[]"
		}
		if typ.Kind() == reflect.Struct {
			names = append(names, fieldsOf(typ, below+".")...)
		}
	}
	return names
}

// TestEveryTextIsPersonalOrNot: a new field says whether redact: users masks it.
func TestEveryTextIsPersonalOrNot(t *testing.T) {
	t.Parallel()
	var check func(s reflect.Type)
	check = func(s reflect.Type) {
		for f := range s.Fields() {
			typ := f.Type
			for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
				typ = typ.Elem()
			}
			personal := f.Tag.Get("personal")
			switch {
			case typ.Kind() == reflect.Struct:
				check(typ)
			case (typ.Kind() == reflect.String) != slices.Contains([]string{"uri", "text", "no"}, personal):
				t.Errorf("%s.%s has the tag personal:%q", s.Name(), f.Name, personal)
			}
		}
	}
	check(reflect.TypeFor[Call]())
	check(reflect.TypeFor[Late]())
	check(reflect.TypeFor[Shadow]())
}
