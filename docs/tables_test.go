package docs_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/expr"
	"github.com/redirectd/redirectd/internal/policy/policytest"
)

var update = flag.Bool("update", false, "write the tables of docs/policy.md anew")

// TestTables: what docs/policy.md says of presets and functions is what the tests
// of the policy hold, and what the language documents.
func TestTables(t *testing.T) {
	t.Parallel()
	const file = "policy.md"
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for _, c := range []struct{ name, want string }{{"presets", presetTables()}, {"functions", functionTable()}} {
		begin, end := "<!-- "+c.name+" -->\n", "<!-- end of "+c.name+" -->\n"
		before, rest, ok := strings.Cut(text, begin)
		_, after, closed := strings.Cut(rest, end)
		if !ok || !closed {
			t.Fatalf("%s has no %q followed by %q", file, begin, end)
		}
		text = before + begin + "\n" + c.want + "\n" + end + after
	}
	if text == string(data) {
		return
	}
	if !*update {
		t.Fatalf("the tables of %s are not those of the code: go test ./docs -run TestTables -update", file)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil { //nolint:gosec // a page to read
		t.Fatal(err)
	}
}

// presetTables has a table for each preset, with a row for each of its cases.
func presetTables() string {
	var b strings.Builder
	for _, preset := range policy.Presets() {
		b.WriteString("| `" + preset + "` | decision |\n|---|---|\n")
		for _, c := range policytest.Cases() {
			if name, ok := strings.CutPrefix(c.Name, preset+": "); ok {
				b.WriteString("| " + name + " | `" + strings.ReplaceAll(c.Want, "|", `\|`) + "` |\n")
			}
		}
		b.WriteString("\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func functionTable() string {
	var b strings.Builder
	b.WriteString("| function | | example | is |\n|---|---|---|---|\n")
	for _, f := range expr.Functions() {
		row := []string{"`" + f.Signature + "`", f.Text, "`" + f.Example + "`", "`" + f.Result + "`"}
		for i := range row {
			row[i] = strings.ReplaceAll(row[i], "|", `\|`)
		}
		b.WriteString("| " + strings.Join(row, " | ") + " |\n")
	}
	return b.String()
}
