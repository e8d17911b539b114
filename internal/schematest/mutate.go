package schematest

import (
	"iter"
	"math/rand/v2"
	"slices"
	"testing"

	"go.yaml.in/yaml/v3"
)

// Mutants returns that many files that are like a good one but for one to three
// mistakes: a key with a slip, a key that is missing or there twice, a value of
// another type, out of its range or from another place. They are the same in every
// run.
func Mutants(tb testing.TB, good string, count int) iter.Seq[[]byte] {
	tb.Helper()
	return func(yield func([]byte) bool) {
		for seed := range uint64(count) {
			var doc yaml.Node
			if err := yaml.Unmarshal([]byte(good), &doc); err != nil {
				tb.Fatal(err)
			}
			r := rand.New(rand.NewPCG(seed, 1))
			for range 1 + r.IntN(3) {
				mutate(tb, r, doc.Content[0])
			}
			text, err := yaml.Marshal(&doc)
			if err != nil {
				tb.Fatal(err)
			}
			if !yield(text) {
				return
			}
		}
	}
}

// strange are values that are wrong in most places.
var strange = []string{
	"", "true", "0", "-1", "1", "64", "65", "408", "1000000000", "1.5", "'5'", "text", "10ms", "9999h", "0s",
	"[]", "{}", "[text]", "[1]", "[[]]", "{text: 1}", "[{text: 1}]", "2026-01-01", ".inf", "0x10",
}

func mutate(tb testing.TB, r *rand.Rand, root *yaml.Node) {
	tb.Helper()
	var all []*yaml.Node
	collect(root, &all)
	n := all[r.IntN(len(all))]
	switch size := len(n.Content); {
	case size == 0:
		*n = *other(tb, r, all)
	case n.Kind == yaml.MappingNode:
		i := 2 * r.IntN(size/2)
		switch r.IntN(4) {
		case 0:
			n.Content[i].Value += "x"
		case 1:
			n.Content = slices.Delete(n.Content, i, i+2)
		case 2:
			n.Content = append(n.Content, n.Content[i], n.Content[i+1])
		default:
			n.Content[i+1] = other(tb, r, all)
		}
	default:
		i := r.IntN(size)
		switch r.IntN(3) {
		case 0:
			n.Content = slices.Delete(n.Content, i, i+1)
		case 1:
			n.Content = append(n.Content, n.Content[i])
		default:
			n.Content[i] = other(tb, r, all)
		}
	}
}

// other returns a value that does not belong where it will stand.
func other(tb testing.TB, r *rand.Rand, all []*yaml.Node) *yaml.Node {
	tb.Helper()
	if r.IntN(3) == 0 {
		if n := all[r.IntN(len(all))]; len(n.Content) == 0 { // a map could be put into itself
			return clone(n)
		}
	}
	var doc yaml.Node
	text := strange[r.IntN(len(strange))]
	if err := yaml.Unmarshal([]byte("x: "+text), &doc); err != nil {
		tb.Fatal(err)
	}
	return doc.Content[0].Content[1]
}

func clone(n *yaml.Node) *yaml.Node {
	c := *n
	return &c
}

// collect lists the values below a node, and itself.
func collect(n *yaml.Node, into *[]*yaml.Node) {
	*into = append(*into, n)
	for i, c := range n.Content {
		if n.Kind != yaml.MappingNode || i%2 == 1 {
			collect(c, into)
		}
	}
}
