package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redirectd/redirectd/internal/rfctable"
)

// TestRulesAreThere: what a row of rfc.md names exists - its file, with the text
// that it replaces once, and its test. That the test notices is for `make
// mutants` to say.
func TestRulesAreThere(t *testing.T) {
	t.Parallel()
	rules, err := rfctable.Parse(pageOf(t, "rfc.md").text)
	if err != nil {
		t.Fatalf("rfc.md: %v", err)
	}
	if len(rules) < 80 {
		t.Errorf("only %d rules were found", len(rules))
	}
	tests := make(map[string]map[string]bool)
	seen := make(map[string]int)
	for _, r := range rules {
		if r.Old == r.New {
			t.Errorf("rfc.md:%d: %q stays as it is", r.Line, r.Old)
		}
		if first, repeated := seen[r.Section+r.Rule]; repeated {
			t.Errorf("rfc.md:%d: the rule of line %d again: %s", r.Line, first, r.Rule)
		}
		seen[r.Section+r.Rule] = r.Line
		source, err := os.ReadFile(filepath.Join("..", r.File))
		if err != nil {
			t.Errorf("rfc.md:%d: %v", r.Line, err)
			continue
		}
		if _, err := r.Break(string(source)); err != nil {
			t.Errorf("rfc.md:%d: %v", r.Line, err)
		}
		if tests[r.Package] == nil {
			tests[r.Package] = testsOf(t, r.Package)
		}
		if name, _, _ := strings.Cut(r.Test, "/"); !tests[r.Package][name] {
			t.Errorf("rfc.md:%d: %s has no %s", r.Line, r.Package, name)
		}
	}
}

// testsOf returns the names of the test functions of a package.
func testsOf(t *testing.T, pkg string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", pkg, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	names := make(map[string]bool)
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if function, ok := d.(*ast.FuncDecl); ok && function.Recv == nil {
				names[function.Name.Name] = true
			}
		}
	}
	return names
}
