package edge

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/edge/message/messagetest"
	"github.com/redirectd/redirectd/internal/siptest"
)

var forms = []string{"plain", "folded", "compact", "joined", "split"}

// speaker sends everything in one form of messagetest.Variants.
type speaker string

func (s speaker) say(raw string) string { return messagetest.Variants(raw)[string(s)] }

func (s speaker) invite(p *siptest.Peer, e *running, opts ...siptest.Option) *siptest.Call {
	return p.Invite(e.udp, "sip:bob@example.com", append(opts,
		siptest.Header("Record-Route", "<sip:r2.invalid;lr>, <sip:r1.invalid;lr>"),
		siptest.Header("Via", "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKv2, SIP/2.0/TCP v3.example.com;branch=z9hG4bKv3"),
		siptest.Variant(s.say))...)
}

func (s speaker) respond(p *siptest.Peer, req *siptest.Msg, status int, headers ...string) string {
	raw := s.say(p.Response(req, status, "Reason", headers...))
	p.Reply(req, raw)
	return raw
}

func (s speaker) send(p *siptest.Peer, e *running, raw string) { p.Send(e.udp, s.say(raw)) }

// inEveryForm runs a scenario with messages in each form: the outcome must be
// the same.
func inEveryForm(t *testing.T, scenario func(t *testing.T, s speaker)) {
	t.Helper()
	t.Parallel()
	for _, form := range forms {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			scenario(t, speaker(form))
		})
	}
}

// TestFormsOfARedirectedCall has a 302 with three contacts in q order, of which
// two fail, an answer, and a dialog that ends.
func TestFormsOfARedirectedCall(t *testing.T) {
	inEveryForm(t, func(t *testing.T, s speaker) {
		t.Helper()
		caller, server := siptest.UDP(t), siptest.UDP(t)
		busy, broken, free := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
		e := startEdge(t, nextHop(server.URI("")))
		call := s.invite(caller, e, siptest.Header("Route", "<sip:"+e.udp.String()+";lr>"), siptest.Header("Route", "<sip:gone.invalid;lr>"))
		caller.Expect("SIP/2.0 100")
		first := server.Expect("INVITE sip:bob@example.com ")
		s.respond(server, first, 302, fmt.Sprintf(`Contact: "C, c" <%s>;q=0.3;x="a,b", <%s>;expires=60;q=0.9`, free.URI("c"), busy.URI("a")),
			"Contact: <"+broken.URI("b;x=y")+">;q=0.5")
		checkAck(t, server.Expect("ACK sip:bob@example.com "), first)
		s.respond(busy, busy.Expect("INVITE "+busy.URI("a")+" "), 486)
		busy.Expect("ACK ")
		s.respond(broken, broken.Expect("INVITE "+broken.URI("b;x=y")+" "), 503)
		broken.Expect("ACK ")
		invite := free.Expect("INVITE " + free.URI("c") + " ")
		checkForwarded(t, e, invite, call)
		s.respond(free, invite, 180)
		caller.Expect("SIP/2.0 180")
		answer := s.respond(free, invite, 200)
		ok := caller.Expect("SIP/2.0 200")
		if vias := ok.Values("Via"); len(vias) != 3 || !strings.Contains(vias[0], call.Branch) {
			t.Errorf("Vias upstream are %q", vias)
		}
		checkDialogForms(t, s, e, callerSide(caller, ok), calleeSide(free, invite, answer))
	})
}

func checkAck(t *testing.T, ack, invite *siptest.Msg) {
	t.Helper()
	if len(ack.Values("Via")) != 1 || ack.Param("Via", "branch") != invite.Param("Via", "branch") || ack.Param("To", "tag") == "" {
		t.Errorf("not the ACK of the INVITE:\n%s", ack.Raw)
	}
}

// checkForwarded checks what must be there of the edge, and of the caller.
func checkForwarded(t *testing.T, e *running, invite *siptest.Msg, call *siptest.Call) {
	t.Helper()
	vias := invite.Values("Via")
	if len(vias) != 4 || !strings.HasPrefix(vias[0], "SIP/2.0/UDP "+e.udp.String()) || !strings.Contains(vias[1], "received") {
		t.Errorf("Vias are %q", vias)
	}
	routes := invite.Values("Record-Route")
	if len(routes) != 3 || !strings.HasPrefix(routes[0], "<"+e.ownURI("udp")) || !slices.Equal(routes[1:], []string{"<sip:r2.invalid;lr>", "<sip:r1.invalid;lr>"}) {
		t.Errorf("Record-Routes are %q", routes)
	}
	if invite.Header("Route") != "" || invite.Header("Max-Forwards") != "69" || invite.Header("Call-ID") != call.CallID ||
		invite.Param("From", "tag") != call.FromTag || invite.Body() != siptest.SDP {
		t.Errorf("not the caller's request:\n%s", invite.Raw)
	}
}

