package edge

import (
	"net/netip"
	"strconv"
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/edge/locate/dnstest"
	"github.com/redirectd/redirectd/internal/siptest"
	"github.com/redirectd/redirectd/internal/sipuri"
)

// TestPlaces: one destination has a tenth of all, and at least one.
func TestPlaces(t *testing.T) {
	t.Parallel()
	for limit, share := range map[int]int{1: 1, 5: 1, 20: 2, 1000: 100} {
		p := newPlaces(limit)
		taken := 0
		for p.take("a") {
			taken++
		}
		others := 0
		for p.take(string(rune('b' + others))) {
			others++
		}
		if taken != share || taken+others != limit {
			t.Errorf("of %d places one destination got %d, and all %d; want %d", limit, taken, taken+others, share)
		}
		p.give("a")
		if !p.take("a") || len(p.by) != others+1 {
			t.Errorf("of %d places one was not given back: %v", limit, p.by)
		}
	}
	one, _ := sipuri.Parse("sip:A.example:5070;transport=TCP")
	two, _ := sipuri.Parse("sip:bob@a.example:5070;transport=tcp;lr")
	other, _ := sipuri.Parse("sip:a.example:5071;transport=tcp")
	if placeOf(&one) != placeOf(&two) || placeOf(&one) == placeOf(&other) {
		t.Errorf("%q, %q, %q", placeOf(&one), placeOf(&two), placeOf(&other))
	}
}

// TestDeadDestinationHoldsUpNobodyElse has calls wait for a name whose server does
// not answer, more than there are places, and one for another name.
func TestDeadDestinationHoldsUpNobodyElse(t *testing.T) {
	t.Parallel()
	caller, alive := siptest.UDP(t), siptest.UDP(t)
	server := dnstest.Serve(t, "alive.example. A 127.0.0.1\n")
	server.Behave(dnstest.Silent, "dead.example")
	e := startEdge(t, func(o *Options) {
		o.Config.DNS.Servers, o.Config.DNS.Timeout = []netip.AddrPort{server.Addr()}, 20*time.Second
		o.Config.Limits.Waiting = 20
	})
	for range 25 {
		caller.Invite(e.udp, "sip:bob@dead.example:5060")
	}
	for i := 0; i < 23; {
		if m := caller.Receive(); m.Status() == 500 {
			i++
		}
	}
	call := caller.Invite(e.udp, "sip:bob@alive.example:"+strconv.Itoa(int(alive.Addr().Port())))
	alive.Respond(expectOf(alive, call, "INVITE"), 486, "Busy Here")
	caller.ExpectSkipping100("SIP/2.0 486")
}
