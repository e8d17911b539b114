package conformance

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// The XML of JUnit, as far as what reads it agrees about it.
type junitSuites struct {
	XMLName xml.Name     `xml:"testsuites"`
	Name    string       `xml:"name,attr"`
	Suites  []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Time     string      `xml:"time,attr"` // seconds
	Cases    []junitCase `xml:"testcase"`
	took     time.Duration
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Time    string        `xml:"time,attr"` // seconds
	Failure *junitMessage `xml:"failure,omitempty"`
	Skipped *junitMessage `xml:"skipped,omitempty"`
	Out     string        `xml:"system-out,omitempty"`
}

type junitMessage struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// WriteJUnit writes a report as JUnit XML, with a suite for each group. A warning is a
// test that passed, with the warning as its output; a known failure is skipped.
func (r *Report) WriteJUnit(w io.Writer) error {
	out := junitSuites{Name: "redirectd conformance"}
	for _, result := range r.Results {
		i := slices.IndexFunc(out.Suites, func(s junitSuite) bool { return s.Name == result.Case.Group() })
		if i < 0 {
			i = len(out.Suites)
			out.Suites = append(out.Suites, junitSuite{Name: result.Case.Group()})
		}
		out.Suites[i].add(result)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(out); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func (s *junitSuite) add(r *Result) {
	var text strings.Builder
	_ = r.WriteText(&text) // a strings.Builder takes everything
	c := junitCase{Class: "conformance." + s.Name, Name: r.Case.Name, Time: seconds(r.Took)}
	switch r.Status {
	case Failed, Unexpected:
		s.Failures++
		c.Failure = &junitMessage{first(r), text.String()}
	case Known:
		s.Skipped++
		c.Skipped = &junitMessage{"a known failure", ""}
	case Skipped:
		s.Skipped++
		c.Skipped = &junitMessage{r.Skipped, ""}
	case Warned:
		c.Out = text.String()
	case Passed:
	}
	s.Tests++
	s.took += r.Took
	s.Time = seconds(s.took)
	s.Cases = append(s.Cases, c)
}

// first says in a line what was wrong.
func first(r *Result) string {
	if len(r.Failures) == 0 {
		return "it passed; take it off the list of known failures"
	}
	return r.Failures[0].Came
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }
