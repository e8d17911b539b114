package edge

import (
	"net/netip"
	"runtime/debug"
	"strings"
	"sync"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/redirectd/redirectd/internal/callrecord"
	"github.com/redirectd/redirectd/internal/edge/message"
	"github.com/redirectd/redirectd/internal/edge/transaction"
	"github.com/redirectd/redirectd/internal/edge/transport"
)

// responseContext is one request on its way through the edge (16.7). Until its
// final response it searches for the target that answers; then it absorbs
// retransmissions, repeats that response and lets a late 2xx through, for half a minute:
// of those there are thousands, so that what they hold is counted.
// Everything below mu belongs to whoever holds it.
type responseContext struct {
	edge     *Edge
	id       uint64
	key      string
	method   string
	upstream transport.Flow         // the way of the responses
	source   netip.AddrPort         // where the request came from
	back     *transport.Destination // where to send responses if the connection is gone (18.2.2); nil over UDP
	callID   string
	onTimer  func()
	timer    transaction.Timer

	mu       sync.Mutex
	server   transaction.Server
	room     *room     // in which it takes a place until it is forgotten; nil if in none
	last     []byte    // the last response sent upstream, for retransmissions
	final    bool      // a final response was sent upstream, or never will be
	recorded bool      // there is a call record
	branches []*branch // those whose client transaction still lives

	*search // nil once final is true
}

func newResponseContext(e *Edge, f transport.Flow, m *message.Message, key string, in *inbound) *responseContext {
	rc := &responseContext{
		edge: e, id: newID(), key: key,
		upstream: upstreamFlow(f, m), source: f.Remote, back: backTo(f, m),
		search: &search{request: m.Clone(), receivedAt: e.now(), in: in, redirectedFrom: -1},
	}
	// Substrings of the request would keep all of it in memory.
	rc.method, rc.callID = strings.Clone(m.Method()), strings.Clone(m.CallID())
	if rc.method != "INVITE" {
		rc.tryingAt = rc.receivedAt.Add(e.cfg.Timers.Trying100())
	}
	rc.onTimer = rc.expire
	rc.server.Start(rc.method, f.Kind.Reliable())
	return rc
}

// start sends the request to its first target.
func (rc *responseContext) start() {
	if rc.method == "INVITE" {
		rc.sendTrying()
	}
	if !rc.in.inDialog && rc.edge.isPing(rc.request, &rc.in.routed) {
		rc.respondOwn(200, "") // an OPTIONS asks whether the edge is there (11.2), not whether its next hop is
		return
	}
	t, err := firstTarget(&rc.in.routed, rc.edge.nextHop(rc.in))
	if err != nil {
		rc.rejectFirst(err)
		return
	}
	if rc.in.routed.flowGone {
		rc.respondOwn(430, "") // RFC 5626 section 5.3.1
		return
	}
	if trunk := rc.in.trunk; trunk != nil && !rc.in.inDialog && trunk.ResponseTimeout > 0 {
		t.proto.ResponseTimeout = durationpb.New(trunk.ResponseTimeout)
	}
	if rc.edge.isOwn(t.hop()) {
		rc.respondOwn(404, "") // the edge itself has no resource (16.5)
		return
	}
	rc.try(t)
}

// leave ends an event: it keeps a panic from ending the process, sets the timer,
// and forgets the context when nothing of it lives any more. It is deferred with
// the lock held.
func (rc *responseContext) leave() {
	defer rc.mu.Unlock()
	if p := recover(); p != nil {
		rc.crashed(p)
	}
	rc.settle()
}

// crashed ends a context whose event panicked: its caller gets 500.
func (rc *responseContext) crashed(p any) {
	rc.edge.metrics.panics.Inc()
	rc.edge.log.Error("panic", "value", p, "call_id", rc.callID, "stack", string(debug.Stack()))
	defer func() {
		if again := recover(); again != nil { // not even that could be sent
			rc.release()
			rc.server.Abandon()
		}
	}()
	if !rc.final {
		rc.cancelBranches(nil)
		rc.respondFor(500, "", "an event panicked")
	}
}

// settle removes branches that have ended, sets the timer for whatever is next,
// and forgets the context when nothing is left to wait for.
func (rc *responseContext) settle() {
	live := rc.branches[:0]
	for _, b := range rc.branches {
		if b.gone() {
			rc.edge.flows.remove(b.flow, rc)
			continue
		}
		live = append(live, b)
	}
	clear(rc.branches[len(live):])
	rc.branches = live
	if !rc.final && len(live) == 0 && rc.waitingFor == "" {
		// Nothing is left that could bring a final response. This has no way to
		// happen; if there is one, the caller shall not wait for ever.
		rc.edge.log.Error("request without a future", "call_id", rc.callID)
		rc.respondOwn(500, "")
	}
	if rc.server.State() == transaction.Terminated && len(live) == 0 {
		rc.edge.wheel.Stop(&rc.timer)
		rc.edge.table.Remove(rc.key, rc.id)
		rc.room.giveBack()
		rc.room = nil // this may be called again
		return
	}
	next := rc.server.Next()
	if !rc.final {
		next = transaction.Earlier(next, rc.nextTimer())
	}
	for _, b := range live {
		next = transaction.Earlier(next, b.next())
	}
	if next.IsZero() {
		rc.edge.wheel.Stop(&rc.timer)
		return
	}
	rc.edge.wheel.Set(&rc.timer, next, rc.onTimer)
}

// retransmission takes the request again (17.2.1, 17.2.2).
func (rc *responseContext) retransmission() {
	rc.edge.metrics.retransmissions.WithLabelValues("request").Inc()
	rc.mu.Lock()
	defer rc.leave()
	if rc.server.Request().Has(transaction.Send) && rc.last != nil {
		rc.send(rc.last)
	}
}

// send sends bytes upstream. An error cancels nothing (16.9).
func (rc *responseContext) send(b []byte) callrecord.Result {
	var to transport.Destination
	if rc.back != nil {
		to = *rc.back
	}
	return rc.edge.sendTo(rc.upstream, b, to, rc.callID)
}
