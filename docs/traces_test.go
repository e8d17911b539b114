package docs_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

var (
	attributeMade  = regexp.MustCompile(`(?:attribute\.\w+\(|text\{)"([a-z_.]+)"`)
	attributeNamed = regexp.MustCompile("`((?:sip|sipedge|decision|attempt|contact|network)\\.[a-z_.]+)`")
)

// TestTraceAttributes: the page names every attribute that a span may have, and no
// other.
func TestTraceAttributes(t *testing.T) {
	t.Parallel()
	_, section, _ := strings.Cut(pageOf(t, "operating.md").prose, "\n## Traces\n")
	section, _, _ = strings.Cut(section, "\n## ")
	made, named := make(map[string]bool), make(map[string]bool)
	for _, file := range []string{"../internal/edge/trace.go", "../internal/edge/trace_text.go", "../internal/policy/policyrpc/tracing.go"} {
		code, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range attributeMade.FindAllStringSubmatch(string(code), -1) {
			made[m[1]] = true
		}
	}
	for _, m := range attributeNamed.FindAllStringSubmatch(section, -1) {
		named[m[1]] = true
		if !made[m[1]] {
			t.Errorf("no span has %s", m[1])
		}
	}
	for name := range made {
		if !named[name] {
			t.Errorf("the page does not name %s", name)
		}
	}
	if len(made) < 40 {
		t.Errorf("only %d attributes were found", len(made))
	}
}
