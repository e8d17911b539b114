package edge

import (
	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/callrecord"
	"github.com/redirectd/redirectd/internal/decision"
	"github.com/redirectd/redirectd/internal/edge/message"
	"github.com/redirectd/redirectd/internal/edge/transaction"
)

// finish sends the one final response upstream (16.7 steps 5 to 9) and releases
// what the call needed. why is for the log.
func (rc *responseContext) finish(status int, b []byte, why string) {
	if rc.final {
		return
	}
	if rc.method != "INVITE" && (status == 408 || rc.tooLate()) { // RFC 4320 section 4.2
		rc.mute(why)
		return
	}
	rc.last = b
	rc.rememberChallenge(status) // the caller may be quick
	result := callrecord.ResultNone
	if rc.server.Respond(&rc.edge.cfg.Timers, status, rc.edge.now()).Has(transaction.Send) {
		result = rc.send(b)
		rc.edge.metrics.finals.WithLabelValues(statusClass(status)).Inc()
	}
	if status < 300 {
		rc.last = nil // a 2xx is the callee's to repeat
		if rc.method != "INVITE" {
			rc.last = b
		}
	}
	rc.final = true // whatever happens below, it was sent
	rc.logCall(status, why)
	rc.recordCall(b, result, why)
	rc.endTrace(b, result, why)
	rc.release()
}

// tooLate reports whether the sender of a request other than INVITE has given up by
// now: Timer F of its client transaction is no longer than that.
func (rc *responseContext) tooLate() bool {
	return rc.edge.now().Sub(rc.receivedAt) >= rc.edge.cfg.Timers.Timeout()
}

// mute ends a request other than INVITE without a final response. It would be of
// use to nobody, and a 408 would have the next element take us for dead (RFC 4320
// section 4.2). What comes again is absorbed as after one, by Timer J: it was
// delivered, and must not be a second time.
func (rc *responseContext) mute(why string) {
	rc.logCall(0, "no final response in time: "+why)
	rc.recordCall(nil, callrecord.ResultNone, "no final response in time: "+why)
	rc.endTrace(nil, callrecord.ResultNone, "no final response in time: "+why)
	rc.last = nil
	rc.server.Respond(&rc.edge.cfg.Timers, 408, rc.edge.now())
	rc.release()
}

// cutOff ends a call that the edge leaves behind when it stops.
func (rc *responseContext) cutOff() {
	rc.mu.Lock()
	defer rc.mu.Unlock()
	if rc.final {
		return
	}
	rc.logCall(0, "the edge stopped")
	rc.recordCall(nil, callrecord.ResultNone, "the edge stopped")
	rc.endTrace(nil, callrecord.ResultNone, "the edge stopped")
	rc.release()
}

// respondOwn sends a final response of our own upstream.
func (rc *responseContext) respondOwn(status int, reason string) {
	rc.respondFor(status, reason, "answered by the edge")
}

// respondFor is respondOwn that says why.
func (rc *responseContext) respondFor(status int, reason, why string) {
	if rc.final {
		return
	}
	// The 200 of a CANCEL has the same tag as our 487 (9.2).
	b := message.Response(nil, rc.request, rc.source, status, reason, rc.edge.statelessTag(rc.request))
	rc.finish(status, b, why)
}

// finishBest sends the best response upstream.
func (rc *responseContext) finishBest(why string) {
	best := rc.best
	switch {
	case best.status == 0:
		rc.respondFor(decision.Mapped(rc.redirectStatus), "", why+", answered by the edge")
	case best.status == 503: // 16.7 step 6: the next one up would not try us again
		rc.respondFor(500, "", why+", and a 503 becomes a 500")
	case best.m == nil:
		rc.respondFor(best.status, "", why+", answered by the edge")
	default:
		rc.relayFinal(best.m, why)
	}
}

// relayFinal sends a received final response upstream as it came, a 401 or 407
// with the challenges of the others.
func (rc *responseContext) relayFinal(m *message.Message, why string) {
	relayed := rc.withoutOurVia(m, rc.otherChallenges(m)...)
	if relayed == nil { // its Via can't be the one we sent
		rc.respondOwn(500, "")
		return
	}
	rc.notes.relays(m)
	rc.finish(m.Status(), relayed, why)
}

// finishExhausted ends a call that has no target left.
func (rc *responseContext) finishExhausted() {
	if d := rc.decision; d.GetExhausted() != nil && (!d.GetExhaustedOnlyIfNone() || !rc.best.real) {
		rc.reject(d.GetExhausted(), "no target is left")
		return
	}
	rc.finishBest("no target is left")
}

// reject sends a final response that the policy wants.
func (rc *responseContext) reject(r *redirectv1.FinalResponse, why string) {
	status := int(r.GetStatus())
	b := message.Response(nil, rc.request, rc.source, status, r.GetReasonPhrase(), newTag(), rc.ownHeaders(r.GetHeaderOps())...)
	if len(b) > message.MaxSize {
		rc.edge.log.Warn("header operations dropped", "call_id", rc.callID, "reason", "the response would be too big", "bytes", len(b))
		b = message.Response(nil, rc.request, rc.source, status, r.GetReasonPhrase(), newTag())
	}
	rc.finish(status, b, why)
}

// rejectFirst answers a request that has no target at all.
func (rc *responseContext) rejectFirst(err error) {
	rc.edge.log.Debug("request without a target", "call_id", rc.callID, "error", err)
	if isUnsupportedScheme(err) { // 16.3 step 2
		rc.respondOwn(416, "")
		return
	}
	rc.respondOwn(400, "Bad Request-URI or Route")
}
