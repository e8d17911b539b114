package policy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/redirectd/redirectd/internal/policy/expr"
	"github.com/redirectd/redirectd/internal/strictyaml"
)

const (
	maxLists     = 256
	maxListBytes = 32 << 20 // of one file
	maxEntries   = 1_000_000
)

// readLists reads the named lists, whose files are named from where the policy
// file is.
func (r *reader) readLists(root *strictyaml.Map) {
	maps := root.Maps("lists")
	if len(maps) > maxLists {
		root.Failf("lists", "%d lists are more than %d", len(maps), maxLists)
		maps = maps[:maxLists]
	}
	entries := 0
	for _, m := range maps {
		name, list := r.readList(m)
		if list != nil {
			entries += list.Len()
		}
		switch {
		case name == "":
		case r.lists[name] != nil:
			m.Failf("name", "there is another list %q before this one; names are unique", name)
		case list == nil: // what names it is right all the same
			r.lists[name], _ = expr.NewPrefixList([]string{"+1"})
		default:
			r.lists[name] = list
		}
	}
	if entries > maxEntries {
		root.Failf("lists", "%d entries in all lists are more than %d", entries, maxEntries)
	}
}

func (r *reader) readList(m *strictyaml.Map) (string, *expr.List) {
	name, kind, path := "", "", ""
	if m.Require("name") && m.String("name", &name) && !isToken(name) {
		m.Failf("name", "%q is no name; want a word such as premium", name)
		name = ""
	}
	m.Require("type")
	build := expr.NewPrefixList
	if m.Enum("type", &kind, "prefixes", "domains", "networks") {
		switch kind {
		case "domains":
			build = expr.NewDomainList
		case "networks":
			build = expr.NewNetworkList
		}
	}
	inline := appendList(nil, m, "values", build)
	m.String("file", &path)
	m.Done()
	switch {
	case m.Has("values") == m.Has("file"):
		m.Failf("name", "a list has either values or a file")
	case path != "":
		list, err := r.loadList(path, build)
		if err != nil {
			m.Failf("file", "%s", err)
			return name, nil
		}
		return name, list
	case len(inline) == 1:
		return name, inline[0].list
	}
	return name, nil
}

// loadList reads a file with one entry in a line; "#" begins a comment.
func (r *reader) loadList(path string, build func([]string) (*expr.List, error)) (*expr.List, error) {
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(r.file), path)
	}
	r.cfg.Files = append(r.cfg.Files, path)
	// To wait for who writes to a pipe would be to wait for ever.
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("the list cannot be read: %s is no regular file", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("the list cannot be read: %w", err)
	}
	defer func() { _ = file.Close() }() // only read
	data, err := io.ReadAll(io.LimitReader(file, maxListBytes+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("the list cannot be read: %w", err)
	case len(data) > maxListBytes:
		return nil, fmt.Errorf("%s has more than %d bytes", path, maxListBytes)
	}
	_, _ = fmt.Fprintf(r.content, "\x00%d\x00", len(data)) // what moves from one file to the next is a change
	_, _ = r.content.Write(data)                           // a hash takes everything
	var entries []string
	var lines []int
	number := 0
	for line := range bytes.Lines(data) {
		number++
		text, _, _ := strings.Cut(string(line), "#")
		if text = strings.TrimSpace(text); text != "" {
			entries, lines = append(entries, text), append(lines, number)
		}
	}
	if len(entries) == 0 || len(entries) > expr.MaxList {
		return nil, fmt.Errorf("%s has %d entries; want 1 to %d", path, len(entries), expr.MaxList)
	}
	list, err := build(entries)
	if bad, ok := errors.AsType[*expr.EntryError](err); ok {
		return nil, fmt.Errorf("%s:%d: %s", path, lines[bad.Index], entryError(err))
	}
	return list, err
}

// entryError says what is wrong with an entry without its number: the caller knows
// a better place.
func entryError(err error) string {
	if bad, ok := errors.AsType[*expr.EntryError](err); ok {
		return fmt.Sprintf("%q: %s", clean(bad.Entry), bad.Err)
	}
	return err.Error()
}
