package next

import (
	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/decision"
)

// best is the final response that the caller gets if no target answers (16.7
// step 6).
type best struct {
	status int    // 0: there is none
	reason string // as it came
	real   bool   // a target sent it
}

// bestOf finds the best response of all targets. What the next hop said led to
// them, and so did a 3xx: neither competes.
func bestOf(attempts []*redirectv1.Attempt) (b best) {
	for _, a := range attempts[1:] {
		c := best{real: true}
		switch a.GetOutcome() {
		case redirectv1.Outcome_OUTCOME_RESPONSE:
			c.status, c.reason = int(a.GetResponse().GetStatus()), a.GetResponse().GetReasonPhrase()
			if c.status < 400 {
				continue
			}
		case redirectv1.Outcome_OUTCOME_RESPONSE_TIMEOUT, redirectv1.Outcome_OUTCOME_ANSWER_TIMEOUT:
			c = best{status: 408} // 16.8
		case redirectv1.Outcome_OUTCOME_TRANSPORT_ERROR, redirectv1.Outcome_OUTCOME_UNRESOLVABLE:
			c = best{status: 503} // 16.9
		case redirectv1.Outcome_OUTCOME_REFUSED, redirectv1.Outcome_OUTCOME_UNSPECIFIED:
			continue
		}
		if b.status == 0 || decision.Better(c.status, c.real, b.status, b.real) {
			b = c
		}
	}
	return b
}

// redirectedBy is the attempt that brought the last 3xx, or the advice: 0, the next
// hop, if no other did.
func redirectedBy(attempts []*redirectv1.Attempt) int {
	for i := len(attempts) - 1; i > 0; i-- {
		if status := attempts[i].GetResponse().GetStatus(); status >= 300 && status < 400 {
			return i
		}
	}
	return 0
}
