package policy

import (
	"slices"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// statusRange is a range of statuses, both ends included.
type statusRange struct{ First, Last int }

func inRanges(ranges []statusRange, status int) bool {
	return slices.ContainsFunc(ranges, func(r statusRange) bool { return r.First <= status && status <= r.Last })
}

// Advance says which failures of a target go on to the next one.
type Advance struct {
	// Statuses are final statuses that do, 400 to 599, in ascending order and
	// apart from each other.
	Statuses []statusRange
	// Timeout and TransportError are what their namesakes in AdvanceRule are.
	Timeout, TransportError bool
}

// defaultAdvance is the contract's: 400 to 599 other than 401 and 407, which go
// upstream so that the caller can answer the challenge (22.3).
func defaultAdvance() Advance {
	return Advance{Statuses: []statusRange{{400, 400}, {402, 406}, {408, 599}}, Timeout: true, TransportError: true}
}

// rule writes it in the words of the contract.
func (a *Advance) rule(stopAfterRinging bool) *redirectv1.AdvanceRule {
	ranges := make([]redirectv1.StatusRange, len(a.Statuses))
	r := &redirectv1.AdvanceRule{
		Statuses:         make([]*redirectv1.StatusRange, len(ranges)),
		Timeout:          a.Timeout,
		TransportError:   a.TransportError,
		StopAfterRinging: stopAfterRinging,
	}
	for i, s := range a.Statuses {
		ranges[i].First, ranges[i].Last = uint32(s.First), uint32(s.Last)
		r.Statuses[i] = &ranges[i]
	}
	return r
}

// goesOn reports whether an attempt that failed leads to the next target.
func (a *Advance) goesOn(attempt *redirectv1.Attempt) bool {
	switch attempt.GetOutcome() {
	case redirectv1.Outcome_OUTCOME_RESPONSE:
		status := int(attempt.GetResponse().GetStatus())
		return status >= 300 && status <= 399 || inRanges(a.Statuses, status)
	case redirectv1.Outcome_OUTCOME_RESPONSE_TIMEOUT, redirectv1.Outcome_OUTCOME_ANSWER_TIMEOUT:
		return a.Timeout
	case redirectv1.Outcome_OUTCOME_TRANSPORT_ERROR, redirectv1.Outcome_OUTCOME_UNRESOLVABLE:
		return a.TransportError
	case redirectv1.Outcome_OUTCOME_REFUSED, redirectv1.Outcome_OUTCOME_UNSPECIFIED:
	}
	return true
}

// without takes statuses out of ranges.
func without(ranges, out []statusRange) []statusRange {
	var kept []statusRange
	for _, r := range ranges {
		for _, s := range slices.SortedFunc(slices.Values(out), func(a, b statusRange) int { return a.First - b.First }) {
			if s.Last < r.First || s.First > r.Last {
				continue
			}
			if s.First > r.First {
				kept = append(kept, statusRange{r.First, s.First - 1})
			}
			r.First = s.Last + 1
		}
		if r.First <= r.Last {
			kept = append(kept, r)
		}
	}
	return kept
}

// joined sorts ranges and joins those that touch.
func joined(ranges []statusRange) []statusRange {
	slices.SortFunc(ranges, func(a, b statusRange) int { return a.First - b.First })
	var all []statusRange
	for _, r := range ranges {
		if n := len(all); n > 0 && r.First <= all[n-1].Last+1 {
			all[n-1].Last = max(all[n-1].Last, r.Last)
			continue
		}
		all = append(all, r)
	}
	return all
}
