package edge

import (
	"time"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/callrecord"
	"github.com/redirectd/redirectd/internal/edge/message"
	"github.com/redirectd/redirectd/internal/edge/transaction"
	"github.com/redirectd/redirectd/internal/edge/transport"
)

// response takes a response for branch n (16.7).
func (rc *responseContext) response(n int, m *message.Message) {
	b := rc.branch(n)
	if b == nil {
		rc.edge.metrics.dropped.WithLabelValues("stray_response").Inc()
		return
	}
	now := rc.edge.now()
	switch m.Method() {
	case rc.method:
	case "CANCEL":
		if b.cancel != nil {
			b.cancel.client.Response(&rc.edge.cfg.Timers, m.Status(), now)
		}
		return
	default:
		rc.edge.metrics.dropped.WithLabelValues("wrong_cseq_method").Inc()
		return
	}
	rc.edge.metrics.responses.WithLabelValues(statusClass(m.Status())).Inc()
	if !b.heard {
		b.heard = true
		if b.underway != nil {
			rc.edge.resolver.Answered(b.hop)
		}
	}
	action := b.client.Response(&rc.edge.cfg.Timers, m.Status(), now)
	if action.Has(transaction.Ack) {
		rc.acknowledge(b, m)
	}
	if !action.Has(transaction.Deliver) {
		rc.edge.metrics.retransmissions.WithLabelValues("response").Inc()
		return
	}
	switch status := m.Status(); {
	case status < 200:
		rc.provisional(b, m, now)
	case status < 300:
		rc.success(b, m)
	default:
		rc.conclude(b, redirectv1.Outcome_OUTCOME_RESPONSE, m, "")
	}
}

// acknowledge sends the ACK of a final response other than 2xx, hop by hop, to
// the very address that the INVITE went to (17.1.1.3).
func (rc *responseContext) acknowledge(b *branch, m *message.Message) {
	if b.ack == nil {
		b.ack = message.Ack(nil, b.asSent(), m)
		b.sent = nil // it is not sent again, and nothing else is made of it
	}
	rc.edge.sendTo(b.flow, b.ack, b.destination(), rc.callID)
}

// provisional relays a 1xx other than 100 at once (16.7 step 5).
func (rc *responseContext) provisional(b *branch, m *message.Message, now time.Time) {
	if b.cancelWanted && b.cancel == nil {
		rc.sendCancel(b, now)
	}
	if b.concluded { // a target that was given up rings for nobody; its attempt is with the policy
		return
	}
	status := m.Status()
	rc.sawProvisional(b, status)
	if status == 100 {
		return
	}
	if !b.timerC.IsZero() {
		b.timerC = now.Add(timerC)
	}
	if b.timedOut || rc.method != "INVITE" {
		// A target that ran out of time rings for nobody, and RFC 4320
		// section 4.1 has no provisional response but 100 to other methods.
		return
	}
	if relayed := rc.withoutOurVia(m); relayed != nil {
		rc.sendProvisional(relayed)
	}
}

// sendTrying sends our 100 (16.2; RFC 4320 section 4.1).
func (rc *responseContext) sendTrying() {
	rc.sendProvisional(message.Response(nil, rc.request, rc.source, 100, "", ""))
}

func (rc *responseContext) sendProvisional(b []byte) {
	if !rc.server.Respond(&rc.edge.cfg.Timers, 180, rc.edge.now()).Has(transaction.Send) {
		return
	}
	rc.last = b
	rc.send(b)
}

// success relays a 2xx at once, whatever was sent upstream before (16.7
// step 5): the callee has answered.
func (rc *responseContext) success(b *branch, m *message.Message) {
	relayed := rc.withoutOurVia(m)
	if relayed == nil { // its Via can't be the one we sent
		rc.edge.metrics.dropped.WithLabelValues("no_via_left").Inc()
		b.concluded = true
		rc.cancelBranches(b)
		rc.respondOwn(500, "")
		return
	}
	rc.rememberWithheld(b, m)
	first := !b.concluded
	b.concluded = true
	if first && !rc.final {
		rc.endAttempt(b, redirectv1.Outcome_OUTCOME_RESPONSE, m, "")
	}
	if rc.final { // sent again, of another fork, or late
		if rc.method == "INVITE" {
			sent := rc.send(relayed)
			rc.recordLate(b, m, sent)
		}
		b.release()
		return
	}
	b.answered = true
	if !first {
		rc.noteLate(b, m)
	}
	rc.cancelBranches(b)
	rc.notes.relays(m)
	rc.finish(m.Status(), relayed, "target answered")
}

// withoutOurVia returns a response as it goes upstream (16.7 step 3), with more
// header fields, or nil if no Via is left: then it was for nobody.
func (rc *responseContext) withoutOurVia(m *message.Message, more ...message.Header) []byte {
	if m.ViaCount() < 2 {
		return nil
	}
	edit := m.Edit()
	edit.PopVia()
	for _, h := range more {
		edit.Add(h.Name, h.Value)
	}
	if rc.upstream.Kind.Reliable() { // 20.14: a datagram may lack it, a stream must not
		edit.EnsureContentLength()
	}
	return edit.Bytes(make([]byte, 0, len(m.Raw())))
}

