package edge

import (
	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/edge/message"
)

// onward is the next_hop of a decision that stands for the trunk's own route.
const onward = "onward"

// advises reports whether a branch went to a redirect server that is nothing
// else: what it answers is put to the policy, from 300 up.
func (rc *responseContext) advises(b *branch) bool {
	return b.attempt == 0 && rc.decision == nil && !rc.in.inDialog &&
		rc.in.trunk != nil && rc.in.trunk.Role == RoleRedirectServer
}

// advised takes what a redirect server answered that is no redirect, or that it
// gave no answer at all. Neither competes for the final response: it was no
// target.
func (rc *responseContext) advised(b *branch, outcome redirectv1.Outcome, m *message.Message) {
	status := failureStatus(outcome)
	response := &redirectv1.SipResponse{Status: uint32(status)}
	rc.redirect = nil
	if m != nil {
		status, rc.redirect, response = m.Status(), m.Clone(), rc.attempts[b.attempt].GetResponse()
	}
	rc.beginNotes()
	rc.beginTrace()
	rc.redirectedFrom, rc.redirectStatus = b.attempt, status
	rc.best = bestResponse{}
	rc.edge.metrics.redirects.WithLabelValues(redirectLabel(status)).Inc()
	q := rc.newRequest()
	q.Event = &redirectv1.DecideRequest_Advice{Advice: &redirectv1.Advice{Response: response}}
	rc.ask(&question{request: q, branch: b})
}

// takeOnward sends a target by the trunk's own route.
func (t *target) takeOnward(in *inbound) error {
	if in.trunk == nil || len(in.trunk.Onward) == 0 {
		return errNoOnward
	}
	t.configured = true
	return t.takeHops(in.trunk.Onward)
}
