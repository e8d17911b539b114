package strictyaml

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// settings has a key of every kind.
type settings struct {
	name    string
	workers int
	debug   bool
	wait    time.Duration
	mode    string
	listen  []string
	codes   []int
	map_    map[string]string
	inner   string
	items   []string
}

func readSettings(data string) (settings, error) {
	var s settings
	doc := Read("t.yaml", []byte(data))
	root := doc.Root()
	root.String("name", &s.name)
	root.Int("workers", &s.workers, 1, 64)
	root.Bool("debug", &s.debug)
	root.Duration("wait", &s.wait, time.Millisecond, 3*time.Minute)
	root.Enum("mode", &s.mode, "fast", "careful")
	root.Strings("listen", &s.listen)
	root.Each("codes", func(v Value) {
		if n, ok := v.Int(300, 399); ok {
			s.codes = append(s.codes, n)
		}
	})
	s.map_ = map[string]string{}
	root.Map("map").Entries(func(key, value Value) { s.map_[key.Text] = value.Text })
	if inner := root.Map("inner"); inner != nil {
		inner.Require("name")
		inner.String("name", &s.inner)
		inner.Done()
	}
	for _, item := range root.Maps("items") {
		var name string
		item.String("name", &name)
		item.Done()
		s.items = append(s.items, name)
	}
	root.Done()
	return s, doc.Err()
}

