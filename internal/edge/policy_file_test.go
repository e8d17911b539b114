package edge

import (
	"strings"
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/siptest"
)

// policyFile is a built-in policy that is configured.
func policyFile(t *testing.T, text string) func(*Options) {
	t.Helper()
	cfg, err := policy.ParseConfig("policy.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return withPolicy(policy.NewBuiltin(cfg))
}

// TestDiversionOnTheWire, of a redirect that led to a redirect: the newest on top,
// and what the caller sent below.
func TestDiversionOnTheWire(t *testing.T) {
	t.Parallel()
	caller, server, first, second := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(server.URI("")), policyFile(t, "profiles: [{name: default, diversion: true}]"))
	call := caller.Invite(e.udp, "sip:bob@example.com", siptest.Header("Diversion", "<sip:old@a>;reason=unknown"))
	server.Respond(server.Expect("INVITE "), 302, "Moved", "Contact: <"+first.URI("carol")+">", "Reason: SIP;cause=486")
	server.Expect("ACK ")
	m := first.Expect("INVITE ")
	want := []string{"<sip:bob@example.com>;reason=user-busy;counter=1;privacy=off", "<sip:old@a>;reason=unknown"}
	if got := m.Values("Diversion"); strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("Diversion is %q, want %q", got, want)
	}
	first.Respond(m, 302, "Moved", "Contact: <"+second.URI("dave")+">")
	first.Expect("ACK ")
	m = second.Expect("INVITE ")
	want = append([]string{"<" + first.URI("carol") + ">;reason=unconditional;counter=1;privacy=off"}, want...)
	if got := m.Values("Diversion"); strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("Diversion is %q, want %q", got, want)
	}
	second.Respond(m, 200, "OK")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 200"))
}

// TestHistoryInfoOnTheWire tells the second target of the failure of the first:
// the edge asks in between.
func TestHistoryInfoOnTheWire(t *testing.T) {
	t.Parallel()
	caller, server, first, second := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(server.URI("")), policyFile(t, "profiles: [{name: default, history_info: true}]"))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	server.Respond(server.Expect("INVITE "), 302, "Moved", "Contact: <"+first.URI("carol")+">;q=0.9, <"+second.URI("bob")+">;q=0.1")
	server.Expect("ACK ")
	m := first.Expect("INVITE ")
	began := "<sip:bob@example.com?Reason=SIP%3Bcause%3D302>;index=1, <" + first.URI("carol")
	if got := m.Header("History-Info"); got != began+">;index=1.1;mp=1" {
		t.Errorf("History-Info is %q", got)
	}
	first.Respond(m, 486, "Busy Here")
	first.Expect("ACK ")
	m = second.Expect("INVITE ")
	if got, want := m.Header("History-Info"), began+"?Reason=SIP%3Bcause%3D486>;index=1.1;mp=1, <"+second.URI("bob")+">;index=1.2;rc=1"; got != want {
		t.Errorf("History-Info is\n%q, want\n%q", got, want)
	}
	second.Respond(m, 200, "OK")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 200"))
}

// TestFilteredRedirectOnTheWire takes out of a 3xx that passes what the guards deny.
func TestFilteredRedirectOnTheWire(t *testing.T) {
	t.Parallel()
	caller, server := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(server.URI("")), policyFile(t, `profiles: [{name: default, preset: transparent, deny: {networks: [10.0.0.0/8]}, rules: [{name: mark, then: {headers: [{set: X-By, value: "${response.status}"}]}}]}]`))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	server.Respond(server.Expect("INVITE "), 302, "Moved", "Contact: <sip:a@192.0.2.1>;q=0.9, <sip:a@10.0.0.1>", "X-By: server")
	server.Expect("ACK ")
	m := caller.ExpectSkipping100("SIP/2.0 302")
	if got := m.Values("Contact"); len(got) != 1 || got[0] != "<sip:a@192.0.2.1>;q=0.9" {
		t.Errorf("Contact is %q", got)
	}
	if got := m.Values("X-By"); len(got) != 1 || got[0] != "302" {
		t.Errorf("X-By is %q", got)
	}
	call.Ack(m)
}

