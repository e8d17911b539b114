package edge

import (
	"fmt"
	"strings"
	"testing"
	"time"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/edge/transport"
	"github.com/redirectd/redirectd/internal/siptest"
)

// sips is the SIPS URI of a peer.
func sips(p *siptest.Peer, user string) string { return "sips:" + user + "@" + p.Addr().String() }

// TestSIPSCall takes a sips: call through a redirect, by TLS on every hop, with
// SIPS in Record-Route (16.6 step 4), and a BYE from each side.
func TestSIPSCall(t *testing.T) {
	t.Parallel()
	ca := siptest.NewCA(t)
	pair := ca.Issue("127.0.0.1")
	caller, server, target := siptest.TLS(t, ca, pair), siptest.TLS(t, ca, pair), siptest.TLS(t, ca, pair)
	e := startEdge(t, withTLS(t, ca), nextHop(server.URI("")))
	call := caller.Invite(e.tls, "sips:bob@example.com")
	server.Respond(server.Expect("INVITE sips:bob@example.com "), 302, "Moved Temporarily", "Contact: <"+sips(target, "b")+">")
	server.Expect("ACK ")
	invite := target.Expect("INVITE " + sips(target, "b") + " ")
	routes := invite.Values("Record-Route")
	if len(routes) != 1 || !strings.HasPrefix(routes[0], fmt.Sprintf("<sips:%s;lr;", e.tls)) {
		t.Errorf("Record-Route is %q", routes)
	}
	if via := invite.Values("Via")[0]; !strings.HasPrefix(via, "SIP/2.0/TLS "+e.tls.String()+";") || !strings.HasSuffix(via, ";alias") {
		t.Errorf("Via is %q", via)
	}
	answer := target.Respond(invite, 200, "OK")
	ok := caller.ExpectSkipping100("SIP/2.0 200")
	call.Ack(ok)
	target.Expect("ACK ")
	calleeBye := calleeSide(target, invite, answer).request("BYE", 1)
	target.Send(e.tls, calleeBye)
	caller.Respond(caller.Expect("BYE "), 200, "OK")
	target.Expect("SIP/2.0 200")
	call.Bye(ok)
	target.Respond(target.Expect("BYE "), 200, "OK")
	caller.Expect("SIP/2.0 200")
}

// TestTLSToUDP doubles the Record-Route of a sip: call that changes from TLS to
// UDP (RFC 5658): neither is SIPS.
func TestTLSToUDP(t *testing.T) {
	t.Parallel()
	ca := siptest.NewCA(t)
	caller, callee := siptest.TLS(t, ca, ca.Issue("127.0.0.1")), siptest.UDP(t)
	e := startEdge(t, withTLS(t, ca), nextHop(callee.URI("")))
	a := answer(t, e, caller, callee, "sip:bob@example.com")
	routes := a.invite.Values("Record-Route")
	if len(routes) != 2 || !strings.HasPrefix(routes[0], fmt.Sprintf("<sip:%s;lr;", e.udp)) ||
		!strings.HasPrefix(routes[1], fmt.Sprintf("<sip:%s;transport=tls;lr;", e.tls)) {
		t.Errorf("Record-Route is %q", routes)
	}
	callee.Send(e.udp, calleeSide(callee, a.invite, a.answer).request("BYE", 1))
	caller.Respond(caller.Expect("BYE "), 200, "OK")
	callee.Expect("SIP/2.0 200")
}

// TestNeverFromSIPSToSIP refuses a SIP target after a SIPS Request-URI, whatever
// the policy says, and a SIPS target whose next hop has no TLS.
func TestNeverFromSIPSToSIP(t *testing.T) {
	t.Parallel()
	ca := siptest.NewCA(t)
	caller, server, target := siptest.UDP(t), siptest.TLS(t, ca, ca.Issue("127.0.0.1")), siptest.UDP(t)
	p := answers(&responseT{Action: &redirectv1.DecideResponse_TryTargets{TryTargets: &redirectv1.TryTargets{
		Targets: []*redirectv1.Target{
			{Uri: target.URI("bob")}, {Uri: "sips:bob@" + target.Addr().String(), NextHop: target.URI("")},
		},
	}}})
	e := startEdge(t, withTLS(t, ca), withPolicy(p), nextHop(server.URI("")))
	call := caller.Invite(e.udp, "sips:bob@example.com")
	server.Respond(server.Expect("INVITE "), 302, "Moved Temporarily", "Contact: <"+target.URI("bob")+">")
	server.Expect("ACK ")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 480"))
	target.Silent(20 * time.Millisecond)
	e.log.find(t, "target refused", "reason=sips", "sips:bob@example.com")
	e.log.find(t, "attempt refused", "reason=sips", "asks for TLS")
}

