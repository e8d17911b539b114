package main

import (
	"strings"
	"testing"

	"github.com/redirectd/redirectd/internal/siptest"
)

// TestFlagBeatsFile: everything in the file is wrong for this call, and each
// flag puts one thing right.
func TestFlagBeatsFile(t *testing.T) {
	t.Parallel()
	caller, server, wrong, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	taken := start(t) // what the file names is in use
	config := file(t, "edge.yaml", `
listen: ["udp://`+taken.udp.String()+`"]
admin: `+taken.admin+`
advertise: wrong.example.com
next_hop: `+wrong.URI("")+`
profile: off
policy: {target: "127.0.0.1:1", config: `+file(t, "wrong.yaml", disabled)+`}
`)
	e := await(t, "--config", config,
		"--listen", "udp://127.0.0.1:0",
		"--admin", "127.0.0.1:0",
		"--advertise", "127.0.0.1",
		"--next-hop", server.URI(""),
		"--profile", "on",
		"--policy", "embedded",
		"--policy-config", file(t, "policy.yaml", "profiles: [{name: off, redirect: disabled}, {name: on}]\n"),
	)
	if e.udp == taken.udp || e.admin == taken.admin {
		t.Errorf("it listens on %s and %s, as the file says", e.udp, e.admin)
	}
	call := caller.Invite(e.udp, "sip:bob@example.com")
	redirect(server, "<"+target.URI("a")+">")
	invite := target.Expect("INVITE " + target.URI("a"))
	if via := invite.Header("Via"); !strings.HasPrefix(via, "SIP/2.0/UDP 127.0.0.1:") {
		t.Errorf("Via: %s", via)
	}
	target.Respond(invite, 200, "OK")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 200"))
	target.Expect("ACK ")
	e.end(t)
	wrong.Silent(0)
}

// TestFileHolds: without flags the same keys of the file are in force.
func TestFileHolds(t *testing.T) {
	t.Parallel()
	caller, server, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := await(t, "serve", "--config", file(t, "edge.yaml", `
listen: ["udp://127.0.0.1:0"]
admin: 127.0.0.1:0
advertise: edge.example.com
trunks: [{name: a, from: [127.0.0.1], next_hop: "`+server.URI("")+`", profile: off}]
policy: {config: `+file(t, "policy.yaml", "profiles: [{name: default}, {name: off, redirect: disabled, map: {302: 603}}]\n")+`}
`))
	stranger := siptest.New(t, "udp", "127.0.0.2")
	stranger.Invite(e.udp, "sip:bob@example.com")
	stranger.Expect("SIP/2.0 403")
	e.hasMetric(t, `sipedge_forbidden_total{reason="no_trunk"} 1`)

	call := caller.Invite(e.udp, "sip:bob@example.com")
	invite := server.Expect("INVITE ")
	if via := invite.Header("Via"); !strings.HasPrefix(via, "SIP/2.0/UDP edge.example.com:") {
		t.Errorf("Via: %s", via)
	}
	server.Respond(invite, 302, "Moved Temporarily", "Contact: <"+target.URI("a")+">")
	server.Expect("ACK ")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 603"))
	e.end(t)
}
