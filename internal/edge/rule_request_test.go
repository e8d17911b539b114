package edge

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/siptest"
)

// TestMalformedAckIsNotAnswered: there is no response to an ACK (17.1.1.3).
func TestMalformedAckIsNotAnswered(t *testing.T) {
	t.Parallel()
	caller := siptest.UDP(t)
	e := startEdge(t)
	bad := requestText(caller, "ACK", "sip:bob@example.com", "From: <sip:a@example.com>;tag=1", "To: <sip:b@example.com>;tag=2",
		"Call-ID: x", "Call-ID: y", "CSeq: 1 ACK", "Max-Forwards: 70")
	caller.Send(e.udp, bad)
	caller.Silent(20 * time.Millisecond)
	caller.Send(e.udp, strings.ReplaceAll(bad, "ACK", "INFO"))
	caller.Expect("SIP/2.0 400 ")
}

// TestMergedRequestsAreForwarded sends one request on two ways, as a proxy that
// forks does: same Call-ID, From tag and CSeq, another branch. Only a UA answers
// the second one 482 (8.2.2.2).
func TestMergedRequestsAreForwarded(t *testing.T) {
	t.Parallel()
	caller, target := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(target.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	caller.Expect("SIP/2.0 100")
	target.Respond(target.Expect("INVITE "), 180, "Ringing") // it is not sent again
	caller.Expect("SIP/2.0 180")
	caller.Send(e.udp, strings.Replace(call.Raw, call.Branch, call.Branch+"2", 1))
	caller.Expect("SIP/2.0 100")
	second := target.Expect("INVITE ")
	target.Respond(second, 486, "Busy Here")
	target.Expect("ACK ")
	caller.Expect("SIP/2.0 486")
}

// TestTargetIsComparedWithAll: equality is not transitive (19.1.4), and what was
// tried last is not all that was tried.
func TestTargetIsComparedWithAll(t *testing.T) {
	t.Parallel()
	caller, server, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(server.URI("")), withPolicy(tries(
		&redirectv1.Target{Uri: target.URI("a") + ";security=on"},
		&redirectv1.Target{Uri: target.URI("a") + ";security=off"},
		&redirectv1.Target{Uri: target.URI("a") + ";x=1;security=on"},
	)))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	redirectTo(server)
	for _, security := range []string{"on", "off"} {
		target.Respond(target.Expect("INVITE "+target.URI("a")+";security="+security+" "), 486, "Busy Here")
		target.Expect("ACK ")
	}
	call.Ack(caller.ExpectSkipping100("SIP/2.0 486"))
	target.Silent(20 * time.Millisecond)
}

// TestNextHopMakesAnotherTarget tries one Request-URI by two proxies.
func TestNextHopMakesAnotherTarget(t *testing.T) {
	t.Parallel()
	caller, server, one, two := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(server.URI("")), withPolicy(tries(
		&redirectv1.Target{Uri: "sip:x@example.com", NextHop: one.URI("")},
		&redirectv1.Target{Uri: "sip:x@example.com", NextHop: two.URI("")},
	)))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	redirectTo(server)
	for _, p := range []*siptest.Peer{one, two} {
		p.Respond(p.Expect("INVITE sip:x@example.com SIP/2.0"), 486, "Busy Here")
		p.Expect("ACK ")
	}
	call.Ack(caller.ExpectSkipping100("SIP/2.0 486"))
}

// TestWayToTheEdgeItselfIs480: it is found only when the request is about to be
// sent, and then the target set is empty (16.5).
func TestWayToTheEdgeItselfIs480(t *testing.T) {
	t.Parallel()
	caller := siptest.UDP(t)
	e := startEdge(t)
	call := caller.Invite(e.udp, "sip:bob@example.com:"+strconv.Itoa(int(e.tcp.Port()))+";transport=tcp;maddr=127.0.0.1")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 480"))
}

