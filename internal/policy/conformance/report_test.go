package conformance_test

import (
	"encoding/json"
	"encoding/xml"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy/conformance"
)

var update = flag.Bool("update", false, "write the reports in testdata anew")

// report is one with each status.
func report() *conformance.Report {
	r := &conformance.Report{Policy: &redirectv1.GetPolicyInfoResponse{Name: "least-cost\x1b", Version: "1.2"}}
	add := func(name string, status conformance.Status, skipped string, failures ...conformance.Failure) {
		i := slices.IndexFunc(conformance.Cases(), func(c *conformance.Case) bool { return c.Name == name })
		r.Results = append(r.Results, &conformance.Result{Case: conformance.Cases()[i], Status: status, Skipped: skipped, Failures: failures, Took: 1500000})
	}
	one := conformance.Failure{Asked: `a 300: INVITE sip:a@h, attempt 1, 300 with 3 contacts`, Came: `reject.status: 200 is out of range (400 to 699) <&">`}
	add("contract/one-action", conformance.Passed, "")
	add("contract/status", conformance.Failed, "", one, one, one, one, one)
	add("contract/explains", conformance.Warned, "", conformance.Failure{Asked: "a 301", Came: "explanation.rule is empty"})
	add("stateless/replicas", conformance.Skipped, "no replica was named")
	add("sanity/ends", conformance.Known, "", one)
	add("sanity/tried", conformance.Unexpected, "")
	return r
}

func TestReports(t *testing.T) {
	t.Parallel()
	var text, asJSON, junit strings.Builder
	r := report()
	for _, result := range r.Results {
		if err := result.WriteText(&text); err != nil {
			t.Fatal(err)
		}
	}
	for _, err := range []error{r.WriteSummary(&text), r.WriteJSON(&asJSON), r.WriteJUnit(&junit)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, got := range map[string]string{"report.txt": text.String(), "report.json": asJSON.String(), "report.xml": junit.String()} {
		path := filepath.Join("testdata", name)
		// protobuf varies its blanks on purpose.
		got = regexp.MustCompile(`(?m)("policy": \{)\s*("name": "[^"]*",)\s*("version": "[^"]*")\s*\}`).ReplaceAllString(got, "$1$2 $3}")
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
	}
	if !json.Valid([]byte(asJSON.String())) {
		t.Error("the JSON is none")
	}
	if err := xml.Unmarshal([]byte(junit.String()), new(struct {
		XMLName xml.Name `xml:"testsuites"`
	})); err != nil {
		t.Error(err)
	}
	if r.Conforms() || r.Count(conformance.Passed) != 1 {
		t.Error("it does not conform, and one case passed")
	}
}

func TestParseKnown(t *testing.T) {
	t.Parallel()
	known, err := conformance.ParseKnown("known.txt", []byte("# ours\nsanity/tried # issue 7\n\n  sanity/ends\n"))
	if err != nil || !slices.Equal(known, []string{"sanity/tried", "sanity/ends"}) {
		t.Errorf("got %q, %v", known, err)
	}
	_, err = conformance.ParseKnown("known.txt", []byte("sanity/tired\nsanity/ends\nsanity/ends\nbogus\n"))
	const want = `known.txt:1: there is no case "sanity/tired"; did you mean "sanity/tried"?
known.txt:3: sanity/ends stands above already
known.txt:4: there is no case "bogus"; --list names all of them`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}