// TestSIPSNeedsTLS answers 480 to a sips: call whose next hop has no TLS.
func TestSIPSNeedsTLS(t *testing.T) {
	t.Parallel()
	ca := siptest.NewCA(t)
	caller, server := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, withTLS(t, ca), nextHop(server.URI("")))
	call := caller.Invite(e.udp, "sips:bob@example.com")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 480"))
	server.Silent(20 * time.Millisecond)
	e.log.find(t, "attempt refused", "reason=sips", "sips:bob@example.com")
}

// TestTLSIdentityOfTarget goes on to the next contact when the certificate of a
// target is for another name (RFC 5922 section 7).
func TestTLSIdentityOfTarget(t *testing.T) {
	t.Parallel()
	ca := siptest.NewCA(t)
	caller, server := siptest.UDP(t), siptest.UDP(t)
	other, right := siptest.TLS(t, ca, ca.Issue("example.com")), siptest.TLS(t, ca, ca.Issue("127.0.0.1"))
	e := startEdge(t, withTLS(t, ca), nextHop(server.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	server.Respond(server.Expect("INVITE "), 302, "Moved Temporarily", "Contact: <"+other.URI("a")+">, <"+right.URI("b")+">;q=0.5")
	server.Expect("ACK ")
	right.Respond(right.Expect("INVITE "), 200, "OK")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 200"))
	other.Silent(0)
	e.log.find(t, "redirected call", "transport_error", "127.0.0.1")
}

// TestFlowToken reaches a caller behind a NAT by the connection that it made (RFC
// 5626 section 5.3), and says 430 when that is gone.
func TestFlowToken(t *testing.T) {
	t.Parallel()
	caller, callee := siptest.TCP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(callee.URI("")))
	a := answer(t, e, caller, callee, "sip:bob@example.com", behindNAT(caller))
	if uri := uriOf(a.invite.Header("Contact")); !strings.Contains(uri, "10.9.8.7") {
		t.Fatalf("the caller's Contact is %s", uri)
	}
	s := calleeSide(callee, a.invite, a.answer)
	callee.Send(e.udp, s.request("BYE", 1))
	caller.Respond(caller.Expect("BYE "), 200, "OK")
	callee.Expect("SIP/2.0 200")
	a.call.InDialog("INFO", a.ok) // the other way the token is the caller's own
	callee.Respond(callee.Expect("INFO "), 200, "OK")
	caller.Expect("SIP/2.0 200")
	caller.Disconnect(e.tcp)
	eventually(t, "the connection is gone", func() bool {
		callee.Send(e.udp, s.request("BYE", 2))
		return callee.Receive().Status() == 430
	})
}

// TestAlias sends requests to a TLS peer by the connection that it made, if it
// asks for that in its Via and its certificate says who it is (RFC 5923).
func TestAlias(t *testing.T) {
	t.Parallel()
	ca := siptest.NewCA(t)
	right, wrong := ca.Issue("127.0.0.1"), ca.Issue("example.com")
	for name, c := range map[string]struct {
		pair  siptest.Pair
		param string
		same  bool
	}{
		"alias":                     {right, ";alias", true},
		"no alias":                  {right, "", false},
		"alias with another's name": {wrong, ";alias", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			caller, callee := siptest.TLS(t, ca, c.pair), siptest.UDP(t)
			e := startEdge(t, withTLS(t, ca), nextHop(callee.URI("")), func(o *Options) { o.Config.TLS.ClientAuth = transport.ClientAuthRequest })
			a := answer(t, e, caller, callee, "sip:bob@example.com", siptest.Variant(func(raw string) string {
				return strings.Replace(raw, ";rport", ";rport"+c.param, 1)
			}))
			callee.Send(e.udp, calleeSide(callee, a.invite, a.answer).request("BYE", 1))
			if name == "alias with another's name" { // nor does it reach the listener of that name
				callee.Expect("SIP/2.0 500")
				return
			}
			bye := caller.Expect("BYE ")
			if same := bye.From == e.tls; same != c.same {
				t.Errorf("the BYE came from %s, the caller is connected to %s", bye.From, e.tls)
			}
			caller.Respond(bye, 200, "OK")
			callee.Expect("SIP/2.0 200")
		})
	}
}
