package policy

import (
	"strconv"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// tryTargets answers with the target set. If no attempt brings a final response
// other than a 3xx, the caller gets the mapped status.
func (d *decision) tryTargets(mapped int, e *redirectv1.Explanation) *redirectv1.DecideResponse {
	return &redirectv1.DecideResponse{
		Action: &redirectv1.DecideResponse_TryTargets{TryTargets: &redirectv1.TryTargets{
			Targets:             d.targets,
			Advance:             advance(d.profile.StopAfterRinging),
			Exhausted:           &redirectv1.FinalResponse{Status: uint32(mapped)},
			ExhaustedOnlyIfNone: true,
		}},
		Explanation: e,
	}
}

// advance is the contract's default, written out: 400 to 599 other than 401 and
// 407, which go upstream so that the caller can answer the challenge (22.3).
func advance(stopAfterRinging bool) *redirectv1.AdvanceRule {
	ranges := [...]redirectv1.StatusRange{{First: 400, Last: 400}, {First: 402, Last: 406}, {First: 408, Last: 599}}
	return &redirectv1.AdvanceRule{
		Statuses:         []*redirectv1.StatusRange{&ranges[0], &ranges[1], &ranges[2]},
		Timeout:          true,
		TransportError:   true,
		StopAfterRinging: stopAfterRinging,
	}
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
