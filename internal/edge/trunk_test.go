package edge

import (
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/siptest"
)

// trunks makes configured peers of loopback addresses.
func trunks(list ...Trunk) func(*Options) {
	return func(o *Options) { o.Config.Trunks = list }
}

func from(prefixes ...string) (list []netip.Prefix) {
	for _, p := range prefixes {
		list = append(list, netip.MustParsePrefix(p))
	}
	return list
}

// TestOnlyTrunksMayCall answers 403 to everybody else, whatever the method, and
// nothing leaves.
func TestOnlyTrunksMayCall(t *testing.T) {
	t.Parallel()
	target := siptest.UDP(t)
	e := startEdge(t, nextHop(target.URI("")), trunks(Trunk{Name: "a", From: from("127.0.0.2/31")}))
	for host, allowed := range map[string]bool{"127.0.0.1": false, "127.0.0.2": true, "127.0.0.3": true, "127.0.0.4": false} {
		for _, method := range []string{"INVITE", "OPTIONS", "REGISTER"} {
			caller := siptest.New(t, "udp", host)
			call := caller.Invite(e.udp, "sip:bob@example.com", siptest.Method(method))
			if !allowed {
				m := caller.Expect("SIP/2.0 403 Forbidden")
				target.Silent(10 * time.Millisecond)
				if method == "INVITE" { // its ACK ends here
					call.Ack(m)
					call.Retransmit()
					if again := caller.Expect("SIP/2.0 403 "); again.Raw != m.Raw {
						t.Errorf("403 differs from the one before:\n%s", again.Raw)
					}
					target.Silent(10 * time.Millisecond)
				}
				continue
			}
			target.Respond(target.Expect(method+" "), 486, "Busy Here")
			final := caller.ExpectSkipping100("SIP/2.0 486")
			if method == "INVITE" {
				target.Expect("ACK ")
				call.Ack(final)
			}
		}
	}
}

// TestTrunkSaysWhereAndHow has next_hop, profile and attributes of each trunk,
// and those of the edge for the one that has none.
func TestTrunkSaysWhereAndHow(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	asked := map[string]*requestT{}
	general, own := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(general.URI("")), func(o *Options) {
		o.Config.Profile = "general"
		builtin := o.Embedded
		o.Embedded = policy.Func(func(ctx contextT, q *requestT) (*responseT, error) {
			mu.Lock()
			defer mu.Unlock()
			asked[q.GetCall().GetTrunk()] = q
			return builtin.Decide(ctx, q)
		})
	}, trunks(
		Trunk{Name: "plain", From: from("127.0.0.2/32")},
		Trunk{
			Name: "special", From: from("127.0.0.3/32", "127.0.0.5/32"), NextHop: []string{own.URI("")}, Profile: "strict",
			Attributes: map[string]string{"tenant": "7", "class": "gold"},
		},
		Trunk{Name: "never", From: from("127.0.0.0/8")}, // the first match counts
	))
	for _, c := range []struct {
		host, trunk, profile, tenant string
		hop                          *siptest.Peer
	}{
		{"127.0.0.2", "plain", "general", "", general},
		{"127.0.0.3", "special", "strict", "7", own},
		{"127.0.0.5", "special", "strict", "7", own},
		{"127.0.0.6", "never", "general", "", general},
	} {
		caller := siptest.New(t, "udp", c.host)
		call := caller.Invite(e.udp, "sip:bob@example.com")
		c.hop.Respond(c.hop.Expect("INVITE "), 302, "Moved Temporarily", "Contact: <tel:+1>")
		c.hop.Expect("ACK ")
		call.Ack(caller.ExpectSkipping100("SIP/2.0 4"))
		mu.Lock()
		q := asked[c.trunk].GetCall()
		if q.GetProfile() != c.profile || q.GetAttributes()["tenant"] != c.tenant || !strings.HasPrefix(q.GetSourceAddress(), c.host+":") {
			t.Errorf("%s: the policy was told profile %q, attributes %v, source %s", c.host, q.GetProfile(), q.GetAttributes(), q.GetSourceAddress())
		}
		delete(asked, c.trunk)
		mu.Unlock()
	}
}

