package edge

import (
	"strings"
	"time"

	"github.com/redirectd/redirectd/internal/edge/message"
	"github.com/redirectd/redirectd/internal/edge/transaction"
	"github.com/redirectd/redirectd/internal/edge/transport"
)

// receiveCancel takes a CANCEL from upstream (16.10). One that matches nothing
// is answered 481 and not forwarded statelessly, which the RFC would allow: so
// nobody can use the edge to reach a call that is not the edge's.
func (e *Edge) receiveCancel(f transport.Flow, m *message.Message) {
	rc, ok := e.table.ByKey(transaction.CancelledKey(m))
	if !ok || f.Remote.Addr() != rc.source.Addr() { // the callee knows the Via too
		if !e.ignores(f) {
			e.reply(f, m, 481, "")
		}
		return
	}
	e.reply(f, m, 200, "")
	rc.mu.Lock()
	defer rc.leave()
	if !rc.final {
		rc.reasons = boundedReasons(m)
	}
	rc.cancel(e.now())
}

// maxReason is how long a Reason of a CANCEL may be, in bytes.
const maxReason = 256

// boundedReasons returns what a CANCEL says of why, such as "Call completed
// elsewhere" (RFC 3326), for the CANCEL downstream.
func boundedReasons(m *message.Message) []string {
	var reasons []string
	for _, v := range m.Values("Reason") {
		if len(v) <= maxReason && len(reasons) < 4 {
			reasons = append(reasons, strings.Clone(v))
		}
	}
	return reasons
}

// cancel ends the call: no further target, and every branch is cancelled. The
// 487 upstream is the branch's own; it is ours only if no branch is pending, or
// none answers within 64*T1.
func (rc *responseContext) cancel(now time.Time) {
	if rc.final || rc.cancelled {
		return
	}
	rc.cancelled = true
	rc.supersede()
	rc.remaining = nil
	if !rc.cancelBranches(nil) {
		rc.respondFor(487, "", "cancelled by the caller")
		return
	}
	rc.cancelEnd = now.Add(rc.edge.cfg.Timers.Timeout())
}

// cancelBranches cancels every pending branch but one, and reports whether there
// were any.
func (rc *responseContext) cancelBranches(but *branch) (pending bool) {
	for _, b := range rc.branches {
		if b == but || b.concluded {
			continue
		}
		pending = true
		rc.cancelBranch(b, rc.edge.now())
	}
	return pending
}

// cancelBranch cancels one branch, but not before a provisional response (9.1).
func (rc *responseContext) cancelBranch(b *branch, now time.Time) {
	if rc.method != "INVITE" {
		b.client.Quiet() // it can't be cancelled, but need not be sent again
		return
	}
	if b.cancelWanted {
		return
	}
	b.cancelWanted = true
	if b.client.State() == transaction.Proceeding {
		rc.sendCancel(b, now)
	}
}

// sendCancel sends the CANCEL on the flow that took the INVITE.
func (rc *responseContext) sendCancel(b *branch, now time.Time) {
	b.cancel = &cancelling{sent: rc.buildCancel(b), end: now.Add(rc.edge.cfg.Timers.Timeout())}
	b.cancel.client.Start(&rc.edge.cfg.Timers, b.flow.Kind.Reliable(), 0, now)
	rc.edge.sendTo(b.flow, b.cancel.sent, b.destination(), rc.callID)
}

func (rc *responseContext) buildCancel(b *branch) []byte {
	built := message.Cancel(nil, b.asSent())
	var m message.Message
	if rc.final || len(rc.reasons) == 0 || m.Parse(built) != nil {
		return built
	}
	edit := m.Edit()
	for _, r := range rc.reasons {
		edit.Add("Reason", r)
	}
	return edit.Bytes(nil)
}

// concludeCancelled takes the outcome of the branch that a cancelled call had.
// What a 3xx or a timeout would lead to is of no use to anybody: 487.
func (rc *responseContext) concludeCancelled(m *message.Message) {
	if m != nil && m.Status() >= 400 && m.Status() != 503 { // 16.7 step 6: a 503 says nothing of us
		rc.relayFinal(m, "cancelled by the caller")
		return
	}
	rc.respondFor(487, "", "cancelled by the caller")
}
