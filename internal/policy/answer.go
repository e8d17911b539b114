package policy

import (
	"strconv"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// tryTargets answers with the target set. If no attempt brings a final response
// other than a 3xx, the caller gets the mapped status.
func (d *decision) tryTargets(mapped int, e *redirectv1.Explanation) *redirectv1.DecideResponse {
	p := d.profile
	status, onlyIfNone := p.final(mapped)
	return &redirectv1.DecideResponse{
		Action: &redirectv1.DecideResponse_TryTargets{TryTargets: &redirectv1.TryTargets{
			Targets:             d.targets,
			Advance:             p.Advance.rule(p.StopAfterRinging),
			Exhausted:           &redirectv1.FinalResponse{Status: uint32(status)},
			ExhaustedOnlyIfNone: onlyIfNone,
			ConsultOnFailure:    d.consults(),
		}},
		Explanation: e,
	}
}

// consults reports whether the policy wants to hear of a target that failed: a
// rule does, the time may be over by then, or the History-Info of the next one has
// to tell of it.
func (d *decision) consults() bool {
	p := d.profile
	return d.asksOfFailures() || (p.SetupTime > 0 || p.HistoryInfo) && d.can("consult_on_failure")
}

// asksOfFailures reports whether a rule wants to hear of a target that failed, and
// the edge is able to tell.
func (d *decision) asksOfFailures() bool {
	if d.profile.byFailure && !d.can("consult_on_failure") {
		d.note(`the edge does not name the feature "consult_on_failure": no rule hears of a failure`)
		return false
	}
	return d.profile.byFailure
}

// reject answers the caller with a final response.
func reject(status int, e *redirectv1.Explanation) *redirectv1.DecideResponse {
	return &redirectv1.DecideResponse{
		Action:      &redirectv1.DecideResponse_Reject{Reject: &redirectv1.FinalResponse{Status: uint32(status)}},
		Explanation: e,
	}
}

// rejectMapped is for a search in which no target has sent a final response.
func rejectMapped(mapped int, e *redirectv1.Explanation) *redirectv1.DecideResponse {
	e.Text += ", answered with " + strconv.Itoa(mapped)
	return reject(mapped, e)
}

// passBest lets the best response so far go to the caller. For an edge that
// cannot do that its status does, or the mapped one if there is none.
func (d *decision) passBest(mapped int, e *redirectv1.Explanation) *redirectv1.DecideResponse {
	if !d.can("pass_through") {
		best := d.bestStatus()
		if best == 0 {
			return rejectMapped(mapped, e)
		}
		e.Text += `, the edge does not name the feature "pass_through": answered with the best status so far, ` + strconv.Itoa(best)
		return reject(best, e)
	}
	e.Text += ", the best response so far goes to the caller"
	return &redirectv1.DecideResponse{
		Action: &redirectv1.DecideResponse_PassThrough{
			PassThrough: &redirectv1.PassThrough{Which: redirectv1.PassThrough_WHICH_BEST},
		},
		Explanation: e,
	}
}
