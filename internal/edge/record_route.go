package edge

import (
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
		rc.mac = rc.edge.macs.sign(rc.request, rc.edge.identity(rc.source.Addr()))
	}
	up := rc.edge.recordRouteValue(rc.upstream, rc.mac)
	down := rc.edge.recordRouteValue(b.flow, rc.mac)
	edit.PushRecordRoute(up)
	if up != down {
		edit.PushRecordRoute(down)
	}
}

func (e *Edge) recordRouteValue(f transport.Flow, mac string) string {
	value := "<sip:" + e.sockets.SentBy(f)
	if f.Kind != transport.UDP {
		value += ";transport=" + f.Kind.String()
	}
	return value + ";lr;" + macParam + "=" + mac + ">"
}
