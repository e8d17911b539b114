package decision

import redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"

// defaultAdvance goes on after everything but an answer, a challenge, or a 6xx.
var defaultAdvance = &redirectv1.AdvanceRule{
	Statuses: []*redirectv1.StatusRange{{First: 400, Last: 400}, {First: 402, Last: 406}, {First: 408, Last: 599}},
	Timeout:  true, TransportError: true,
}

// RuleOf returns the advance rule in force for a target of a decision: its own,
// that of the decision, or the contract's. It is not to be changed.
func RuleOf(t *redirectv1.Target, d *redirectv1.TryTargets) *redirectv1.AdvanceRule {
	if rule := t.GetAdvance(); rule != nil {
		return rule
	}
	if rule := d.GetAdvance(); rule != nil {
		return rule
	}
	return defaultAdvance
}

// Advances reports whether an attempt that ended like this leads to the next
// target (8.1.3.4). The status counts if the outcome is a response; rang says
// that the target has sent 180 or 183.
func Advances(rule *redirectv1.AdvanceRule, outcome redirectv1.Outcome, status int, rang bool) bool {
	if rule.GetStopAfterRinging() && rang {
		return false
	}
	switch outcome {
	case redirectv1.Outcome_OUTCOME_RESPONSE:
		for _, r := range rule.GetStatuses() {
			if uint32(status) >= r.GetFirst() && uint32(status) <= r.GetLast() {
				return true
			}
		}
		return false
	case redirectv1.Outcome_OUTCOME_RESPONSE_TIMEOUT, redirectv1.Outcome_OUTCOME_ANSWER_TIMEOUT:
		return rule.GetTimeout()
	case redirectv1.Outcome_OUTCOME_TRANSPORT_ERROR, redirectv1.Outcome_OUTCOME_UNRESOLVABLE:
		return rule.GetTransportError()
	case redirectv1.Outcome_OUTCOME_REFUSED, redirectv1.Outcome_OUTCOME_UNSPECIFIED:
	}
	return true // a refused target is no answer of anybody
}
