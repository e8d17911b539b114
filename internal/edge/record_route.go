package edge

import (
	"net/netip"
	"strconv"

	"github.com/redirectd/redirectd/internal/edge/message"
	"github.com/redirectd/redirectd/internal/edge/transport"
)

// formsDialog reports whether a request may begin a dialog.
func formsDialog(method string) bool {
	switch method {
	case "INVITE", "SUBSCRIBE", "REFER", "NOTIFY":
		return true
	}
	return false
}

// recordRoute puts the edge into the route set of the dialog (16.6 step 4). If
// its two sides differ it stands there twice, the downstream side on top, so that
// each end has an address that it can reach (RFC 5658).
func (rc *responseContext) recordRoute(edit *message.Edit, b *branch) {
	if rc.in.inDialog || !formsDialog(rc.method) {
		return
	}
	if rc.mac == "" {
		rc.mac = rc.sign()
	}
	secure := b.target.uri.Scheme == "sips" || len(b.target.routes) > 0 && b.target.routes[0].Scheme == "sips"
	token, upMAC := rc.flowToken(), rc.mac
	if token != "" {
		upMAC += rc.edge.macs.signFlow(rc.request, token)
	}
	up := rc.edge.recordRouteValue(rc.upstream, secure, token, upMAC)
	down := up
	if token != "" || !b.flow.SameSide(rc.upstream) {
		down = rc.edge.recordRouteValue(b.flow, secure, "", rc.mac)
	}
	edit.PushRecordRoute(up)
	if up != down {
		edit.PushRecordRoute(down)
	}
}

// recordRouteValue returns our value for the side that a flow is of: SIPS exactly
// if the request that goes downstream says SIPS, as far as there is TLS. WebSocket
// is "ws" in a URI, with TLS or without (RFC 7118 section 5.2).
func (e *Edge) recordRouteValue(f transport.Flow, secure bool, token, mac string) string {
	scheme, kind := "<sip:", f.Kind.String()
	if secure && f.Kind.Secure() {
		scheme = "<sips:"
	}
	switch {
	case f.Kind == transport.UDP, f.Kind == transport.TLS && scheme == "<sips:":
		kind = ""
	case f.Kind == transport.WSS:
		kind = transport.WS.String()
	}
	if kind != "" {
		kind = ";transport=" + kind
	}
	if token != "" {
		token += "@"
	}
	return scheme + token + e.sockets.SentBy(f) + kind + ";lr;" + macParam + "=" + mac + ">"
}

// flowToken stands for the caller's connection in our Record-Route if no request
// could reach the caller otherwise: it is a browser, or behind a NAT (RFC 5626
// section 5.3). Nobody can guess that of another connection.
func (rc *responseContext) flowToken() string {
	if !rc.upstream.Accepted() {
		return ""
	}
	if !isBrowser(rc.upstream) {
		if a, err := netip.ParseAddr(rc.request.TopVia().Host); err != nil || a.Unmap() == rc.source.Addr() {
			return ""
		}
	}
	return strconv.FormatUint(rc.upstream.ID(), 36)
}

// takeFlow finds the connection that a Record-Route value of ours names, in a
// request of the dialog that it was made for: in any other it would lead past all
// that the configuration says to a connection of somebody else.
func (r *routed) takeFlow(e *Edge, m *message.Message, came transport.Flow) {
	if len(r.own) == 0 || m.ToTag() == "" {
		return
	}
	last := r.own[len(r.own)-1]
	id, err := strconv.ParseUint(last.User, 36, 64)
	if !last.HasUser || err != nil || !e.macs.verifyFlow(last, m) {
		return
	}
	flow, ok := e.sockets.ByID(id)
	switch {
	case !ok:
		r.flowGone = true
	case flow != came: // that of the caller itself: its request goes the other way
		r.flow = flow
	}
}

// byToken reports whether a request goes by the caller's connection, or would if
// that were there.
func (r *routed) byToken() bool { return !r.flow.IsZero() || r.flowGone }
