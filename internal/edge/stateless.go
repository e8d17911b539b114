package edge

import (
	"context"
	"crypto/rand"
	"errors"
	"hash/maphash"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redirectd/redirectd/internal/edge/message"
	"github.com/redirectd/redirectd/internal/edge/transaction"
	"github.com/redirectd/redirectd/internal/edge/transport"
)

func isUnsupportedScheme(err error) bool { return errors.Is(err, errUnsupportedScheme) }

// reply answers a request without a transaction (8.2.7). The To tag tells its
// ACK from that of a 2xx.
func (e *Edge) reply(f transport.Flow, m *message.Message, status int, reason string, headers ...message.Header) {
	b := message.Response(nil, m, f.Remote, status, reason, e.statelessTag(m), headers...)
	e.metrics.finals.WithLabelValues(statusClass(status)).Inc()
	if err := upstreamFlow(f, m).Send(b); err != nil {
		e.log.Debug("send response", "destination", f.Remote, "error", err)
	}
}

// statelessTag is the same for a request, its retransmissions and its ACK.
func (e *Edge) statelessTag(m *message.Message) string {
	return "e-" + strconv.FormatUint(e.hash(m.TopVia().Branch, m.CallID()), 36)
}

func (e *Edge) hash(parts ...string) uint64 {
	var h maphash.Hash
	h.SetSeed(e.seed)
	for _, p := range parts {
		_, _ = h.WriteString(p)
		_ = h.WriteByte(0)
	}
	return h.Sum64()
}

func newTag() string { return "e-" + strings.ToLower(rand.Text()[:16]) }

// receiveAck takes an ACK: of a response that we sent, or of a 2xx, which goes
// to the callee on a way of its own (16.11, 17.1.1.3).
func (e *Edge) receiveAck(f transport.Flow, m *message.Message) {
	if rc, ok := e.table.ByKey(transaction.ServerKey(m)); ok {
		if !rc.acked() {
			return
		}
	} else if m.ToTag() == e.statelessTag(m) {
		return // of an answer without a transaction
	}
	if n, ok := m.MaxForwards(); ok && n == 0 {
		e.metrics.dropped.WithLabelValues("ack_max_forwards").Inc()
		return
	}
	in, refusal := e.admit(f, m)
	if refusal != nil {
		return
	}
	if m.ToTag() == "" && !in.inDialog { // of nothing, or of a response that is not 2xx
		e.metrics.dropped.WithLabelValues("stray_ack").Inc()
		return
	}
	t, err := firstTarget(&in.routed, nil)
	if err != nil || e.isOwn(t.hop()) {
		e.metrics.dropped.WithLabelValues("stray_ack").Inc()
		return
	}
	e.forwardAck(f, m, in, t)
}

// acked gives an ACK to the server transaction, and reports whether it belongs
// to a 2xx.
func (rc *responseContext) acked() bool {
	rc.mu.Lock()
	defer rc.leave()
	return rc.server.Ack(&rc.edge.cfg.Timers, rc.edge.now()).Has(transaction.Deliver)
}

// forwardAck forwards an ACK of a 2xx statelessly. It waits for nothing unless
// there is no address or no connection yet.
func (e *Edge) forwardAck(f transport.Flow, m *message.Message, in *inbound, t *target) {
	if !t.flow.IsZero() {
		e.sendAck(t.flow, m, f.Remote, in, t)
		return
	}
	if hops, ok := e.resolver.Known(t.hop()); ok {
		hops = e.welcome(in, t, hops)
		if len(hops) == 0 {
			e.metrics.dropped.WithLabelValues("stray_ack").Inc()
			return
		}
		if flow, ok := e.sockets.Flow(hops[0], f.Local); ok {
			e.sendAck(flow, m, f.Remote, in, t)
			return
		}
	}
	place := placeOf(t.hop())
	if !e.waiting.take(place) {
		e.metrics.dropped.WithLabelValues("ack_waiting_limit").Inc()
		return
	}
	copied := m.Clone()
	e.wg.Go(func() {
		defer e.survive()
		defer e.waiting.give(place)
		ctx, cancel := context.WithTimeout(e.ctx, 4*time.Second)
		defer cancel()
		flow, err := e.flowTo(ctx, in, t, f.Local)
		if err != nil {
			e.log.Debug("forward ACK", "call_id", copied.CallID(), "target", t.String(), "error", err)
			return
		}
		e.sendAck(flow, copied, f.Remote, in, t)
	})
}

// welcome returns the addresses that a request may go to.
func (e *Edge) welcome(in *inbound, t *target, hops []hop) []hop {
	unwelcome := func(h hop) bool { return e.unwelcome(in, t, h) != nil }
	if !slices.ContainsFunc(hops, unwelcome) { // nothing to copy, for nearly every ACK
		return hops
	}
	return slices.DeleteFunc(slices.Clone(hops), unwelcome)
}

// flowTo finds a flow to a target, and waits for it.
func (e *Edge) flowTo(ctx context.Context, in *inbound, t *target, prefer netip.AddrPort) (transport.Flow, error) {
	hops, err := e.resolver.Lookup(ctx, t.hop())
	if err != nil {
		return transport.Flow{}, err
	}
	hops, err = e.welcome(in, t, hops), errNoSocket
	if len(hops) == 0 {
		e.metrics.dropped.WithLabelValues("stray_ack").Inc()
	}
	for _, h := range hops {
		if flow, ok := e.sockets.Flow(h, prefer); ok {
			return flow, nil
		}
		var flow transport.Flow
		if flow, err = e.sockets.Dial(ctx, h); err == nil {
			return flow, nil
		}
	}
	return transport.Flow{}, err
}

// sendAck sends an ACK on. Its branch is the same for the same ACK sent again
// (16.11).
func (e *Edge) sendAck(flow transport.Flow, m *message.Message, source netip.AddrPort, in *inbound, t *target) {
	edit := m.Edit()
	if t.uri.Text != m.RequestURI() {
		edit.SetRequestURI(t.uri.Text)
	}
	maxForwards, ok := m.MaxForwards()
	if !ok {
		maxForwards = 71
	}
	edit.SetMaxForwards(maxForwards - 1)
	switch {
	case t.setRoutes:
		edit.SetRoutes(t.routeValues())
	case in.routed.popped > 0:
		edit.PopRoutes(in.routed.popped)
	}
	e.editAckCredentials(edit, m, in, source.Addr())
	if flow.Kind.Reliable() {
		edit.EnsureContentLength()
	}
	edit.MarkReceived(source)
	number, _ := m.CSeq()
	branch := transaction.MagicCookie + "-ack-" +
		strconv.FormatUint(e.hash(m.TopVia().Branch, m.CallID(), m.FromTag(), m.ToTag(), strconv.Itoa(int(number)), t.uri.Text), 36)
	edit.PushVia("SIP/2.0/" + flow.Kind.ViaName() + " " + e.sockets.SentBy(flow) + ";branch=" + branch)
	if err := flow.Send(edit.Bytes(nil)); err != nil {
		e.log.Debug("forward ACK", "call_id", m.CallID(), "destination", flow.Remote, "error", err)
	}
}