func TestGood(t *testing.T) {
	s, err := readSettings(`
name: "edge"   # a comment
workers: 8
debug: true
wait: 1m30s
mode: careful
listen: [udp://0.0.0.0:5060, "tcp://0.0.0.0:5060"]
codes: [300, 302]
map: {302: 480, default: 410}
inner: {name: x}
items:
  - name: a
  - name: b
`)
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(s)
	want := fmt.Sprint(settings{
		"edge", 8, true, 90 * time.Second, "careful",
		[]string{"udp://0.0.0.0:5060", "tcp://0.0.0.0:5060"},
		[]int{300, 302},
		map[string]string{"302": "480", "default": "410"},
		"x",
		[]string{"a", "b"},
	})
	if got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

func TestEmpty(t *testing.T) {
	for _, data := range []string{"", "\n\n", "# nothing\n", "---\n", "~", "{}"} {
		s, err := readSettings(data)
		if err != nil || s.name != "" {
			t.Errorf("%q: got %v, %v", data, s, err)
		}
	}
}

func TestProblems(t *testing.T) {
	for _, c := range []struct{ name, data, want string }{
		{"unknown key, near", "wrokers: 8", `t.yaml:1:1: wrokers: unknown key; did you mean "workers"?`},
		{"unknown key, far", "inner: {name: a, colour: 1}", "t.yaml:1:18: inner.colour: unknown key; known here: name"},
		{"duplicate", "name: a\nmode: fast\nname: b", "t.yaml:3:1: name: the key stands here twice, first in line 1"},
		{"low", "workers: 0", "t.yaml:1:10: workers: 0 is out of range (1 to 64)"},
		{"high", "workers: 65", "t.yaml:1:10: workers: 65 is out of range (1 to 64)"},
		{"huge", "workers: 99999999999999999999", "t.yaml:1:10: workers: 99999999999999999999 is out of range (1 to 64)"},
		{"negative", "workers: -3", "t.yaml:1:10: workers: -3 is out of range (1 to 64)"},
		{"hex", "workers: 0x10", "t.yaml:1:10: workers: 0x10 is no whole number; want 1 to 64"},
		{"leading zero", "workers: 010", "t.yaml:1:10: workers: 010 begins with 0, which some read as octal; write it without"},
		{"leading zero, no octal", "workers: 08", "t.yaml:1:10: workers: 08 begins with 0, which some read as octal; write it without"},
		{"negative leading zero", "workers: -01", "t.yaml:1:10: workers: -01 begins with 0, which some read as octal; write it without"},
		{"zero", "workers: 0", "t.yaml:1:10: workers: 0 is out of range (1 to 64)"},
		{"float", "workers: 1.5", "t.yaml:1:10: workers: 1.5 is no whole number; want 1 to 64"},
		{"quoted number", `workers: "8"`, `t.yaml:1:10: workers: "8" is no whole number; want 1 to 64`},
		{"number as text", "name: 17", "t.yaml:1:7: name: 17 is no text; put it in quotes if it is meant to be one"},
		{"list as text", "name: [a]", "t.yaml:1:7: name: this is a list; want a text"},
		{"nothing as text", "name:", "t.yaml:1:6: name: this is empty; want a text"},
		{"bool", "debug: yes", `t.yaml:1:8: debug: "yes" is not true or false`},
		{"no unit", "wait: 5", "t.yaml:1:7: wait: 5 is no time with its unit; want 1ms to 3m"},
		{"too long", "wait: 1h", "t.yaml:1:7: wait: 1h is out of range (1ms to 3m)"},
		{"enum", "mode: fats", `t.yaml:1:7: mode: "fats" is not allowed; want one of fast, careful; did you mean "fast"?`},
		{"enum, far", "mode: 1", `t.yaml:1:7: mode: 1 is not allowed; want one of fast, careful`},
		{"text as list", "listen: a", `t.yaml:1:9: listen: this is "a"; want a list of texts, like [a, b]`},
		{"element", "listen:\n  - a\n  - {b: c}", "t.yaml:3:5: listen[1]: this is a map; want a text"},
		{"element out of range", "codes: [300, 480]", "t.yaml:1:14: codes[1]: 480 is out of range (300 to 399)"},
		{"element empty", "codes: [300, ]\nlisten: [~]", "t.yaml:2:10: listen[0]: this is empty; want a text"},
		{"text as map", "inner: a", `t.yaml:1:8: inner: this is "a"; want a map of keys to values`},
		{"map value", "map: {302: [480]}", "t.yaml:1:12: map.302: this is a list; want one value"},
		{"maps", "items: [a]", `t.yaml:1:9: items[0]: this is "a"; want a map of keys to values`},
		{"in maps", "items:\n  - name: a\n  - nam: b", `t.yaml:3:5: items[1].nam: unknown key; did you mean "name"?`},
		{"missing", "inner: {}", "t.yaml:1:8: inner.name: the key is missing"},
		{"top list", "- a", "t.yaml:1:1: this is a list; a file is a map of keys to values"},
		{"top text", "hello", `t.yaml:1:1: this is "hello"; a file is a map of keys to values`},
		{"alias", "name: &a x\nmode: *a", "t.yaml:2:7: mode: the alias *a is not allowed; write the value out"},
		{"tag", "name: !!binary aGk=", "t.yaml:1:7: name: the tag !!binary is not allowed; write the value without it"},
		{"syntax", "name: a\nmode: [", "t.yaml:2:1: not YAML: did not find expected node content"},
		{"two documents", "name: a\n---\nname: b", `t.yaml:2:1: a second document starts here ("---"); one file is one document`},
		{"key is a map", "{a: b}: c", "t.yaml:1:1: a key is a map; want a word"},
		{"odd key", `"a b\n": c`, `t.yaml:1:1: "a b\n": unknown key; known here: name, workers, debug, wait, mode, listen, codes, map, inner, items`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := readSettings(c.data)
			if err == nil || err.Error() != c.want {
				t.Errorf("\n got %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestAllProblemsInOrder(t *testing.T) {
	_, err := readSettings("zzz: 1\nworkers: 0\ninner: {nam: a}\nname: 1\n")
	want := []string{"1:1", "2:10", "3:8", "3:9", "4:7"}
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v", err)
	}
	var got []string
	for _, p := range e.Problems {
		got = append(got, fmt.Sprintf("%d:%d", p.Line, p.Col))
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v:\n%v", got, want, err)
	}
}

func TestBadLeavesValueAlone(t *testing.T) {
	n, s, d := 7, "default", time.Second
	m := Read("t.yaml", []byte("n: 0\ns: [x]\nd: 9h\n")).Root()
	if m.Int("n", &n, 1, 9) || m.String("s", &s) || m.Duration("d", &d, 0, time.Hour) || m.String("absent", &s) {
		t.Error("a bad value was called good")
	}
	if n != 7 || s != "default" || d != time.Second {
		t.Errorf("a bad value was taken: %d %q %s", n, s, d)
	}
}

func TestFalse(t *testing.T) {
	debug := true
	doc := Read("t.yaml", []byte("debug: false\n"))
	if !doc.Root().Bool("debug", &debug) || debug || doc.Err() != nil {
		t.Errorf("got %v, %v", debug, doc.Err())
	}
}

// TestUnreadableIsOneProblem: of what could not be read nobody knows what is
// missing.
func TestUnreadableIsOneProblem(t *testing.T) {
	for _, data := range []string{"a: [", "a: &x 1\nb: *x", "a: 1\n---\nb: 1", "- a", "a: !!binary aGk=", strings.Repeat("#", MaxBytes+1)} {
		doc := Read("t.yaml", []byte(data))
		root := doc.Root()
		root.Require("profiles")
		root.Failf("profiles", "is wrong")
		root.Done()
		if e, ok := errors.AsType[*Error](doc.Err()); !ok || len(e.Problems) != 1 {
			t.Errorf("%.20q: want one problem, got\n%v", data, doc.Err())
		}
	}
}

func TestFailf(t *testing.T) {
	doc := Read("t.yaml", []byte("inner:\n  a: 1\n"))
	inner := doc.Root().Map("inner")
	inner.Failf("a", "%d is too little", 1)
	inner.Failf("b", "is wanted too")
	v, ok := inner.Value("a")
	if !ok || v.Text != "1" || v.Path != "inner.a" || v.Line != 2 || v.Col != 6 {
		t.Errorf("got %+v, %v", v, ok)
	}
	want := "t.yaml:2:3: inner.a: 1 is too little\nt.yaml:2:3: inner.b: is wanted too"
	if err := doc.Err(); err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

func TestBounds(t *testing.T) {
	_, err := readSettings(strings.Repeat("#", MaxBytes+1))
	if err == nil || err.Error() != "t.yaml:1:1: the file has more than 1048576 bytes" {
		t.Errorf("size: got %v", err)
	}
	_, err = readSettings("name: " + strings.Repeat("[", 500) + strings.Repeat("]", 500))
	if err == nil || !strings.Contains(err.Error(), "nested deeper than 32") {
		t.Errorf("depth: got %v", err)
	}
	var b strings.Builder
	for i := range 50_000 {
		fmt.Fprintf(&b, "k%d: 1\n", i)
	}
	began := time.Now()
	_, err = readSettings(b.String())
	if err == nil || !strings.HasSuffix(err.Error(), "\nand 49800 more problems") {
		t.Errorf("many: got %.200v", err)
	}
	if d := time.Since(began); d > 5*time.Second {
		t.Errorf("many problems took %s", d)
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{"name: a", "inner: {name: x}\ncodes: [300]", "a: *b", "\t", "? a", "- !!x", "{{{{", "a: |\n b", "%YAML 1.1\n---\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, data string) {
		_, err := readSettings(data)
		if e, ok := errors.AsType[*Error](err); ok {
			for _, p := range e.Problems {
				if p.Line < 1 || p.Col < 1 || p.Text == "" || strings.ContainsAny(p.String(), "\r\n") {
					t.Errorf("bad problem %+v", p)
				}
			}
		}
	})
}
