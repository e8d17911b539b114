package rehearse

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"

	"github.com/redirectd/redirectd/internal/policy/decisiontext"
)

// WriteText writes a result for a person: a line, and below one that failed or is
// verbose what is different and the decision with the reason for every contact.
func (r *Result) WriteText(w io.Writer, verbose bool) error {
	word := "ok  "
	if !r.Passed() {
		word = "FAIL"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s:%d: %s\n", word, r.Test.File, r.Test.Line, decisiontext.Shown(r.Test.Name))
	if r.Err != nil {
		fmt.Fprintf(&b, "      no decision: %s\n", decisiontext.Shown(r.Err.Error()))
	}
	for _, d := range r.Differences {
		fmt.Fprintf(&b, "      %s (- expected, + decided)\n", decisiontext.Shown(d.What))
		for _, line := range d.Lines {
			fmt.Fprintf(&b, "        %s\n", decisiontext.Shown(line))
		}
	}
	if r.Decision != nil && (verbose || !r.Passed()) {
		b.WriteString("      decision\n")
		// A strings.Builder takes everything.
		_ = decisiontext.Write(&indenter{&b, "        "}, r.Test.request, r.Decision)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// indenter puts blanks before every line of one write that is not empty.
type indenter struct {
	b      *strings.Builder
	blanks string
}

func (in *indenter) Write(p []byte) (int, error) {
	for line := range strings.Lines(string(p)) {
		if line != "\n" {
			in.b.WriteString(in.blanks)
		}
		in.b.WriteString(line)
	}
	return len(p), nil
}

// report is a result for machines.
type report struct {
	File        string          `json:"file"`
	Line        int             `json:"line"`
	Name        string          `json:"name"`
	Passed      bool            `json:"passed"`
	Error       string          `json:"error,omitempty"`
	Differences []difference    `json:"differences,omitempty"`
	Decision    json.RawMessage `json:"decision,omitempty"` // a DecideResponse
}

type difference struct {
	What     string   `json:"what"`
	Expected []string `json:"expected"`
	Decided  []string `json:"decided"`
}

// MarshalJSON writes a result for machines: where the test is, whether it passed,
// what is different, and the decision as a DecideResponse.
func (r *Result) MarshalJSON() ([]byte, error) {
	out := report{File: r.Test.File, Line: r.Test.Line, Name: r.Test.Name, Passed: r.Passed()}
	if r.Err != nil {
		out.Error = r.Err.Error()
	}
	for _, d := range r.Differences {
		out.Differences = append(out.Differences, difference{d.What, nonNil(d.Expected), nonNil(d.Decided)})
	}
	if r.Decision != nil {
		data, err := protojson.Marshal(r.Decision)
		if err != nil {
			return nil, err
		}
		out.Decision = data
	}
	return json.Marshal(out)
}

// nonNil makes an empty list [], not null.
func nonNil(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
