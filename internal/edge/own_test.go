package edge

import (
	"testing"

	"github.com/redirectd/redirectd/internal/siptest"
)

// TestPingIsAnswered answers an OPTIONS for the edge itself, and has nothing
// else to offer.
func TestPingIsAnswered(t *testing.T) {
	t.Parallel()
	caller := siptest.UDP(t)
	e := startEdge(t)
	caller.Invite(e.udp, "sip:"+e.udp.String(), siptest.Method("OPTIONS"))
	caller.Expect("SIP/2.0 200")
	caller.Invite(e.udp, "sip:bob@"+e.udp.String(), siptest.Method("OPTIONS"))
	caller.Expect("SIP/2.0 404")
}

// TestPingIsNotForwarded answers it also when every request has a next hop, which
// gets those for anybody else.
func TestPingIsNotForwarded(t *testing.T) {
	t.Parallel()
	caller, server := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(server.URI("")))
	caller.Invite(e.udp, "sip:"+e.udp.String(), siptest.Method("OPTIONS"))
	caller.Expect("SIP/2.0 200")
	caller.Invite(e.udp, "sip:bob@"+e.udp.String(), siptest.Method("OPTIONS"))
	server.Respond(server.Expect("OPTIONS "), 486, "Busy Here")
	caller.Expect("SIP/2.0 486")
}

// TestResponseFindsItsWayAfterTheConnectionIsGone opens a new connection to the
// port of the Via (18.2.2).
func TestResponseFindsItsWayAfterTheConnectionIsGone(t *testing.T) {
	t.Parallel()
	caller, target := siptest.TCP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(target.URI("")))
	call := caller.Invite(e.tcp, "sip:bob@example.com")
	caller.Expect("SIP/2.0 100")
	invite := target.Expect("INVITE ")
	caller.Disconnect(e.tcp)
	eventually(t, "the edge sees that the connection is gone", func() bool {
		alive := true
		e.table.Each(func(rc *responseContext) { alive = rc.upstream.Alive() })
		return !alive
	})
	target.Respond(invite, 486, "Busy Here")
	target.Expect("ACK ")
	call.Ack(caller.Expect("SIP/2.0 486"))
}
