// Package docs_test runs what the documentation says: every snippet and every
// command line of README.md and of the pages beside this file, and checks every
// key, metric and path that they name.
package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/redirectd/redirectd/internal/proctest"
)

func TestMain(m *testing.M) { proctest.Main(m) }

// page is one file of the documentation.
type page struct {
	name   string // from here: "../README.md"
	text   string
	blocks []block
	prose  string   // what stands outside blocks, with the lines of the file
	shell  []string // lines that are indented by four: commands
}

// block is what stands between two fences.
type block struct {
	lang, name string // "yaml", "edge.yaml"
	line       int
	text       string
}

// pages reads the documentation. A fence that is not closed fails the test.
func pages(t *testing.T) []page {
	t.Helper()
	var all []page
	for _, pattern := range []string{"../*.md", "*.md"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) < 3 {
			t.Fatalf("%s: %q, %v", pattern, files, err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, read(t, file, string(data)))
		}
	}
	return all
}

// pageOf returns one page.
func pageOf(t *testing.T, name string) page {
	t.Helper()
	for _, p := range pages(t) {
		if p.name == name {
			return p
		}
	}
	t.Fatalf("there is no %s", name)
	return page{}
}

var fence = regexp.MustCompile("^```([a-z]*) ?(.*)$")

func read(t *testing.T, name, text string) page {
	t.Helper()
	p := page{name: name, text: text}
	var prose strings.Builder
	var open *block
	number := 0
	for line := range strings.Lines(text) {
		number++
		m := fence.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		switch {
		case m != nil && open == nil:
			open, line = &block{lang: m[1], name: m[2], line: number}, "\n"
		case m != nil:
			p.blocks = append(p.blocks, *open)
			open, line = nil, "\n"
		case open != nil:
			open.text += line
			line = "\n"
		case strings.HasPrefix(line, "    "):
			p.shell = append(p.shell, strings.TrimSpace(line))
			line = "\n"
		}
		prose.WriteString(line)
	}
	if open != nil {
		t.Fatalf("%s:%d: the fence is not closed", name, open.line)
	}
	p.prose = prose.String()
	return p
}

// find returns the block of that name.
func (p *page) find(t *testing.T, name string) string {
	t.Helper()
	for _, b := range p.blocks {
		if b.name == name {
			return b.text
		}
	}
	t.Fatalf("%s has no block named %s", p.name, name)
	return ""
}

// save writes the named blocks of a page into a directory, under their names.
func (p *page) save(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for _, b := range p.blocks {
		if !strings.Contains(b.name, ".") {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, b.name), []byte(b.text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// inline returns what stands in backquotes in the prose.
func (p *page) inline() (spans []string) {
	for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(p.prose, -1) {
		spans = append(spans, strings.Join(strings.Fields(m[1]), " "))
	}
	return spans
}

// program runs a program in a directory until it ends.
func program(t *testing.T, dir, name string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	p := proctest.StartFile(t, proctest.Build(t, name), dir, args...)
	code = p.ExitCode()
	return code, p.Stdout(), p.Stderr()
}
