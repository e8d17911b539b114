package edge

import (
	"errors"
	"net/netip"
	"strings"

	"github.com/redirectd/redirectd/internal/edge/message"
	"github.com/redirectd/redirectd/internal/edge/transaction"
	"github.com/redirectd/redirectd/internal/edge/transport"
)

// receiveMalformed answers a request that can't be read, if it can be answered,
// and drops everything else.
func (e *Edge) receiveMalformed(f transport.Flow, m *message.Message, err error) {
	e.metrics.dropped.WithLabelValues("malformed").Inc()
	e.log.Debug("malformed message", "source", f.Remote, "transport", f.Kind, "error", err)
	var parse *message.ParseError
	if errors.As(err, &parse) && m.Answerable() && !e.ignores(f) {
		e.reply(f, m, parse.Status, parse.Reason)
	}
}

// receiveRequest finds the transaction of a request, or begins one.
func (e *Edge) receiveRequest(f transport.Flow, m *message.Message) {
	e.metrics.requests.WithLabelValues(methodLabel(m.Method())).Inc()
	switch m.Method() {
	case "ACK":
		e.receiveAck(f, m)
		return
	case "CANCEL":
		e.receiveCancel(f, m)
		return
	}
	key := transaction.ServerKey(m)
	if rc, ok := e.table.ByKey(key); ok {
		rc.retransmission()
		return
	}
	e.alias(f, m)
	in, r := e.admit(f, m)
	if r != nil { // a stranger costs no state
		if !r.silent {
			e.reply(f, m, r.status, r.reason, r.headers...)
		}
		return
	}
	if r = validate(m); r == nil {
		r = e.looped(m, in)
	}
	if r != nil && (m.Method() != "INVITE" || !in.inDialog) {
		e.reply(f, m, r.status, r.reason, r.headers...)
		return
	}
	// A refusal within a dialog has the callee's To tag: only a transaction can
	// tell its ACK from that of a 2xx.
	e.begin(f, m, key, in, r)
}

// alias lets requests to a TLS peer go by the connection that it made, if it asks
// for that and its certificate says who it is (RFC 5923 section 9.1).
func (e *Edge) alias(f transport.Flow, m *message.Message) {
	if m.TopVia().HasAlias && f.Kind.Secure() {
		e.sockets.Alias(f, viaAddr(f, m))
	}
}

// begin makes the response context of a request and sends it on its way, or
// refuses it.
func (e *Edge) begin(f transport.Flow, m *message.Message, key string, in *inbound, r *refusal) {
	if !in.inDialog && e.table.Len() >= e.cfg.Limits.Transactions-e.cfg.Limits.Transactions/10 {
		e.full(f, m, "transaction_limit") // the rest is for requests that end calls
		return
	}
	room := e.roomFor(in)
	if !room.take() {
		e.full(f, m, "trunk_transaction_limit")
		return
	}
	rc := newResponseContext(e, f, m, key, in)
	rc.room = room
	rc.mu.Lock() // before anyone can find it
	defer rc.leave()
	other, added := e.table.Add(key, rc.id, rc)
	switch {
	case added && r != nil:
		rc.finish(r.status, message.Response(nil, rc.request, rc.source, r.status, r.reason, "", r.headers...), "refused")
	case added:
		rc.start()
	default:
		rc.server.Abandon()
		rc.final = true
		if other == nil {
			e.full(f, m, "transaction_limit")
		} // else a copy of the request won the race, and is being served
	}
}

// receiveResponse hands a response to the branch that it belongs to (16.7
// step 1). One that belongs to none is dropped (RFC 6026 section 7.3).
func (e *Edge) receiveResponse(m *message.Message) {
	id, n, ok := transaction.ParseBranch(m.TopVia().Branch)
	if !ok {
		e.metrics.dropped.WithLabelValues("stray_response").Inc()
		return
	}
	rc, ok := e.table.ByID(id)
	if !ok {
		e.metrics.dropped.WithLabelValues("stray_response").Inc()
		return
	}
	rc.mu.Lock()
	defer rc.leave()
	rc.response(n, m)
}

// transportFailed tells the branches that used a flow. The head of the datagram
// that did not arrive names its branch; a connection ends all of its branches.
func (e *Edge) transportFailed(f transport.Flow, payload []byte, err error) {
	if f.Kind.Reliable() {
		for _, rc := range e.flows.waiting(f) {
			rc.flowFailed(f, err)
		}
		return
	}
	var m message.Message
	_ = m.Parse(payload) // the kernel returns what it kept of it; the top Via is enough
	id, n, ok := transaction.ParseBranch(m.TopVia().Branch)
	if !ok || !m.IsRequest() {
		return
	}
	if rc, ok := e.table.ByID(id); ok {
		rc.mu.Lock()
		defer rc.leave()
		rc.branchFailed(n, err)
	}
}

// upstreamFlow returns the way of the responses to a request (18.2.2, RFC 3581
// section 4): the address it came from, and over UDP the port of its Via unless
// it asks for rport.
func upstreamFlow(f transport.Flow, m *message.Message) transport.Flow {
	if f.Kind.Reliable() || m.TopVia().HasRPort {
		return f
	}
	f.Remote = viaAddr(f, m)
	return f
}

// viaAddr returns the address that a request came from with the port of its Via.
func viaAddr(f transport.Flow, m *message.Message) netip.AddrPort {
	port := m.TopVia().Port
	if port == 0 {
		port = f.Kind.DefaultPort()
	}
	return netip.AddrPortFrom(f.Remote.Addr(), port)
}

// backTo returns where a new connection for the responses to a request goes
// (18.2.2). Over TLS its certificate must be for the host of the Via (RFC 5922
// section 7.4).
func backTo(f transport.Flow, m *message.Message) *transport.Destination {
	if !f.Kind.Reliable() {
		return nil
	}
	to := &transport.Destination{Kind: f.Kind, Addr: viaAddr(f, m)}
	if f.Kind.Secure() {
		to.Name = strings.ToLower(strings.Clone(m.TopVia().Host))
	}
	return to
}

// methodLabel bounds the values of a metric's label.
func methodLabel(method string) string {
	switch method {
	case "INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "REGISTER", "PRACK", "SUBSCRIBE", "NOTIFY", "PUBLISH",
		"INFO", "REFER", "MESSAGE", "UPDATE":
		return method
	}
	return "other"
}
