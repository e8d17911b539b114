package edge

import (
	"strings"
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/siptest"
)

// behindNAT gives a caller the Via that it has behind a NAT, so that it is reached
// by its connection only.
func behindNAT(caller *siptest.Peer) siptest.Option {
	return siptest.Variant(func(raw string) string {
		return strings.NewReplacer("Via: SIP/2.0/TCP "+caller.Addr().String(), "Via: SIP/2.0/TCP 10.9.8.7:5060",
			"Contact: <sip:caller@"+caller.Addr().String(), "Contact: <sip:caller@10.9.8.7:5060").Replace(raw)
	})
}

// TestFlowTokenOutsideItsDialog has somebody who has seen a flow token preload it in
// a call of his own: it leads to nobody's connection, and not past his next hop.
func TestFlowTokenOutsideItsDialog(t *testing.T) {
	t.Parallel()
	natted, hop, mallory := siptest.TCP(t), siptest.UDP(t), siptest.New(t, "udp", "127.0.0.3")
	for name, list := range map[string][]Trunk{
		"trunks":    {{Name: "a", From: from("127.0.0.1/32")}, {Name: "b", From: from("127.0.0.3/32")}},
		"no trunks": nil,
	} {
		e := startEdge(t, nextHop(hop.URI("")), trunks(list...))
		natted.Invite(e.tcp, "sip:bob@example.com", behindNAT(natted))
		invite := hop.Expect("INVITE ")
		routes := invite.Values("Record-Route")
		token := routes[len(routes)-1]
		if !strings.Contains(token, "@") {
			t.Fatalf("Record-Route has no flow token: %v", routes)
		}
		hop.Respond(invite, 486, "Busy Here")
		hop.Expect("ACK ")
		natted.ExpectSkipping100("SIP/2.0 486")

		call := mallory.Invite(e.udp, "sip:x@example.com", siptest.Method("MESSAGE"), siptest.Header("Route", token))
		hop.Respond(expectOf(hop, call, "MESSAGE"), 200, "OK")
		mallory.Expect("SIP/2.0 200")

		// The token, with the MAC of his own dialog, and with its own behind that one.
		call = mallory.Invite(e.udp, "sip:bob@example.com")
		invite = expectOf(hop, call, "INVITE")
		mine := invite.Values("Record-Route")[0]
		hop.Respond(invite, 486, "Busy Here")
		hop.Expect("ACK ")
		call.Ack(mallory.ExpectSkipping100("SIP/2.0 486"))
		tokenURI, _, _ := strings.Cut(token, ";k=")
		_, ownMAC, _ := strings.Cut(mine, ";k=")
		pasted := tokenURI + ";k=" + ownMAC
		for _, stolen := range []string{token, pasted} {
			mallory.Send(e.udp, requestText(mallory, "INFO", hop.URI("x"), "Route: "+mine+", "+stolen,
				"From: <sip:c@example.com>;tag="+call.FromTag, "To: <sip:bob@example.com>;tag=any", "Call-ID: "+call.CallID, "CSeq: 99 INFO", "Max-Forwards: 70"))
			hop.Respond(expectOf(hop, call, "INFO"), 200, "OK")
			mallory.Expect("SIP/2.0 200")
		}
		if m, ok := natted.ReceiveWithin(10 * time.Millisecond); ok {
			t.Errorf("%s: the connection of somebody else got\n%s", name, m.Raw)
		}
	}
}

// TestHangUpInSpiteOfTargets has the callee end a call of a trunk that is known by
// its listener, and whose addresses targets deny: by the caller's connection, and
// by the address that it had when it called.
func TestHangUpInSpiteOfTargets(t *testing.T) {
	t.Parallel()
	callee := siptest.UDP(t)
	for name, c := range map[string]struct {
		network string
		opts    func(*siptest.Peer) []siptest.Option
	}{
		"by its connection": {"tcp", func(p *siptest.Peer) []siptest.Option { return []siptest.Option{behindNAT(p)} }},
		"by its address":    {"udp", func(*siptest.Peer) []siptest.Option { return nil }},
	} {
		caller := siptest.New(t, c.network, "127.0.0.5")
		e := startEdge(t, func(o *Options) {
			o.Config.Trunks = []Trunk{{Name: "phones", Listeners: o.Config.Listen, NextHop: []string{callee.URI("")}}}
			o.Config.Targets = Targets{Deny: from("127.0.0.0/8"), Ports: []PortRange{{1, 1}}}
		})
		a := answer(t, e, caller, callee, "sip:bob@example.com", c.opts(caller)...)
		s := calleeSide(callee, a.invite, a.answer)
		callee.Send(e.udp, s.request("BYE", 1))
		bye, ok := caller.ReceiveWithin(siptest.Timeout)
		if !ok || bye.Method() != "BYE" {
			t.Fatalf("%s: the BYE did not arrive", name)
		}
		caller.Respond(bye, 200, "OK")
		callee.Expect("SIP/2.0 200")
	}
}

// TestCalleeReachesOnlyWhatTargetsHave: the callee may go to another address of the
// caller's trunk, which a target refresh may name, but not past targets; nor to a
// host that is not the caller's and that its Contact named.
func TestCalleeReachesOnlyWhatTargetsHave(t *testing.T) {
	t.Parallel()
	caller, other := siptest.New(t, "udp", "127.0.0.2"), siptest.New(t, "udp", "127.0.0.3")
	callee, victim := siptest.New(t, "udp", "127.0.9.9"), siptest.New(t, "udp", "127.0.0.7")
	pointsElsewhere := siptest.Variant(func(raw string) string {
		return strings.Replace(raw, "Contact: <"+caller.URI("caller"), "Contact: <"+victim.URI("caller"), 1)
	})
	for name, c := range map[string]struct {
		deny   string
		to     *siptest.Peer
		opts   []siptest.Option
		status string
	}{
		"another of its trunk":                   {"127.0.0.7/32", other, nil, "200"},
		"another of its trunk, denied":           {"127.0.0.0/16", other, nil, "480"},
		"the caller, denied":                     {"127.0.0.0/16", caller, nil, "200"},
		"whom its Contact names":                 {"127.0.0.2/32", victim, []siptest.Option{pointsElsewhere}, "200"},
		"whom its Contact names, denied":         {"127.0.0.7/32", victim, []siptest.Option{pointsElsewhere}, "480"},
		"somebody who has nothing to do with it": {"127.0.0.9/32", victim, nil, "403"},
	} {
		e := startEdge(t, trunks(Trunk{
			Name: "a", From: from("127.0.0.2/31"), NextHop: []string{callee.URI("")}, Targets: &Targets{Deny: from(c.deny)},
		}), targets(Targets{Deny: from(c.deny)}))
		a := answer(t, e, caller, callee, "sip:bob@example.com", c.opts...)
		s := calleeSide(callee, a.invite, a.answer)
		s.target = c.to.URI("x")
		callee.Send(e.udp, s.request("INFO", 1))
		if c.status == "200" {
			c.to.Respond(c.to.Expect("INFO "), 200, "OK")
		}
		if m := callee.Receive(); !strings.HasPrefix(m.StartLine(), "SIP/2.0 "+c.status) {
			t.Errorf("%s: got %s, want %s", name, m.StartLine(), c.status)
		}
		for _, p := range []*siptest.Peer{other, victim} {
			p.Silent(0)
		}
	}
}
