package edge

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/edge/locate/dnstest"
	"github.com/redirectd/redirectd/internal/edge/transaction"
	"github.com/redirectd/redirectd/internal/siptest"
)

// nextHops are several next hops of one trunk.
func nextHops(change func(*Trunk), uris ...string) func(*Options) {
	return func(o *Options) {
		trunk := Trunk{Name: "a", From: from("127.0.0.1/32"), NextHop: uris}
		if change != nil {
			change(&trunk)
		}
		o.Config.Trunks = []Trunk{trunk}
	}
}

// TestNextHopFailover goes on to the next one of several next hops after a
// transport error, a 503 and silence, within one attempt (RFC 3263 section 4.3).
func TestNextHopFailover(t *testing.T) {
	t.Parallel()
	quick := func(trunk *Trunk) { trunk.ResponseTimeout = 100 * time.Millisecond }
	for name, c := range map[string]struct {
		trunk func(*Trunk)
		first func(first *siptest.Peer) *siptest.Msg
	}{
		"ICMP":        {nil, nil},
		"TCP refused": {nil, nil},
		"503": {nil, func(first *siptest.Peer) *siptest.Msg {
			first.Respond(first.Expect("INVITE "), 503, "Service Unavailable")
			return first.Expect("ACK ")
		}},
		"silence": {quick, func(first *siptest.Peer) *siptest.Msg { return first.Expect("INVITE ") }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			caller, first, second := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
			if name == "TCP refused" {
				first = siptest.TCP(t)
			}
			firstURI := first.URI("")
			if c.first == nil {
				first.Close()
			}
			e := startEdge(t, nextHops(c.trunk, firstURI, second.URI("")))
			call := caller.Invite(e.udp, "sip:bob@example.com")
			var got *siptest.Msg
			if c.first != nil {
				got = c.first(first)
			}
			invite := second.Expect("INVITE ")
			second.Respond(invite, 200, "OK")
			call.Ack(caller.ExpectSkipping100("SIP/2.0 200"))
			second.Expect("ACK ")
			if name == "silence" { // one that wakes up too late rings for nobody
				first.Respond(got, 180, "Ringing")
				first.Expect("CANCEL ")
			}
		})
	}
}

// TestAllNextHopsFail answers with 500 for a 503, and with the best response
// otherwise; a CANCEL ends the search.
func TestAllNextHopsFail(t *testing.T) {
	t.Parallel()
	caller, first, second := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHops(nil, first.URI(""), second.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	for _, p := range []*siptest.Peer{first, second} {
		p.Respond(p.Expect("INVITE "), 503, "Service Unavailable")
		p.Expect("ACK ")
	}
	call.Ack(caller.ExpectSkipping100("SIP/2.0 500"))

	call = caller.Invite(e.udp, "sip:bob@example.com")
	first.Respond(expectOf(first, call, "INVITE"), 503, "Service Unavailable")
	second.Respond(expectOf(second, call, "INVITE"), 486, "Busy Here")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 486"))

	call = caller.Invite(e.udp, "sip:bob@example.com")
	invite := expectOf(first, call, "INVITE")
	first.Respond(invite, 180, "Ringing")
	caller.ExpectSkipping100("SIP/2.0 180")
	call.Cancel()
	caller.Expect("SIP/2.0 200")
	first.Respond(expectOf(first, call, "CANCEL"), 200, "OK")
	first.Respond(invite, 503, "Service Unavailable")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 487"))
	second.Expect("ACK ")
	second.Silent(20 * time.Millisecond)
}

// TestAddressesAreLimited tries no more of one next hop than limits.addresses, and
// then the next one: a dead next hop leaves the others theirs.
func TestAddressesAreLimited(t *testing.T) {
	t.Parallel()
	caller, other := siptest.UDP(t), siptest.UDP(t)
	zone := "a.example. A 127.0.0.1\n"
	var servers []*siptest.Peer
	for i := range 4 {
		s := siptest.UDP(t)
		servers = append(servers, s)
		zone += fmt.Sprintf("_sip._udp.many.example. SRV %d 0 %d a.example.\n", i, s.Addr().Port())
	}
	server := dnstest.Serve(t, zone)
	e := startEdge(t, nextHops(nil, "sip:many.example;transport=udp", other.URI("")), func(o *Options) {
		o.Config.Limits.Addresses, o.Config.DNS.Servers = 3, []netip.AddrPort{server.Addr()}
	})
	call := caller.Invite(e.udp, "sip:bob@example.com")
	for _, s := range append(servers[:3:3], other) {
		s.Respond(s.Expect("INVITE "), 503, "Service Unavailable")
		s.Expect("ACK ")
	}
	call.Ack(caller.ExpectSkipping100("SIP/2.0 500"))
	servers[3].Silent(20 * time.Millisecond)
}

// TestNonInviteFailover does the same for another method.
func TestNonInviteFailover(t *testing.T) {
	t.Parallel()
	caller, first, second := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHops(nil, first.URI(""), second.URI("")))
	caller.Invite(e.udp, "sip:bob@example.com", siptest.Method("MESSAGE"))
	first.Respond(first.Expect("MESSAGE "), 503, "Service Unavailable")
	second.Respond(second.Expect("MESSAGE "), 202, "Accepted")
	caller.Expect("SIP/2.0 202")
}

