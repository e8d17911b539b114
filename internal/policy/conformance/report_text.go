package conformance

import (
	"fmt"
	"io"
	"strings"

	"github.com/redirectd/redirectd/internal/policy/decisiontext"
)

// maxFailures is how many failures of one case a report for people shows.
const maxFailures = 3

// words stand in the first column of a report.
var words = map[Status]string{
	Passed: "ok", Failed: "FAIL", Warned: "warn", Known: "known", Unexpected: "FAIL", Skipped: "skip",
}

// WriteText writes a result for people: a line, and below one that failed what was
// asked, what came, what the contract says, and what to change. It returns errors of
// w alone.
func (r *Result) WriteText(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%-6s%s", words[r.Status], r.Case.Name)
	switch r.Status {
	case Skipped:
		b.WriteString(": " + r.Skipped)
	case Unexpected:
		b.WriteString(": it passed; take it off the list of known failures")
	case Failed, Warned:
		b.WriteString(": " + r.Case.Demand)
	case Passed, Known:
	}
	b.WriteByte('\n')
	if r.Status == Failed || r.Status == Warned {
		for _, f := range r.Failures[:min(maxFailures, len(r.Failures))] {
			fmt.Fprintf(&b, "      asked     %s\n      came      %s\n", f.Asked, f.Came)
		}
		if more := len(r.Failures) - maxFailures; more > 0 {
			fmt.Fprintf(&b, "                and %d more like that\n", more)
		}
		fmt.Fprintf(&b, "      contract  %s\n      change    %s\n", r.Case.Contract, r.Case.Change)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteSummary writes how many cases did what, and of which policy.
func (r *Report) WriteSummary(w io.Writer) error {
	parts := []string{fmt.Sprintf("%d passed", r.Count(Passed))}
	for _, p := range []struct {
		status Status
		word   string
	}{
		{Failed, "failed"}, {Unexpected, "passed unexpectedly"}, {Warned, "warned"}, {Known, "known to fail"}, {Skipped, "skipped"},
	} {
		if n := r.Count(p.status); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, p.word))
		}
	}
	who := ""
	if p := r.Policy; p.GetName() != "" {
		who = strings.TrimSpace(p.GetName()+" "+p.GetVersion()) + ": "
	}
	_, err := fmt.Fprintf(w, "\n%s%s\n", decisiontext.Shown(who), strings.Join(parts, ", "))
	return err
}