// conclude is called once for every attempt that did not succeed, with its
// outcome: then the call goes on, or ends.
func (rc *responseContext) conclude(b *branch, outcome redirectv1.Outcome, m *message.Message, detail string) {
	rc.challenged(b, m)
	if b.concluded {
		rc.lateFinal(b, m)
		return
	}
	if rc.final {
		b.concluded = true
		b.release()
		return
	}
	if m != nil && m.Status() == 503 && rc.unavailableAt(b, m) {
		return
	}
	b.concluded = true
	if b.timedOut {
		outcome = redirectv1.Outcome_OUTCOME_ANSWER_TIMEOUT
	}
	rc.endAttempt(b, outcome, m, detail)
	switch {
	case rc.cancelled:
		rc.noteUnasked(b, m, callrecord.NotAskedOver)
		rc.concludeCancelled(m)
	case (m == nil || m.Status() >= 400) && rc.advises(b):
		rc.advised(b, outcome, m)
	case rc.ended:
		rc.noteUnasked(b, m, callrecord.NotAskedOver)
		rc.finishBest("6xx ends the search")
	case m != nil && m.Status() >= 600: // 16.7 step 5: no new branch
		rc.best.consider(m.Status(), m)
		rc.finishBest("6xx ends the search")
	case m == nil || b.timedOut:
		rc.best.consider(failureStatus(outcome), nil)
		rc.afterFailure(b, outcome, 0)
	case m.Status() < 400:
		rc.redirected(b, m)
	default:
		rc.best.consider(m.Status(), m)
		rc.afterFailure(b, outcome, m.Status())
	}
}

// unavailableAt goes on with the next address after a 503 (RFC 3263 section
// 4.3), and reports whether there is one. A Retry-After says that no other
// request should be sent there for a while (21.5.4).
func (rc *responseContext) unavailableAt(b *branch, m *message.Message) bool {
	if len(m.Values("Retry-After")) > 0 {
		rc.edge.resolver.Failed(b.hop)
	}
	if !rc.more(b) || rc.advises(b) { // what a redirect server says is for the policy
		return false
	}
	rc.best.consider(m.Status(), m)
	rc.again(b)
	return true
}

// lateFinal takes the final response of a target that was given up. It may be
// the best one; and a 6xx ends the search, whatever rings (16.7 step 5).
func (rc *responseContext) lateFinal(b *branch, m *message.Message) {
	if rc.final {
		b.release()
		return
	}
	rc.noteLate(b, m)
	if m == nil || rc.cancelled || m.Status() < 400 {
		return
	}
	rc.best.consider(m.Status(), m)
	if m.Status() < 600 {
		return
	}
	rc.ended, rc.remaining = true, nil
	if !rc.cancelBranches(b) || rc.method != "INVITE" { // nothing else can be cancelled, so nothing is waited for
		rc.finishBest("6xx ends the search")
	}
}

// failureStatus is the response that an attempt without one counts as: 503 for a
// transport error (16.9), 408 for a timeout (16.8).
func failureStatus(o redirectv1.Outcome) int {
	switch o {
	case redirectv1.Outcome_OUTCOME_TRANSPORT_ERROR, redirectv1.Outcome_OUTCOME_UNRESOLVABLE:
		return 503
	case redirectv1.Outcome_OUTCOME_REFUSED:
		return 480
	case redirectv1.Outcome_OUTCOME_RESPONSE, redirectv1.Outcome_OUTCOME_RESPONSE_TIMEOUT,
		redirectv1.Outcome_OUTCOME_ANSWER_TIMEOUT, redirectv1.Outcome_OUTCOME_UNSPECIFIED:
	}
	return 408
}

// flowFailed and branchFailed take a transport error that came after sending.
func (rc *responseContext) flowFailed(f transport.Flow, err error) {
	rc.mu.Lock()
	defer rc.leave()
	for _, b := range rc.branches {
		if b.flow == f {
			rc.interrupted(b, err)
		}
	}
}

func (rc *responseContext) branchFailed(n int, err error) {
	if b := rc.branch(n); b != nil {
		rc.interrupted(b, err)
	}
}

// interrupted fails a branch that still waits for its first response. One that
// has had any is alive: its final response may come over another connection
// (18.2.2), and its timers end it otherwise.
func (rc *responseContext) interrupted(b *branch, err error) {
	switch b.client.State() {
	case transaction.Calling, transaction.Trying:
		if !b.flow.Kind.Reliable() || b.upgraded() || rc.more(b) {
			rc.failed(b, err)
			return
		}
		// It may have read the request, and answer over a new connection.
		rc.giveUp(b, redirectv1.Outcome_OUTCOME_TRANSPORT_ERROR, err.Error())
	case transaction.Proceeding, transaction.Accepted, transaction.Completed, transaction.Confirmed, transaction.Terminated:
	}
}

// statusClass bounds the values of a metric's label.
func statusClass(status int) string {
	if status < 100 || status > 699 {
		return "other"
	}
	return [...]string{"1xx", "2xx", "3xx", "4xx", "5xx", "6xx"}[status/100-1]
}
