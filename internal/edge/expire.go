package edge

import (
	"time"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/edge/transaction"
)

// expire runs every timer of the context that is due.
func (rc *responseContext) expire() {
	defer rc.edge.survive()
	rc.mu.Lock()
	defer rc.leave()
	now := rc.edge.now()
	timers := &rc.edge.cfg.Timers
	if rc.server.Expire(timers, now).Has(transaction.Send) {
		rc.send(rc.last)
	}
	if !rc.final {
		rc.expireSearch(now)
	}
	// A branch that ends may begin another: walk what is there now.
	for _, b := range append([]*branch(nil), rc.branches...) {
		rc.expireBranch(b, timers, now)
	}
	if !rc.final && transaction.Due(rc.cancelEnd, now) {
		rc.respondFor(487, "", "cancelled by the caller, and no answer from the target")
	}
}

// expireSearch runs the timers that no branch has.
func (rc *responseContext) expireSearch(now time.Time) {
	if transaction.Due(rc.tryingAt, now) {
		rc.tryingAt = time.Time{}
		rc.sendTrying()
	}
	if transaction.Due(rc.decideBy, now) {
		rc.noDecision("timeout", "no answer within "+rc.edge.cfg.Policy.Timeout.String())
	}
}

func (rc *responseContext) expireBranch(b *branch, timers *transaction.Timers, now time.Time) {
	if c := b.cancel; c != nil && c.client.Expire(timers, now).Has(transaction.Send) {
		_ = b.flow.Send(c.sent) // the timers of the branch end it anyway
	}
	switch action := b.client.Expire(timers, now); {
	case action.Has(transaction.Send):
		if err := b.flow.Send(b.sent); err != nil {
			rc.failed(b, err)
			return
		}
	case action.Has(transaction.Timeout):
		rc.timedOut(b)
	}
	if b.cancel != nil && transaction.Due(b.cancel.end, now) { // 9.1: as if it had been cancelled
		b.cancel.end = time.Time{}
		if b.answering() { // one that has its final response has timers of its own
			b.client.Fail()
			rc.conclude(b, redirectv1.Outcome_OUTCOME_ANSWER_TIMEOUT, nil, "no final response to the INVITE within 64*T1 of the CANCEL")
		}
	}
	if b.concluded {
		return
	}
	silent := transaction.Due(b.responseTime, now) && !b.answering()
	if transaction.Due(b.responseTime, now) {
		b.responseTime = time.Time{}
	}
	switch {
	case silent:
		rc.silent(b)
	case transaction.Due(b.answerTime, now), transaction.Due(b.timerC, now):
		rc.answerTimeout(b, now)
	}
}

// timedOut ends a branch after Timer B or F: the next address of its target, or
// an outcome.
func (rc *responseContext) timedOut(b *branch) {
	if !b.heard {
		rc.edge.resolver.Failed(b.failedHop())
		rc.edge.sockets.Doubt(b.flow, b.sentAt)
	}
	if !b.concluded && rc.method == "INVITE" && rc.more(b) {
		rc.again(b)
		return
	}
	rc.conclude(b, redirectv1.Outcome_OUTCOME_RESPONSE_TIMEOUT, nil, "no response in time (Timer B or F)")
}

// answerTimeout cancels a target that has run out of time (16.8, 16.10). The
// next one starts when this branch has ended: else two phones might answer.
func (rc *responseContext) answerTimeout(b *branch, now time.Time) {
	b.answerTime, b.timerC = time.Time{}, time.Time{}
	if rc.isLastHope(b) {
		return
	}
	b.timedOut = true
	if !b.answering() || rc.method != "INVITE" {
		rc.giveUp(b, redirectv1.Outcome_OUTCOME_ANSWER_TIMEOUT, "no response in time")
		return
	}
	rc.cancelBranch(b, now)
}

// silent goes on without a target that has said nothing within response_timeout:
// at its next address, or not at all.
func (rc *responseContext) silent(b *branch) {
	rc.edge.resolver.Failed(b.hop)
	if rc.isLastHope(b) {
		return
	}
	if !rc.more(b) {
		rc.giveUp(b, redirectv1.Outcome_OUTCOME_RESPONSE_TIMEOUT, "no response within response_timeout")
		return
	}
	b.cancelWanted = rc.method == "INVITE"
	b.client.Quiet()
	rc.again(b)
}

// isLastHope reports whether a request other than INVITE can be answered by this
// branch alone. To give it up would help nobody: a 408 is not sent, and an answer that
// comes yet would be lost (RFC 4320 section 4.2). Timer F ends it.
func (rc *responseContext) isLastHope(b *branch) bool {
	if rc.final {
		return false
	}
	d := rc.decision
	return rc.method != "INVITE" && !rc.more(b) && !rc.advises(b) && (rc.best.status == 0 || rc.best.status == 408) &&
		(d == nil || len(rc.remaining) == 0 && d.GetExhausted() == nil && !d.GetConsultOnFailure())
}

// giveUp goes on without a target that has said nothing. Its client transaction
// lives on in silence: should it ring after all, it is cancelled, and a 2xx goes
// upstream (16.7 step 5).
func (rc *responseContext) giveUp(b *branch, outcome redirectv1.Outcome, detail string) {
	b.cancelWanted = rc.method == "INVITE"
	b.client.Quiet()
	rc.conclude(b, outcome, nil, detail)
}

// answering reports whether a provisional response has come.
func (b *branch) answering() bool { return b.client.State() == transaction.Proceeding }