// TestRedirectAfterFailover follows the 3xx of the second next hop.
func TestRedirectAfterFailover(t *testing.T) {
	t.Parallel()
	caller, first, second, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHops(nil, first.URI(""), second.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	first.Respond(first.Expect("INVITE "), 503, "Service Unavailable")
	second.Respond(second.Expect("INVITE "), 302, "Moved Temporarily", "Contact: <"+target.URI("x")+">")
	target.Respond(target.Expect("INVITE sip:x@"), 200, "OK")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 200"))
	line := e.log.find(t, "redirected call")
	if !containsAll(line, []string{"302 Moved Temporarily", "200 OK"}) {
		t.Errorf("log: %s", line)
	}
}

// TestUnreachableTarget passes over a target whose address could not be reached
// a short while ago, as long as there is another; and goes there all the same
// when there is none.
func TestUnreachableTarget(t *testing.T) {
	t.Parallel()
	caller, server, dead, alive := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(server.URI("")), func(o *Options) {
		o.Config.Timers = transaction.Timers{T1: 20 * time.Millisecond, T2: 160 * time.Millisecond, T4: 200 * time.Millisecond}
	})
	redirect := func(contacts string) *siptest.Call {
		call := caller.Invite(e.udp, "sip:bob@example.com")
		server.Respond(server.Expect("INVITE "), 302, "Moved Temporarily", "Contact: "+contacts)
		server.Expect("ACK ")
		return call
	}
	both := "<" + dead.URI("a") + ">;q=1, <" + alive.URI("b") + ">;q=0.5"
	for i := range 2 {
		began := time.Now()
		call := redirect(both)
		if i == 0 {
			dead.Expect("INVITE ")
		}
		alive.Respond(expectOf(alive, call, "INVITE"), 200, "OK")
		call.Ack(caller.ExpectSkipping100("SIP/2.0 200"))
		alive.Expect("ACK ")
		if took := time.Since(began); i == 0 && took < time.Second {
			t.Errorf("the silent target was waited for only %s: want Timer B, 1.28 s", took)
		}
	}
	line := e.log.find(t, "redirected call", "unreachable a short while ago")
	if !containsAll(line, []string{"transport_error"}) {
		t.Errorf("log: %s", line)
	}
	call := redirect("<" + dead.URI("a") + ">")
	dead.Respond(expectOf(dead, call, "INVITE"), 200, "OK")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 200"))
}

// expectOf waits for a request of a call, past what is left of others.
func expectOf(p *siptest.Peer, call *siptest.Call, method string) *siptest.Msg {
	for {
		if m := p.Receive(); m.Header("Call-ID") == call.CallID && m.Method() == method {
			return m
		}
	}
}
