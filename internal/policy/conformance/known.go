package conformance

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/redirectd/redirectd/internal/strictyaml"
)

// ParseKnown reads a list of cases that are known to fail: a name on each line,
// and comments after #. The name of the file is for errors, which name the line
// too; there may be several, joined.
func ParseKnown(file string, data []byte) ([]string, error) {
	var known []string
	var problems []error
	var names []string
	for _, c := range Cases() {
		names = append(names, c.Name)
	}
	number := 0
	for line := range strings.Lines(string(data)) {
		number++
		name, _, _ := strings.Cut(line, "#")
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		switch {
		case !slices.Contains(names, name):
			problems = append(problems, fmt.Errorf("%s:%d: there is no case %.64q%s", file, number, name, meant(name, names)))
		case slices.Contains(known, name):
			problems = append(problems, fmt.Errorf("%s:%d: %s stands above already", file, number, name))
		default:
			known = append(known, name)
		}
	}
	return known, errors.Join(problems...)
}

// meant says which case a slip of the pen may have meant.
func meant(name string, names []string) string {
	if nearest := strictyaml.Nearest(name, names); nearest != "" {
		return fmt.Sprintf("; did you mean %q?", nearest)
	}
	return "; --list names all of them"
}
