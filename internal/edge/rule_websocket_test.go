package edge

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/redirectd/redirectd/internal/edge/transport"
	"github.com/redirectd/redirectd/internal/siptest"
)

// TestWebSocketCaller is a browser: nobody can connect to it. Our Record-Route is
// ";transport=ws" on its side, with TLS below too (RFC 7118 section 5.2), and has
// the token of its connection, over which the callee's BYE comes (RFC 5626 section
// 5.3).
func TestWebSocketCaller(t *testing.T) {
	t.Parallel()
	ca := siptest.NewCA(t)
	pair := ca.Issue("127.0.0.1")
	for kind, caller := range map[transport.Kind]*siptest.Peer{
		transport.WS: siptest.WS(t), transport.WSS: siptest.WSS(t, ca, pair),
	} {
		callee := siptest.UDP(t)
		e := startEdge(t, withTLS(t, ca), nextHop(callee.URI("")), func(o *Options) {
			o.Config.Listen = append(o.Config.Listen, mustAddress(t, kind.String()+"://127.0.0.1:0"))
		})
		var address netip.AddrPort
		for _, l := range e.Listeners() {
			if l.Kind == kind {
				address = l.Addr
			}
		}
		caller.Connect(address)
		call := caller.Invite(address, "sip:bob@example.com")
		invite := callee.Expect("INVITE ")
		routes := invite.Values("Record-Route")
		if len(routes) != 2 || !strings.Contains(routes[1], "@"+address.String()+";transport=ws;lr;") {
			t.Fatalf("%s: Record-Route is %q, want two, the lower one by ws", kind, routes)
		}
		if via := "SIP/2.0/" + kind.ViaName() + " "; !strings.HasPrefix(invite.Values("Via")[1], via) {
			t.Errorf("%s: Via is %q, want %s", kind, invite.Values("Via"), via)
		}
		answer := callee.Respond(invite, 200, "OK")
		call.Ack(caller.ExpectSkipping100("SIP/2.0 200"))
		callee.Expect("ACK ")
		callee.Send(e.udp, calleeSide(callee, invite, answer).request("BYE", 1))
		caller.Respond(caller.Expect("BYE "), 200, "OK")
		callee.Expect("SIP/2.0 200")
	}
}
