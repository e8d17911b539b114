package edge

import (
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/siptest"
)

// TestExhaustedAddresses count as 503 if transport errors have exhausted them, which
// alone becomes 500 (16.9), and as 408 if silence has (16.6 step 7).
func TestExhaustedAddresses(t *testing.T) {
	t.Parallel()
	caller, a, b := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHops(func(trunk *Trunk) { trunk.ResponseTimeout = 100 * time.Millisecond }, a.URI(""), b.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	a.Expect("INVITE ")
	b.Expect("INVITE ")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 408"))

	a, b = siptest.UDP(t), siptest.TCP(t)
	first, second := a.URI(""), b.URI("")
	a.Close()
	b.Close()
	e = startEdge(t, nextHops(nil, first, second))
	call = caller.Invite(e.udp, "sip:bob@example.com")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 500"))
}

// TestResponseTimeout of a target ends when it says anything at all.
func TestResponseTimeout(t *testing.T) {
	t.Parallel()
	var c clock
	caller, server, rings, silent, last := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	patience := durationpb.New(300 * time.Millisecond) // Timer A is later
	e := startEdge(t, withClock(&c), nextHop(server.URI("")), withPolicy(tries(
		&redirectv1.Target{Uri: rings.URI("a"), ResponseTimeout: patience},
		&redirectv1.Target{Uri: silent.URI("b"), ResponseTimeout: patience},
		&redirectv1.Target{Uri: last.URI("c")},
	)))
	caller.Invite(e.udp, "sip:bob@example.com")
	redirectTo(server)
	invite := rings.Expect("INVITE ")
	rings.Respond(invite, 180, "Ringing")
	caller.ExpectSkipping100("SIP/2.0 180")
	c.forward(patience.AsDuration())
	silent.Silent(twoTicks)
	rings.Respond(invite, 486, "Busy Here")
	silent.Expect("INVITE ")
	last.Silent(twoTicks)
	c.forward(patience.AsDuration())
	last.Expect("INVITE ")
}

// TestLate3xxIsNotFollowed: it is acknowledged, and the next hop that the edge has
// gone on to has the call.
func TestLate3xxIsNotFollowed(t *testing.T) {
	t.Parallel()
	caller, first, second, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHops(func(trunk *Trunk) { trunk.ResponseTimeout = 100 * time.Millisecond }, first.URI(""), second.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	late := first.Expect("INVITE ")
	invite := second.Expect("INVITE ")
	second.Respond(invite, 180, "Ringing")
	caller.ExpectSkipping100("SIP/2.0 180")
	first.Respond(late, 302, "Moved Temporarily", "Contact: <"+target.URI("x")+">")
	first.Expect("ACK ")
	target.Silent(20 * time.Millisecond)
	second.Respond(invite, 200, "OK")
	call.Ack(caller.Expect("SIP/2.0 200"))
}