// checkDialogForms acknowledges and ends a call. The routes that stood there
// before ours are the caller's own, and are not for the edge.
func checkDialogForms(t *testing.T, s speaker, e *running, caller, callee side) {
	t.Helper()
	foreign := []string{"<sip:r1.invalid;lr>", "<sip:r2.invalid;lr>"}
	if len(caller.routes) != 3 || !slices.Equal(caller.routes[:2], foreign) {
		t.Errorf("routes of the caller are %q", caller.routes)
	}
	caller.routes = caller.routes[2:]
	callee.routes = callee.routes[:1]
	s.send(caller.peer, e, caller.request("ACK", 1))
	ack := callee.peer.Expect("ACK " + caller.target + " ")
	if ack.Header("Route") != "" {
		t.Errorf("ACK has a Route:\n%s", ack.Raw)
	}
	s.send(callee.peer, e, callee.request("INFO", 1))
	s.respond(caller.peer, caller.peer.Expect("INFO "+callee.target+" "), 200)
	callee.peer.Expect("SIP/2.0 200")
	s.send(caller.peer, e, caller.request("BYE", 2))
	s.respond(callee.peer, callee.peer.Expect("BYE "+caller.target+" "), 200)
	caller.peer.Expect("SIP/2.0 200")
}

// TestFormsOfRetransmissions have the key of what they repeat, whatever their
// form is: the ACK in another one than its INVITE.
func TestFormsOfRetransmissions(t *testing.T) {
	inEveryForm(t, func(t *testing.T, s speaker) {
		t.Helper()
		caller, target := siptest.UDP(t), siptest.UDP(t)
		e := startEdge(t, nextHop(target.URI("")))
		call := caller.Invite(e.udp, "sip:bob@example.com")
		caller.Expect("SIP/2.0 100")
		s.send(caller, e, call.Raw)
		caller.Expect("SIP/2.0 100")
		invite := target.Expect("INVITE ")
		s.respond(target, invite, 486)
		first := target.Expect("ACK ")
		s.respond(target, invite, 486)
		if again := target.Expect("ACK "); again.Raw != first.Raw {
			t.Errorf("ACK differs from the one before:\n%s", again.Raw)
		}
		final := caller.Expect("SIP/2.0 486")
		s.send(caller, e, ofInvite(call.Raw, "ACK", final))
		caller.Silent(20 * time.Millisecond)
		target.Silent(0)
	})
}

// TestFormsOfCancel ends the second attempt of a redirected call.
func TestFormsOfCancel(t *testing.T) {
	inEveryForm(t, func(t *testing.T, s speaker) {
		t.Helper()
		caller, server, ringing, unused := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
		e := startEdge(t, nextHop(server.URI("")))
		call := s.invite(caller, e)
		s.respond(server, server.Expect("INVITE "), 300, "Contact: <"+ringing.URI("a")+">, <"+unused.URI("b")+">")
		server.Expect("ACK ")
		invite := ringing.Expect("INVITE ")
		s.respond(ringing, invite, 180)
		caller.ExpectSkipping100("SIP/2.0 180")
		s.send(caller, e, ofInvite(call.Raw, "CANCEL", nil))
		if m := caller.Expect("SIP/2.0 200"); m.Method() != "CANCEL" {
			t.Fatalf("want the 200 of the CANCEL:\n%s", m.Raw)
		}
		cancel := ringing.Expect("CANCEL " + ringing.URI("a") + " ")
		if len(cancel.Values("Via")) != 1 || cancel.Param("Via", "branch") != invite.Param("Via", "branch") {
			t.Errorf("not the CANCEL of the INVITE:\n%s", cancel.Raw)
		}
		s.respond(ringing, cancel, 200)
		s.respond(ringing, invite, 487)
		checkAck(t, ringing.Expect("ACK "), invite)
		final := caller.Expect("SIP/2.0 487")
		s.send(caller, e, ofInvite(call.Raw, "ACK", final))
		unused.Silent(20 * time.Millisecond)
		caller.Silent(0)
	})
}

// TestFormsOfRefusals reads Max-Forwards, Proxy-Require and Request-Disposition in
// every form.
func TestFormsOfRefusals(t *testing.T) {
	inEveryForm(t, func(t *testing.T, s speaker) {
		t.Helper()
		caller, server := siptest.UDP(t), siptest.UDP(t)
		e := startEdge(t, nextHop(server.URI("")))
		s.invite(caller, e, siptest.MaxForwards(0))
		caller.Expect("SIP/2.0 483")
		s.invite(caller, e, siptest.Header("Proxy-Require", "a"), siptest.Header("Proxy-Require", "b, c"))
		if got := caller.Expect("SIP/2.0 420").Values("Unsupported"); !slices.Equal(got, []string{"a", "b", "c"}) {
			t.Errorf("Unsupported is %q", got)
		}
		s.invite(caller, e, siptest.Header("Request-Disposition", "proxy, no-recurse"))
		s.respond(server, server.Expect("INVITE "), 302, "Contact: <sip:x@127.0.0.1:9>")
		server.Expect("ACK ")
		moved := caller.ExpectSkipping100("SIP/2.0 302")
		if got := moved.Values("Contact"); !slices.Equal(got, []string{"<sip:x@127.0.0.1:9>"}) {
			t.Errorf("Contact is %q", got)
		}
	})
}