// TestInDialogRequestsNeedOurMAC takes them from any address, if their Route is
// ours and of this very dialog.
func TestInDialogRequestsNeedOurMAC(t *testing.T) {
	t.Parallel()
	caller, callee := siptest.New(t, "udp", "127.0.0.2"), siptest.New(t, "udp", "127.0.0.9")
	elsewhere := siptest.New(t, "udp", "127.0.0.8")
	e := startEdge(t, nextHop(callee.URI("")), trunks(Trunk{Name: "a", From: from("127.0.0.2/32")}))
	one := answer(t, e, caller, callee, "sip:bob@example.com")
	two := answer(t, e, caller, callee, "sip:bob@example.com")
	good, other := calleeSide(callee, one.invite, one.answer), calleeSide(callee, two.invite, two.answer)
	route := good.routes[0]
	for _, c := range []struct {
		name   string
		routes []string
	}{
		{"no Route", nil},
		{"Route without a MAC", []string{"<sip:" + e.udp.String() + ";lr>"}},
		{"empty MAC", []string{"<sip:" + e.udp.String() + ";lr;k=>"}},
		{"forged MAC", []string{strings.Replace(route, ";k=", ";k=00", 1)}},
		{"MAC of another dialog", other.routes},
		{"Route to somebody else with the MAC", []string{strings.Replace(route, e.udp.String(), caller.Addr().String(), 1)}},
		{"MAC in a header parameter", []string{"<sip:" + e.udp.String() + ";lr>;" + route[strings.Index(route, "k="):len(route)-1]}},
		{"somebody else's Route first", append([]string{"<" + caller.URI("") + ";lr>"}, route)},
	} {
		s := good
		s.routes = c.routes
		for _, method := range []string{"BYE", "INVITE"} {
			callee.Send(e.udp, s.request(method, 5))
			callee.Expect("SIP/2.0 403 ")
			callee.Send(e.udp, s.request("ACK", 5)) // is dropped
			caller.Silent(5 * time.Millisecond)
		}
	}
	// Who has seen a good Route reaches the caller with it, and nobody else.
	victim := siptest.New(t, "udp", "127.0.0.7")
	s := good
	s.peer, s.target = elsewhere, victim.URI("victim")
	elsewhere.Send(e.udp, s.request("INVITE", 6))
	elsewhere.Expect("SIP/2.0 403 ")
	elsewhere.Send(e.udp, s.request("ACK", 6))
	victim.Silent(20 * time.Millisecond)
	for _, s := range []side{good, {elsewhere, good.from, good.to, good.callID, good.target, good.routes}, callerSide(caller, one.ok)} {
		receiver := caller
		if s.peer == caller {
			receiver = callee
		}
		s.peer.Send(e.udp, s.request("INFO", 9))
		receiver.Respond(receiver.Expect("INFO "), 200, "OK")
		s.peer.Expect("SIP/2.0 200")
	}
}

// TestMACReachesTheCallerOnly stops whoever has seen the MAC from using the edge
// as a relay to somebody else.
func TestMACReachesTheCallerOnly(t *testing.T) {
	t.Parallel()
	caller, callee := siptest.New(t, "udp", "127.0.0.2"), siptest.New(t, "udp", "127.0.0.9")
	gateway := siptest.New(t, "udp", "127.0.0.7")
	e := startEdge(t, nextHop(callee.URI("")), trunks(Trunk{Name: "a", From: from("127.0.0.2/32")}))
	call := answer(t, e, caller, callee, "sip:bob@example.com")
	s := calleeSide(callee, call.invite, call.answer)
	s.target = gateway.URI("+19005550100")
	for _, method := range []string{"INVITE", "REFER", "BYE"} {
		callee.Send(e.udp, s.request(method, 7))
		callee.Expect("SIP/2.0 403 ")
	}
	callee.Send(e.udp, s.request("ACK", 7))
	gateway.Silent(20 * time.Millisecond)
}

// TestSecretsRotate signs with the first secret and accepts all: an edge that got
// a new one serves the dialogs of the old one, and of an edge beside it.
func TestSecretsRotate(t *testing.T) {
	t.Parallel()
	older, newer := []byte("0123456789abcdef"), []byte("fedcba9876543210")
	trunk := Trunk{Name: "a", From: from("127.0.0.2/32")}
	caller, callee := siptest.New(t, "udp", "127.0.0.2"), siptest.New(t, "udp", "127.0.0.9")
	edge := func(secrets ...[]byte) *running {
		return startEdge(t, nextHop(callee.URI("")), trunks(trunk), func(o *Options) { o.Config.Secrets = secrets })
	}
	type expectation struct {
		name  string
		after *running
		want  bool
	}
	check := func(before *running, cases ...expectation) {
		t.Helper()
		a := answer(t, before, caller, callee, "sip:bob@example.com")
		for _, c := range cases {
			s := calleeSide(callee, a.invite, a.answer)
			s.routes = []string{strings.Replace(s.routes[0], before.udp.String(), c.after.udp.String(), 1)}
			callee.Send(c.after.udp, s.request("INFO", 5))
			if !c.want {
				callee.Expect("SIP/2.0 403 ")
				continue
			}
			caller.Respond(caller.Expect("INFO "), 200, "OK")
			callee.Expect("SIP/2.0 200")
		}
	}
	both, fresh := edge(newer, older), edge(newer)
	check(edge(older), expectation{"the same", edge(older), true}, expectation{"old and new", both, true},
		expectation{"new only", fresh, false}, expectation{"a random one", edge(), false})
	check(both, expectation{"new only", fresh, true}, expectation{"old only", edge(older), false}) // the first one signs
}

// TestTrunkOverTCPIsKnownByItsAddress looks at the source of the connection.
func TestTrunkOverTCPIsKnownByItsAddress(t *testing.T) {
	t.Parallel()
	target := siptest.UDP(t)
	e := startEdge(t, nextHop(target.URI("")), trunks(Trunk{Name: "a", From: from("127.0.0.2/32")}))
	friend, stranger := siptest.New(t, "tcp", "127.0.0.2"), siptest.New(t, "tcp", "127.0.0.3")
	stranger.Invite(e.tcp, "sip:bob@example.com")
	stranger.Expect("SIP/2.0 403 ")
	answer(t, e, friend, target, "sip:bob@example.com")
}
