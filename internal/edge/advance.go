package edge

import (
	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/decision"
)

// afterFailure goes on after an attempt that failed (8.1.3.4).
func (rc *responseContext) afterFailure(b *branch, outcome redirectv1.Outcome, status int) {
	switch {
	case rc.decision == nil: // the first target was the only one
		rc.finishBest("not redirected")
	case rc.decision.GetConsultOnFailure():
		rc.ask(&question{request: rc.aboutFailure(), branch: b, outcome: outcome, status: status})
	default:
		rc.advance(b, outcome, status)
	}
}

// advance tries the next target if the rule of the one that failed says so.
func (rc *responseContext) advance(b *branch, outcome redirectv1.Outcome, status int) {
	if b != nil && !decision.Advances(rc.ruleOf(b.target.proto), outcome, status, rc.attempts[b.attempt].GetRang()) {
		rc.finishBest("this failure does not advance")
		return
	}
	rc.nextTarget()
}

// ruleOf returns the advance rule in force for a target.
func (rc *responseContext) ruleOf(t *redirectv1.Target) *redirectv1.AdvanceRule {
	return decision.RuleOf(t, rc.decision)
}

// nextTarget tries the next target of the decision that the edge does not
// refuse. When there is none, the call ends - or the policy is asked again, if
// it wants to be and the last one was refused.
func (rc *responseContext) nextTarget() {
	refusedLast := false
	for len(rc.remaining) > 0 && rc.attemptsLeft() > 0 {
		p := rc.remaining[0]
		rc.remaining = rc.remaining[1:]
		t, err := redirectedTarget(p, rc.in)
		if !t.configured { // the own route leads nowhere that a 3xx said
			t.depth = rc.tried[rc.origin(p)].depth + 1
		}
		var why *refused
		if err != nil {
			why = &refused{"uri", err.Error()}
		} else {
			why = rc.guard(t, rc.edge.now())
		}
		if why == nil {
			rc.try(t)
			return
		}
		rc.refuse(t, why)
		refusedLast = true
	}
	if len(rc.remaining) > 0 {
		rc.edge.metrics.refused.WithLabelValues("attempts").Inc()
		rc.edge.log.Info("attempts used up", "call_id", rc.callID, "limit", rc.limits().Attempts, "remaining", len(rc.remaining))
	}
	if refusedLast && rc.decision.GetConsultOnFailure() && rc.attemptsLeft() > 0 {
		rc.ask(&question{request: rc.aboutFailure(), outcome: redirectv1.Outcome_OUTCOME_REFUSED})
		return
	}
	rc.finishExhausted()
}
