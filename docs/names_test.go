package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/redirectd/redirectd/internal/edge"
	"github.com/redirectd/redirectd/internal/policy"
)

// TestEveryKeyIsDocumented: the loaders name the keys that they know when they
// meet one that they do not.
func TestEveryKeyIsDocumented(t *testing.T) {
	t.Parallel()
	operating := pageOf(t, "operating.md")
	parseEdge := func(data string) error { _, err := edge.ParseConfig("f", []byte(data)); return err }
	for _, c := range []struct {
		file, path, probe string
		parse             func(string) error
	}{
		{"edge.yaml", "", "0: 0", parseEdge},
		{"edge.yaml", "trunks", "trunks: [{name: a, from: [192.0.2.1], 0: 0}]", parseEdge},
		{"edge.yaml", "trunks limits", "trunks: [{name: a, from: [192.0.2.1], limits: {0: 0}}]", parseEdge},
		{"edge.yaml", "targets", "targets: {0: 0}", parseEdge},
		{"edge.yaml", "tls", "tls: {0: 0}", parseEdge},
		{"edge.yaml", "dns", "dns: {0: 0}", parseEdge},
		{"edge.yaml", "connections", "connections: {0: 0}", parseEdge},
		{"edge.yaml", "policy", "policy: {0: 0}", parseEdge},
		{"edge.yaml", "policy shadow", "policy: {shadow: {target: 'a:1', 0: 0}}", parseEdge},
		{"edge.yaml", "policy canary", "policy: {canary: {target: 'a:1', share: 1%, 0: 0}}", parseEdge},
		{"edge.yaml", "policy record", "policy: {record: {file: a, 0: 0}}", parseEdge},
		{"edge.yaml", "limits", "limits: {0: 0}", parseEdge},
		{"edge.yaml", "records", "records: {file: a, 0: 0}", parseEdge},
		{"edge.yaml", "tracing", "tracing: {0: 0}", parseEdge},
	} {
		var shown map[string]any
		if err := yaml.Unmarshal([]byte(operating.find(t, c.file)), &shown); err != nil {
			t.Fatal(err)
		}
		for key := range strings.FieldsSeq(c.path) {
			shown = under(t, shown[key])
		}
		_, known, ok := strings.Cut(c.parse(c.probe).Error(), "unknown key; known here: ")
		if !ok {
			t.Fatalf("the loader does not name its keys: %v", c.parse(c.probe))
		}
		for key := range strings.SplitSeq(known, ", ") {
			if _, ok := shown[key]; !ok {
				t.Errorf("%s: %s has no key %q under %q", operating.name, c.file, key, c.path)
			}
		}
	}
}

// TestEveryKeyOfAPolicyIsDocumented, in docs/policy.md.
func TestEveryKeyOfAPolicyIsDocumented(t *testing.T) {
	t.Parallel()
	p := pageOf(t, "policy.md")
	for _, probe := range []string{
		"profiles: [{name: a}]\n0: 0",
		"profiles: [{name: a, 0: 0}]",
		"profiles: [{name: a, deny: {0: 0}}]",
		"lists: [{name: a, type: prefixes, values: ['+1'], 0: 0}]\nprofiles: [{name: a}]",
		"profiles: [{name: a, copy_headers: [{name: X-A, 0: 0}]}]",
		"profiles: [{name: a, rules: [{name: a, then: skip, 0: 0}]}]",
		"profiles: [{name: a, rules: [{name: a, then: {label: a, 0: 0}}]}]",
		"profiles: [{name: a, rules: [{name: a, then: {reject: {status: 404, 0: 0}}}]}]",
		"profiles: [{name: a, rules: [{name: a, then: {rewrite: {host: a, 0: 0}}}]}]",
		"profiles: [{name: a, rules: [{name: a, then: {headers: [{remove: X-A, 0: 0}]}}]}]",
	} {
		_, err := policy.ParseConfig("f", []byte(probe))
		if err == nil {
			t.Fatalf("it is good: %s", probe)
		}
		_, known, ok := strings.Cut(err.Error(), "unknown key; known here: ")
		if !ok || strings.Contains(known, "\n") {
			t.Fatalf("the loader does not name its keys alone: %v", err)
		}
		for key := range strings.SplitSeq(known, ", ") {
			if !regexp.MustCompile("(?m)(^|[`{ ])" + key + "[`:,}]").MatchString(p.text) {
				t.Errorf("%s has no key %q", p.name, key)
			}
		}
	}
}

// under returns a map, or the first of a list of maps.
func under(t *testing.T, v any) map[string]any {
	t.Helper()
	if list, ok := v.([]any); ok && len(list) > 0 {
		v = list[0]
	}
	m, ok := v.(map[string]any)
	if !ok {
		t.Fatalf("%v is no map", v)
	}
	return m
}

var (
	link    = regexp.MustCompile(`\]\(([^)]+)\)`)
	inRepo  = regexp.MustCompile(`^(cmd|deploy|docs|examples|gen|internal|proto)/[\w./-]*$`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
)

// TestLinksResolve: links between files, and paths of the repository.
func TestLinksResolve(t *testing.T) {
	t.Parallel()
	found := 0
	for _, p := range pages(t) {
		for _, m := range link.FindAllStringSubmatch(p.prose, -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			found++
			file, anchor, _ := strings.Cut(m[1], "#")
			target := filepath.Join(filepath.Dir(p.name), file)
			if file == "" {
				target = p.name
			}
			data, err := os.ReadFile(target)
			if err != nil {
				t.Errorf("%s: %v", p.name, err)
			} else if anchor != "" && !hasHeading(string(data), anchor) {
				t.Errorf("%s: %s has no heading #%s", p.name, target, anchor)
			}
		}
		for _, span := range p.inline() {
			if inRepo.MatchString(span) {
				found++
				if _, err := os.Stat(filepath.Join("..", span)); err != nil {
					t.Errorf("%s: %v", p.name, err)
				}
			}
		}
	}
	if found < 10 {
		t.Errorf("only %d links and paths were found", found)
	}
}

func hasHeading(text, anchor string) bool {
	for _, m := range heading.FindAllStringSubmatch(text, -1) {
		slug := regexp.MustCompile(`[^a-z0-9 _-]`).ReplaceAllString(strings.ToLower(m[1]), "")
		if strings.ReplaceAll(slug, " ", "-") == anchor {
			return true
		}
	}
	return false
}
