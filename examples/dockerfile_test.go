package examples_test

import (
	"encoding/json"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	copyLine   = regexp.MustCompile(`(?m)^COPY ([^-].*) \S+$`)
	entrypoint = regexp.MustCompile(`(?m)^ENTRYPOINT (.*)$`)
)

// TestDockerfiles: what the images are made of is there, and what they start has the
// flags of the program. Nothing here can build them.
func TestDockerfiles(t *testing.T) {
	t.Parallel()
	for _, e := range all {
		t.Run(e.dir, func(t *testing.T) {
			t.Parallel()
			text := read(t, filepath.Join(e.dir, "Dockerfile"))
			sources := copyLine.FindAllStringSubmatch(text, -1)
			if len(sources) < 2 {
				t.Errorf("what is copied? %q", sources)
			}
			for _, m := range sources {
				for source := range strings.FieldsSeq(m[1]) {
					if found, err := filepath.Glob(filepath.Join("..", source)); err != nil || len(found) == 0 {
						t.Errorf("there is no %s to copy: %v", source, err)
					}
				}
			}
			m := entrypoint.FindStringSubmatch(text)
			var args []string
			if m == nil || json.Unmarshal([]byte(m[1]), &args) != nil {
				t.Fatal("no ENTRYPOINT in JSON")
			}
			if got, want := strings.Join(args, " "), " --routes /etc/least-cost/routes.csv --listen 0.0.0.0:50051"; !strings.HasSuffix(got, want) {
				t.Errorf("it starts %s; want %s at the end", got, want)
			}
			if !strings.Contains(text, "\nCOPY examples/routes.csv /etc/least-cost/\n") || !strings.Contains(text, "\nUSER 65532:65532\n") {
				t.Error("it has no routes, or runs as root")
			}
		})
	}
}
