package strictyaml

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// readEverything uses every way of reading, with branches.
func readEverything(doc *Document) {
	name, workers, debug, wait, mode := "edge", 8, false, time.Duration(0), ""
	pause, words := 90*time.Second, []string{"a"}
	root := doc.Root()
	root.Require("name")
	root.String("name", &name)
	root.Int("workers", &workers, 1, 64)
	root.Bool("debug", &debug)
	root.Duration("wait", &wait, 0, time.Hour)
	root.Duration("pause", &pause, time.Second, 3*time.Minute)
	root.Strings("words", &words)
	root.Some("codes", func(v Value) {
		v.Int(300, 399)
		v.FailfAt(1, 1, "", "is nothing")
	})
	root.OneOrEach("hops", func(v Value) { v.Like("^sip:", "sip:a") })
	root.EachOrMap("listen", func(v Value) { v.Examples("all", "5060") }, func(m *Map) {
		m.RequireAny("a listener has one of them", "address", "port")
		m.Value("address")
		m.Value("port")
		m.Done()
	})
	root.TextOrMap("route", func(v Value) { v.Like("") }, func(m *Map) {
		var by string
		m.Enum("by", &by, "name", "number", "true")
		switch by {
		case "number":
			m.Require("value")
			m.Int("value", new(int), 1, 9)
		case "true":
			m.Value("why")
		case "name":
			m.Require("value")
			m.String("value", new(string))
		}
		m.Done()
	})
	root.Map("map").Entries(func(key, value Value) {
		key.Like("^3[0-9][0-9]$")
		value.Int(400, 699)
	})
	for _, m := range root.Maps("items") {
		m.Map("open").Value("x")
		m.Done()
	}
	root.Enum("mode", &mode, "fast", "careful")
	root.Done()
}

