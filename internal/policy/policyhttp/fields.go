package policyhttp

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/redirectd/redirectd/internal/next"
	"github.com/redirectd/redirectd/internal/strictyaml"
)

// maxAttributes is the bound of the contract.
const maxAttributes = 64

// question makes the question that fields are. The error is about the first field, in
// alphabetical order, that is wrong.
func (f fields) question() (*next.Question, error) {
	q := &next.Question{}
	readers := readersOf(q)
	for _, name := range slices.Sorted(maps.Keys(f)) {
		read, ok := readers[name]
		if !ok {
			return nil, unknown(name, slices.Sorted(maps.Keys(readers)))
		}
		if why := read(f[name]); why != "" {
			return nil, &next.Error{Field: name, Text: why}
		}
	}
	return q, nil
}

// Fields are the names of all fields of a question.
func Fields() map[string]bool {
	names := make(map[string]bool)
	for name := range readersOf(&next.Question{}) {
		names[name] = true
	}
	return names
}

func unknown(name string, known []string) error {
	text := "unknown field; known here: " + strings.Join(known, ", ")
	if nearest := strictyaml.Nearest(name, known); nearest != "" {
		text = fmt.Sprintf("unknown field; did you mean %q?", nearest)
	}
	return &next.Error{Field: fmt.Sprintf("%.64s", strings.ToValidUTF8(name, "\uFFFD")), Text: text}
}

// reader takes the values of a field, and says what is wrong with them.
type reader func(values []string) string

// readersOf are the readers of all fields.
func readersOf(q *next.Question) map[string]reader {
	return map[string]reader{
		"token": one(&q.Token), "invite": one(&q.Invite), "response": one(&q.Response),
		"uri": one(&q.URI), "from": one(&q.From), "to": one(&q.To), "call_id": one(&q.CallID),
		"reason": one(&q.Reason), "outcome": one(&q.Outcome), "trunk": one(&q.Trunk), "profile": one(&q.Profile),
		"status": statusOf(&q.Status), "rang": boolean(&q.Rang), "advice": boolean(&q.Advice),
		"contacts": func(values []string) string { q.Contacts = values; return "" },
		"features": func(values []string) string {
			q.Features = list(values)
			for _, v := range q.Features {
				if !slices.Contains(next.Features, v) {
					return fmt.Sprintf("%.64q is not known; want some of %s", v, strings.Join(next.Features, ", "))
				}
			}
			return ""
		},
		"allowed_headers": func(values []string) string {
			if q.AllowedHeaders = list(values); len(q.AllowedHeaders) > 64 {
				return fmt.Sprintf("%d are more than 64", len(q.AllowedHeaders))
			}
			return ""
		},
		"attributes": func(values []string) string { return attributes(&q.Attributes, values) },
	}
}

func one(to *string) reader {
	return func(values []string) string {
		if len(values) > 1 {
			return fmt.Sprintf("it is given %d times", len(values))
		}
		*to = values[0]
		return ""
	}
}

func statusOf(to *int) reader {
	return func(values []string) string {
		n, err := strconv.ParseUint(values[0], 10, 16)
		if err != nil || n < 300 || n > 699 || len(values) > 1 {
			return fmt.Sprintf("%.64q is no final status of a failure; want 300 to 699", strings.Join(values, ", "))
		}
		*to = int(n)
		return ""
	}
}

func boolean(to *bool) reader {
	return func(values []string) string {
		b, err := strconv.ParseBool(values[0])
		if err != nil || len(values) > 1 {
			return fmt.Sprintf("%.64q is neither true nor false", strings.Join(values, ", "))
		}
		*to = b
		return ""
	}
}

// list is a list of names, of which several may stand in one value.
func list(values []string) []string {
	names := []string{} // an empty list is one
	for _, value := range values {
		for name := range strings.SplitSeq(value, ",") {
			if name = strings.TrimSpace(name); name != "" {
				names = append(names, name)
			}
		}
	}
	return names
}

func attributes(to *map[string]string, values []string) string {
	if len(values) > maxAttributes {
		return fmt.Sprintf("%d are more than %d", len(values), maxAttributes)
	}
	*to = make(map[string]string, len(values))
	for _, v := range values {
		key, value, ok := strings.Cut(v, "=")
		if !ok {
			return fmt.Sprintf("%.64q has no =; want name=value", v)
		}
		(*to)[key] = value
	}
	return ""
}
