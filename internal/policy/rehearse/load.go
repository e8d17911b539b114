package rehearse

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/redirectd/redirectd/internal/strictyaml"
)

// File is a file of tests, read.
type File struct {
	Name   string  // as it was given
	Policy string  // path of the policy file, from the working directory; empty if it names none
	Tests  []*Test // at least one
}

// Load reads a file of tests. What is wrong in it is a [*strictyaml.Error].
func Load(path string) (*File, error) {
	data, err := readFile(path, strictyaml.MaxBytes)
	if err != nil {
		return nil, fmt.Errorf("read the tests: %w", err)
	}
	return Parse(path, data)
}

// Parse reads tests; the directory of the file is where the files that they name
// are.
func Parse(file string, data []byte) (*File, error) {
	doc := strictyaml.Read(file, data)
	f := &File{Name: file}
	root := doc.Root()
	if root.String("policy", &f.Policy) {
		f.Policy = beside(file, f.Policy)
	}
	if root.Require("tests") {
		names := make(map[string]int)
		for _, m := range root.Maps("tests") {
			t := readTest(file, m)
			if line, repeated := names[t.Name]; repeated && t.Name != "" {
				m.Failf("name", "%q is the name of the test in line %d too", t.Name, line)
			}
			names[t.Name] = t.Line
			f.Tests = append(f.Tests, t)
		}
		if len(f.Tests) == 0 && doc.Err() == nil {
			root.Failf("tests", "the list is empty; want at least one test")
		}
	}
	root.Done()
	if err := doc.Err(); err != nil {
		return nil, err
	}
	return f, nil
}

// beside returns the path of a file that another one names.
func beside(file, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(file), name)
}

// readFile reads at most limit bytes and one, which tells that it has more.
func readFile(path string, limit int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // only read
	return io.ReadAll(io.LimitReader(file, limit+1))
}