// TestNumberPortabilityOnTheWire sends the original target onward with the data of
// the 3xx, and the Identity of a signing server too.
func TestNumberPortabilityOnTheWire(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ preset, contact, uri string }{
		"lnp":  {"lnp", "<tel:+18005551212;rn=+18005550000;npdi>", "sip:+18005551212;rn=+18005550000;npdi@example.com;user=phone"},
		"stir": {"stir", "<sip:whatever@10.0.0.1>", "sip:+18005551212@example.com;user=phone"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			caller, server, core := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
			e := startEdge(t, redirectServer(server, core.URI("")), policyFile(t, "profiles: [{name: default, preset: "+c.preset+"}]"))
			call := caller.Invite(e.udp, "sip:+18005551212@example.com;user=phone", siptest.Header("P-Asserted-Identity", "<tel:+1555>"))
			server.Respond(server.Expect("INVITE "), 302, "Moved", "Contact: "+c.contact, "Identity: eyJ;info=<https://a>", "P-Asserted-Identity: <tel:+1555;verstat=TN-Validation-Passed>")
			server.Expect("ACK ")
			m := core.Expect("INVITE " + c.uri + " ")
			if signed := m.Header("Identity") == "eyJ;info=<https://a>" && strings.Contains(m.Header("P-Asserted-Identity"), "verstat"); signed != (name == "stir") {
				t.Errorf("Identity is %q, P-Asserted-Identity %q", m.Values("Identity"), m.Values("P-Asserted-Identity"))
			}
			core.Respond(m, 200, "OK")
			call.Ack(caller.ExpectSkipping100("SIP/2.0 200"))
		})
	}
}

// TestRulesOnTheWire: a rule rewrites, routes and marks; another one ends the call
// after a failure.
func TestRulesOnTheWire(t *testing.T) {
	t.Parallel()
	caller, server, sbc := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(server.URI("")), policyFile(t, `
profiles:
- name: default
  rules:
  - {name: inward, when: 'contact.uri.scheme == "tel"', then: {rewrite: {scheme: sip, host: gw.example.com, params: {tgrp: x}}, via: "`+sbc.URI("")+`", headers: [{set: X-Number, value: "${e164(contact.uri)}"}]}}
  - {name: busy, on: [failure], when: response.status == 486, then: {reject: {status: 600, reason: "Busy ${call.method}"}}}
`))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	server.Respond(server.Expect("INVITE "), 302, "Moved", "Contact: <tel:+1-800-555-1212>, <sip:other@192.0.2.1>;q=0.1")
	server.Expect("ACK ")
	m := sbc.Expect("INVITE sip:+1-800-555-1212@gw.example.com;user=phone;tgrp=x ")
	if m.Header("X-Number") != "+18005551212" || !strings.Contains(m.Header("Route"), sbc.URI("")+";lr") {
		t.Errorf("X-Number is %q, Route %q", m.Header("X-Number"), m.Header("Route"))
	}
	sbc.Respond(m, 486, "Busy Here")
	sbc.Expect("ACK ")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 600 Busy INVITE"))
}

// TestSetupTimeOnTheWire: when it is over the target that rings is given up, and no
// other one is tried.
func TestSetupTimeOnTheWire(t *testing.T) {
	t.Parallel()
	caller, server, target, other := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	clock := &clock{}
	e := startEdge(t, nextHop(server.URI("")), withClock(clock), policyFile(t, "profiles: [{name: default, setup_time: 10s}]"))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	server.Respond(server.Expect("INVITE "), 302, "Moved", "Contact: <"+target.URI("a")+">, <"+other.URI("b")+">;q=0.1")
	server.Expect("ACK ")
	invite := target.Expect("INVITE ")
	target.Respond(invite, 180, "Ringing")
	caller.ExpectSkipping100("SIP/2.0 180")
	clock.forward(11 * time.Second)
	target.Respond(target.Expect("CANCEL "), 200, "OK")
	target.Respond(invite, 487, "Request Terminated")
	target.Expect("ACK ")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 4"))
	other.Silent(50 * time.Millisecond)
}