const everything = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "$id": "https://example.com/t.json",
  "title": "A <file>",
  "type": "object",
  "required": [
    "name"
  ],
  "properties": {
    "name": {"description": "D.", "type": "string", "default": "edge"},
    "workers": {"description": "D.", "type": "integer", "minimum": 1, "maximum": 64, "default": 8},
    "debug": {"description": "D.", "type": "boolean", "default": false},
    "wait": {"description": "D. From 0s to 1h.", "anyOf": [{"type": "string", "pattern": "^(TIME|[-+]?0)$"}, {"enum": [0]}]},
    "pause": {"description": "D. From 1s to 3m.", "type": "string", "pattern": "^TIME$", "default": "1m30s"},
    "words": {"description": "D.", "type": "array", "items": {"type": "string"}, "default": ["a"]},
    "codes": {"description": "D.", "type": "array", "minItems": 1, "items": {"type": "integer", "minimum": 300, "maximum": 399}},
    "hops": {"description": "D.", "anyOf": [
      {"type": "string", "pattern": "^sip:", "examples": ["sip:a"]},
      {"type": "array", "items": {"type": "string", "pattern": "^sip:", "examples": ["sip:a"]}}
    ]},
    "listen": {"description": "D.", "type": "array", "items": {"anyOf": [
      {"type": ["string", "number", "boolean"], "examples": ["all", 5060]},
      {"type": "object", "properties": {
        "address": {"description": "D.", "type": ["string", "number", "boolean"]},
        "port": {"description": "D.", "type": ["string", "number", "boolean"]}
      }, "additionalProperties": false, "allOf": [{"anyOf": [{"required": ["address"]}, {"required": ["port"]}]}]}
    ]}},
    "route": {"description": "D.", "anyOf": [
      {"type": "string"},
      {"type": "object", "properties": {
        "by": {"description": "D.", "enum": ["name", "number", "true", true]},
        "value": {"description": "D.", "anyOf": [{"type": "string"}, {"type": "integer", "minimum": 1, "maximum": 9}]},
        "why": {"description": "D.", "type": ["string", "number", "boolean"]}
      }, "additionalProperties": false}
    ]},
    "map": {"description": "D.", "type": "object",
      "propertyNames": {"type": "string", "pattern": "^3[0-9][0-9]$"},
      "additionalProperties": {"type": "integer", "minimum": 400, "maximum": 699}},
    "items": {"description": "D.", "type": "array", "items": {"type": "object", "properties": {
      "open": {"description": "D.", "type": "object", "properties": {"x": {"description": "D.", "type": ["string", "number", "boolean"]}}}
    }, "additionalProperties": false}},
    "mode": {"description": "D.", "enum": ["fast", "careful"]}
  },
  "additionalProperties": false
}`

func described(t *testing.T, paths ...string) About {
	t.Helper()
	about := About{ID: "https://example.com/t.json", Title: "A <file>", Keys: make(map[string]string)}
	for _, path := range paths {
		about.Keys[path] = "D."
	}
	return about
}

var allPaths = strings.Fields(`name workers debug wait pause words codes hops listen listen[].address listen[].port
	route route.by route.value route.why map items items[].open items[].open.x mode`)

func TestDescribe(t *testing.T) {
	got, err := Describe(readEverything).JSON(described(t, allPaths...))
	if err != nil {
		t.Fatal(err)
	}
	time, _ := encode(aTime)
	want := strings.ReplaceAll(everything, "TIME", strings.Trim(string(time), `"`))
	if plain(string(got)) != plain(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// plain leaves out the space between tokens. No text here has space that counts.
func plain(s string) string { return strings.Join(strings.Fields(s), "") }

// TestDescriptionsAreComplete: a key without a description is an error, and a
// description without a key.
func TestDescriptionsAreComplete(t *testing.T) {
	paths := slices.DeleteFunc(slices.Clone(allPaths), func(s string) bool { return s == "route.why" || s == "mode" })
	_, err := Describe(readEverything).JSON(described(t, append(paths, "rout", "listen[].host")...))
	const want = "keys without a description: route.why, mode; descriptions of keys that nobody reads: listen[].host, rout"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// TestEmptyFile: nothing is missing in a file whose keys all have a default.
func TestEmptyFile(t *testing.T) {
	got, err := Describe(func(d *Document) { d.Root().Done() }).JSON(About{})
	if want := `{"$schema":"` + draft + `","type":["object","null"],"additionalProperties":false}`; err != nil || plain(string(got)) != want {
		t.Errorf("got %s, %v", got, err)
	}
}

// TestDefaultsThatDepend: what holds without a key is said only where it holds
// whatever the words before it are.
func TestDefaultsThatDepend(t *testing.T) {
	got, err := Describe(func(d *Document) {
		preset, same, other := "a", 3, 1
		d.Root().Enum("preset", &preset, "a", "b", "c")
		if preset == "b" {
			other = 2
		}
		d.Root().Int("same", &same, 1, 9)
		d.Root().Int("other", &other, 1, 9)
	}).JSON(described(t, "preset", "same", "other"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"preset":{"description":"D.","enum":["a","b","c"],"default":"a"}`,
		`"same":{"description":"D.","type":"integer","minimum":1,"maximum":9,"default":3}`,
		`"other":{"description":"D.","type":"integer","minimum":1,"maximum":9}`,
	} {
		if !strings.Contains(plain(string(got)), want) {
			t.Errorf("no %s in\n%s", want, got)
		}
	}
}

func TestTextOrMap(t *testing.T) {
	for _, c := range []struct{ data, got, err string }{
		{"route: a", "text a", ""},
		{"route: {name: b}", "map b", ""},
		{"", "", ""},
		{"route: [a]", "", "t.yaml:1:8: route: this is a list; want one value, or a map of keys to values"},
		{"route:", "", "t.yaml:1:7: route: this is empty; want one value, or a map of keys to values"},
	} {
		doc, got := Read("t.yaml", []byte(c.data)), ""
		doc.Root().TextOrMap("route", func(v Value) { got = "text " + v.Text }, func(m *Map) {
			m.String("name", &got)
			got = "map " + got
		})
		if err := doc.Err(); got != c.got || (err == nil) != (c.err == "") || err != nil && err.Error() != c.err {
			t.Errorf("%q: got %q, %v", c.data, got, err)
		}
	}
}

func TestRequireAny(t *testing.T) {
	for data, want := range map[string]string{
		"a: 1": "", "b: 1": "", "{a: 1, b: 2}": "",
		"c: {}": "t.yaml:1:1: a: the key is missing: want a or b",
	} {
		doc := Read("t.yaml", []byte(data))
		ok := doc.Root().RequireAny("want a or b", "a", "b")
		if err := doc.Err(); ok != (want == "") || (err == nil) != ok || err != nil && err.Error() != want {
			t.Errorf("%q: got %v, %v", data, ok, err)
		}
	}
	if (*Map)(nil).RequireAny("", "a") {
		t.Error("an absent map has a key")
	}
}
