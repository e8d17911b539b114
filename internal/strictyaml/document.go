// Package strictyaml reads configuration files strictly: a key that nobody asks
// for, a key that stands there twice, a value of the wrong type or out of range
// is a problem with its file, line, column and path, and all problems are found
// in one reading.
//
// A [Document] is read with [Read], asked for its keys through [Map], and at the
// end asked for its [Document.Err]. No method fails by itself, so that the code
// that reads a configuration is a list of its keys:
//
//	doc := strictyaml.Read("edge.yaml", data)
//	root := doc.Root()
//	root.Int("workers", &cfg.Workers, 1, 64)
//	root.Done()
//	return doc.Err()
//
// The same code says what it takes: [Describe] runs it on a document that has every
// key, and the [Schema] that comes out is written as JSON Schema for editors.
//
// A Document belongs to one goroutine.
package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

const (
	// MaxBytes is the longest file that is read.
	MaxBytes = 1 << 20
	// MaxDepth is how deep maps and lists may be nested.
	MaxDepth = 32
)

// Document is one file, read.
type Document struct {
	file     string
	data     []byte
	root     *Map
	problems []Problem
	warnings []Problem
	omitted  int
	unread   bool // its content is not known, so nothing is said about keys

	// Of a document that is described, not read.
	run, words int // which run of the reader it is, and the longest list of words
}

// Read reads a file of at most [MaxBytes]; file is its name in problems. It
// never fails: what is wrong is said by [Document.Err].
func Read(file string, data []byte) *Document {
	d := &Document{file: file, data: data}
	top := d.top(data)
	d.unread = len(d.problems) > 0
	d.root = d.newMap(place{node: top})
	return d
}

// top returns the map that the file is, an empty one if it is empty or cannot be
// read.
func (d *Document) top(data []byte) *yaml.Node {
	empty := &yaml.Node{Kind: yaml.MappingNode, Line: 1, Column: 1}
	if len(data) > MaxBytes { // the caller may have read no further
		d.fail(1, 1, "", fmt.Sprintf("the file has more than %d bytes", MaxBytes))
		return empty
	}
	top, line, err := parse(data)
	if err != nil {
		d.fail(line, 1, "", err.Error())
		return empty
	}
	if top == nil || isNull(top) || !d.sound(top, 0, "") {
		return empty
	}
	if top.Kind != yaml.MappingNode {
		d.fail(top.Line, top.Column, "", "this is "+kindOf(top)+"; a file is a map of keys to values")
		return empty
	}
	return top
}

// Root returns the map that the file is; an empty one for an empty file and for
// one that could not be read, whose keys are not said to be missing. It is never
// nil.
func (d *Document) Root() *Map { return d.root }

// parse returns the content of the one document in data, nil if it is empty.
// The line belongs to the error.
func parse(data []byte) (top *yaml.Node, line int, err error) {
	defer func() {
		// The YAML library panics on states that it holds for impossible.
		if r := recover(); r != nil {
			top, line, err = nil, 1, errors.New("this is no YAML that can be read")
		}
	}()
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, second yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil, 1, nil
	case err != nil:
		line, err := syntaxError(err)
		return nil, line, err
	}
	switch err := dec.Decode(&second); {
	case err == nil:
		return nil, second.Line, errors.New(`a second document starts here ("---"); one file is one document`)
	case !errors.Is(err, io.EOF):
		line, err := syntaxError(err)
		return nil, line, err
	}
	if doc.Kind != yaml.DocumentNode || len(doc.Content) == 0 {
		return nil, 1, nil
	}
	return doc.Content[0], 1, nil
}

var yamlError = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// syntaxError takes the line out of an error of the YAML library, which knows
// no columns.
func syntaxError(err error) (int, error) {
	text, line := err.Error(), 1
	if m := yamlError.FindStringSubmatch(text); m != nil {
		text = text[len(m[0]):]
		if n, err := strconv.Atoi(m[1]); err == nil {
			line = n
		}
	}
	return line, errors.New("not YAML: " + strings.TrimSpace(text))
}

// sound refuses what no configuration here needs, wherever it stands: aliases
// (a few bytes of them stand for gigabytes), tags and depth.
func (d *Document) sound(n *yaml.Node, depth int, path string) bool {
	switch {
	case n.Kind == yaml.AliasNode:
		d.fail(n.Line, n.Column, path, fmt.Sprintf("the alias *%s is not allowed; write the value out", clip(n.Value)))
		return false
	case n.Style&yaml.TaggedStyle != 0:
		d.fail(n.Line, n.Column, path, fmt.Sprintf("the tag %s is not allowed; write the value without it", clip(n.Tag)))
		return false
	case depth > MaxDepth:
		d.fail(n.Line, n.Column, "", fmt.Sprintf("maps and lists are nested deeper than %d", MaxDepth))
		return false
	}
	ok := true
	for i, c := range n.Content {
		at := path
		if n.Kind == yaml.SequenceNode {
			at = index(path, i)
		} else if n.Kind == yaml.MappingNode && i%2 == 1 {
			at = join(path, n.Content[i-1].Value)
		}
		ok = d.sound(c, depth+1, at) && ok
	}
	return ok
}
