// Package proctest runs the programs of this repository as processes, built with
// the race detector, for tests that see them as an operator does.
//
// A package that uses it has a TestMain that calls [Main].
package proctest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// built are the programs that were built, by name.
var built = struct {
	mu    sync.Mutex
	dir   string
	paths map[string]string
}{paths: make(map[string]string)}

// Main runs the tests of a package and removes what they built.
func Main(m *testing.M) {
	m.Run() // the caller's TestMain ends with its result
	if built.dir != "" {
		_ = os.RemoveAll(built.dir) // left in the system's temporary directory otherwise
	}
}

// Build builds cmd/<name> the first time that it is called, and returns its
// path.
func Build(tb testing.TB, name string) string {
	tb.Helper()
	built.mu.Lock()
	defer built.mu.Unlock()
	if path, ok := built.paths[name]; ok {
		return path
	}
	path, err := build(name)
	if err != nil {
		tb.Fatal(err)
	}
	built.paths[name] = path
	return path
}

func build(name string) (string, error) {
	if built.dir == "" {
		dir, err := os.MkdirTemp("", "proctest")
		if err != nil {
			return "", err
		}
		built.dir = dir
	}
	path := filepath.Join(built.dir, name)
	out, err := exec.Command("go", "build", "-race", "-o", path, "github.com/redirectd/redirectd/cmd/"+name).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", name, err, out)
	}
	return path, nil
}