// TestRecordRouteIsForDialogs: a request that forms no dialog, or is within one,
// gets no Record-Route (16.6 step 4).
func TestRecordRouteIsForDialogs(t *testing.T) {
	t.Parallel()
	caller, target := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(target.URI("")))
	for method, want := range map[string]int{"OPTIONS": 0, "MESSAGE": 0, "REGISTER": 0, "SUBSCRIBE": 1, "REFER": 1} {
		caller.Invite(e.udp, "sip:bob@example.com", siptest.Method(method))
		m := target.Expect(method + " ")
		if got := len(m.Values("Record-Route")); got != want {
			t.Errorf("%s has %d Record-Routes, want %d", method, got, want)
		}
		target.Respond(m, 486, "Busy Here")
		caller.Expect("SIP/2.0 486")
	}
	a := answer(t, e, caller, target, "sip:bob@example.com")
	if got := len(a.invite.Values("Record-Route")); got != 1 {
		t.Errorf("INVITE has %d Record-Routes, want 1", got)
	}
	a.call.InDialog("INVITE", a.ok)
	if got := target.Expect("INVITE ").Values("Record-Route"); len(got) != 0 {
		t.Errorf("INVITE within the dialog has Record-Route %q", got)
	}
}

// TestTargetIsCleaned: what a policy names goes without method and headers
// (16.6 step 2, 19.1.1 table 1), and keeps the rest.
func TestTargetIsCleaned(t *testing.T) {
	t.Parallel()
	caller, server, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(server.URI("")), withPolicy(tries(
		&redirectv1.Target{Uri: target.URI("+1;rn=+2;npdi") + ";user=phone;method=BYE;tgrp=x?Subject=a&Route=b"},
	)))
	caller.Invite(e.udp, "sip:bob@example.com")
	redirectTo(server)
	m := target.Expect("INVITE " + target.URI("+1;rn=+2;npdi") + ";user=phone;tgrp=x SIP/2.0")
	if m.Header("Subject") != "" || m.Header("Route") != "" {
		t.Errorf("a header of the URI is in the request:\n%s", m.Raw)
	}
}

// TestRedirectDropsPreloadedRoutes: they led to whoever redirected the request.
func TestRedirectDropsPreloadedRoutes(t *testing.T) {
	t.Parallel()
	caller, server, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t)
	caller.Invite(e.udp, "sip:bob@example.com", siptest.Header("Route", "<"+server.URI("")+";lr>"), siptest.Header("Route", "<sip:b.invalid;lr>"))
	server.Respond(server.Expect("INVITE "), 302, "Moved Temporarily", "Contact: <"+target.URI("bob")+">")
	server.Expect("ACK ")
	if m := target.Expect("INVITE " + target.URI("bob")); m.Header("Route") != "" {
		t.Errorf("Route is %q", m.Headers("Route"))
	}
}

// TestEachAttemptStartsFromTheRequest: nothing of one attempt is in the next
// (16.6 step 1), but each has a branch of its own (step 8).
func TestEachAttemptStartsFromTheRequest(t *testing.T) {
	t.Parallel()
	caller, server, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(server.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com", siptest.Header("Record-Route", "<sip:before.example.com;lr>"))
	first := server.Expect("INVITE ")
	server.Respond(first, 302, "Moved Temporarily", "Contact: <"+target.URI("a")+">, <"+target.URI("b")+">, <"+target.URI("c")+">")
	server.Expect("ACK ")
	branches := []string{first.Param("Via", "branch")}
	for _, user := range []string{"a", "b", "c"} {
		m := target.Expect("INVITE " + target.URI(user))
		branch := m.Param("Via", "branch")
		if slices.Contains(branches, branch) {
			t.Errorf("attempt %s has the branch of an earlier one", user)
		}
		want := strings.NewReplacer("sip:bob@example.com SIP", target.URI(user)+" SIP", branches[0], branch).Replace(first.Raw)
		if m.Raw != want {
			t.Errorf("attempt %s:\n%s\nwant:\n%s", user, m.Raw, want)
		}
		branches = append(branches, branch)
		target.Respond(m, 486, "Busy Here")
		target.Expect("ACK ")
	}
	call.Ack(caller.ExpectSkipping100("SIP/2.0 486"))
}

// TestRouteOfADecisionGetsLR: without it the Request-URI would go (16.6 step 6).
func TestRouteOfADecisionGetsLR(t *testing.T) {
	t.Parallel()
	caller, server, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(server.URI("")), withPolicy(tries(
		&redirectv1.Target{Uri: "sip:x@example.com", Routes: []string{target.URI("")}},
	)))
	caller.Invite(e.udp, "sip:bob@example.com")
	redirectTo(server)
	m := target.Expect("INVITE sip:x@example.com SIP/2.0")
	if want := "<" + target.URI("") + ";lr>"; m.Header("Route") != want {
		t.Errorf("Route is %q, want %q", m.Header("Route"), want)
	}
}
