package conformance

import (
	"context"
	"slices"
	"strings"
	"time"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// Case is one demand on a policy.
type Case struct {
	// Name is "GROUP/WORDS". It never changes its meaning: lists of known failures
	// have it.
	Name string
	// Should says that the contract only recommends it: a failure is a warning.
	Should bool
	// Demand says in a sentence what is demanded.
	Demand string
	// Contract is what the contract says, word for word.
	Contract string
	// Change says what an author changes when the case fails.
	Change string

	// One of the two is set. judge looks at one answer, which is none of an error
	// and returns what is wrong with it; probe asks by itself.
	judge func(*exchange) error
	probe func(context.Context, *session) (failures []Failure, skipped string)
}

// Group is what Name begins with: contract, errors, stateless, sanity or wire.
func (c *Case) Group() string {
	group, _, _ := strings.Cut(c.Name, "/")
	return group
}

// Failure is one thing that was wrong.
type Failure struct {
	// Asked says in short what was asked.
	Asked string
	// Came says what came instead of what was demanded.
	Came string
}

// Status is what became of a case.
type Status string

// What becomes of a case.
const (
	Passed     Status = "passed"
	Failed     Status = "failed"
	Warned     Status = "warned"     // a case that the contract only recommends failed
	Known      Status = "known"      // it failed, as was known
	Unexpected Status = "unexpected" // it passed, though it is listed as a known failure
	Skipped    Status = "skipped"    // nothing could be found out
)

// Result is what became of one case.
type Result struct {
	Case     *Case
	Status   Status
	Failures []Failure // in the order of the questions
	Skipped  string    // why it was skipped
	Took     time.Duration
}

// Report is what became of all cases that ran.
type Report struct {
	// Policy is what the policy says of itself; nil if it does not.
	Policy  *redirectv1.GetPolicyInfoResponse
	Results []*Result
}

// Count returns how many results have that status.
func (r *Report) Count(s Status) (n int) {
	for _, result := range r.Results {
		if result.Status == s {
			n++
		}
	}
	return n
}

// Conforms reports whether nothing failed that was not known to fail, and nothing
// passed that was.
func (r *Report) Conforms() bool { return r.Count(Failed)+r.Count(Unexpected) == 0 }

func statusOf(r *Result, known bool) Status {
	switch {
	case r.Skipped != "":
		return Skipped
	case len(r.Failures) == 0 && known:
		return Unexpected
	case len(r.Failures) == 0:
		return Passed
	case known:
		return Known
	case r.Case.Should:
		return Warned
	}
	return Failed
}

// Cases returns every case, in the order in which they run: what may leave a broken
// policy useless comes last.
func Cases() []*Case {
	return slices.Concat(contractCases(), errorCases(), statelessCases(), sanityCases(), wireCases())
}

func (c *Case) run(ctx context.Context, s *session) (failures []Failure, skipped string) {
	if c.probe != nil {
		return c.probe(ctx, s)
	}
	judged := 0
	for _, x := range s.answers(ctx) {
		if x.err != nil {
			continue
		}
		judged++
		if err := c.judge(x); err != nil {
			failures = append(failures, Failure{x.asked(), err.Error()})
		}
	}
	if judged == 0 {
		return nil, "there is no answer to judge"
	}
	return failures, ""
}
