package edge

import (
	"errors"
	"fmt"
	"time"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/edge/message"
	"github.com/redirectd/redirectd/internal/edge/transaction"
	"github.com/redirectd/redirectd/internal/edge/transport"
)

var (
	errNoListener     = errors.New("the edge has no listener of that transport")
	errNoSocket       = errors.New("no listener of that transport and address family")
	errTooManyWaiting = errors.New("too many calls wait for DNS or connections, in all or to the same destination (limits.waiting)")
)

// timeoutOf returns how long a client transaction may take: 64*T1, for a request
// other than INVITE from its arrival, for all targets together (RFC 4320).
func (rc *responseContext) timeoutOf(now time.Time) time.Duration {
	if rc.method == "INVITE" {
		return rc.edge.cfg.Timers.Timeout()
	}
	return max(rc.receivedAt.Add(rc.timeOfAll()).Sub(now), time.Millisecond)
}

// timeOfAll returns how long all targets of a request other than INVITE have
// together. After a redirect that is T1 less: what is said if none of them answers
// must come before the caller has given up.
func (rc *responseContext) timeOfAll() time.Duration {
	timers := &rc.edge.cfg.Timers
	if rc.decision != nil {
		return timers.Timeout() - timers.T1
	}
	return timers.Timeout()
}

// try makes an attempt of a target.
func (rc *responseContext) try(t *target) {
	b := &branch{n: rc.nextBranch(), attempt: len(rc.attempts), underway: &underway{target: t, ways: ways{uris: t.otherHops}}}
	rc.beginAttempt(t)
	rc.reach(b)
}

// build makes the request of a branch from the request as received (16.6). It
// is made again when the flow changes, with the same branch in its Via: nothing
// was sent yet. What is too big for any transport is refused.
func (rc *responseContext) build(b *branch) bool {
	t, edit := b.target, rc.request.Edit()
	if uri := t.uri.Text; uri != rc.request.RequestURI() { // step 2
		edit.SetRequestURI(uri)
	}
	maxForwards, ok := rc.request.MaxForwards() // step 3
	if !ok {
		maxForwards = 71
	}
	edit.SetMaxForwards(maxForwards - 1)
	rc.recordRoute(edit, b)
	switch { // step 6
	case t.setRoutes:
		edit.SetRoutes(t.routeValues())
	case rc.in.routed.popped > 0:
		edit.PopRoutes(rc.in.routed.popped)
	}
	rc.editCredentials(edit, b)
	rc.editHeaders(edit, t)
	if b.flow.Kind.Reliable() { // step 9
		edit.EnsureContentLength()
	}
	edit.MarkReceived(rc.source)
	edit.PushVia("SIP/2.0/" + b.flow.Kind.ViaName() + " " + rc.edge.sockets.SentBy(b.flow) + // step 8
		";branch=" + transaction.Branch(rc.id, b.n) + rc.edge.aliasParam(b.flow))
	b.sent = edit.Bytes(make([]byte, 0, len(rc.request.Raw())+512))
	if len(b.sent) > message.MaxSize {
		rc.refuseLate(b, &refused{"size", fmt.Sprintf("the request to %s would have %d bytes, more than %d", t, len(b.sent), message.MaxSize)})
		return false
	}
	return true
}

// aliasParam offers the other side of a TLS connection that we made to send its
// requests on it too: our certificate says who we are (RFC 5923 section 5).
func (e *Edge) aliasParam(f transport.Flow) string {
	if f.Kind == transport.TLS && !f.Accepted() && e.cfg.TLS.Cert != "" {
		return ";alias"
	}
	return ""
}

// sendOn builds the request for a flow and sends it.
func (rc *responseContext) sendOn(b *branch, f transport.Flow) {
	b.flow = f
	if rc.build(b) {
		rc.launch(b)
	}
}

// launch starts the client transaction of a branch (16.6 steps 10 and 11).
func (rc *responseContext) launch(b *branch) {
	now := rc.edge.now()
	a := rc.attempts[b.attempt]
	a.DestinationAddress = b.flow.Remote.String()
	if b.attempt > 0 {
		a.Trunk = rc.edge.trunkAt(b.flow.Remote.Addr())
	}
	a.StartedAt, b.sentAt, b.name = timestamp(now), now, b.hop.Name
	b.client.Start(&rc.edge.cfg.Timers, rc.method, b.flow.Kind.Reliable(), rc.timeoutOf(now), now)
	if timeout := b.target.responseTimeout(); timeout > 0 {
		b.responseTime = now.Add(timeout)
	}
	if rc.method == "INVITE" {
		b.timerC = now.Add(timerC)
	}
	if timeout := b.target.answerTimeout(); timeout > 0 {
		b.answerTime = now.Add(timeout)
	}
	rc.branches = append(rc.branches, b)
	rc.notes.launched(b)
	rc.edge.flows.add(b.flow, rc)
	rc.edge.metrics.attempts.Inc()
	if err := b.flow.Send(b.sent); err != nil {
		rc.failed(b, err)
	}
}

// failed ends a branch after a transport error: the next address of its target,
// or an outcome (16.9).
func (rc *responseContext) failed(b *branch, err error) {
	b.client.Fail()
	rc.edge.failedAt(b.failedHop(), err)
	if b.concluded {
		return
	}
	b.downgrade()
	if rc.more(b) {
		rc.again(b)
		return
	}
	rc.conclude(b, redirectv1.Outcome_OUTCOME_TRANSPORT_ERROR, nil, err.Error())
}

// unreachable ends an attempt that was never sent.
func (rc *responseContext) unreachable(b *branch, err error) {
	rc.conclude(b, redirectv1.Outcome_OUTCOME_TRANSPORT_ERROR, nil, err.Error())
}

// unresolvable ends an attempt whose target has no address.
func (rc *responseContext) unresolvable(b *branch, err error) {
	rc.conclude(b, redirectv1.Outcome_OUTCOME_UNRESOLVABLE, nil, err.Error())
}

// refuseLate ends an attempt that the edge refuses after all.
func (rc *responseContext) refuseLate(b *branch, why *refused) {
	rc.edge.metrics.refused.WithLabelValues(why.reason).Inc()
	rc.edge.log.Info("attempt refused", "call_id", rc.callID, "target", b.target.proto.GetUri(), "reason", why.reason, "detail", why.text)
	rc.conclude(b, redirectv1.Outcome_OUTCOME_REFUSED, nil, why.text)
}
