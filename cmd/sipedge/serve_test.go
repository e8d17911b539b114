package main

import (
	"strings"
	"testing"

	"github.com/redirectd/redirectd/internal/proctest"
	"github.com/redirectd/redirectd/internal/siptest"
)

const disabled = "profiles: [{name: off, redirect: disabled}]\n"

// TestServePlainCall: what is not redirected goes through, and no policy is
// asked.
func TestServePlainCall(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"udp", "tcp"} {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			caller, server := siptest.New(t, network, "127.0.0.1"), siptest.UDP(t)
			e := start(t, "--next-hop", server.URI(""))
			call := caller.Invite(e.listeners(network)[0], "sip:bob@example.com")
			invite := server.Expect("INVITE sip:bob@example.com ")
			server.Respond(invite, 180, "Ringing")
			caller.ExpectSkipping100("SIP/2.0 180")
			server.Respond(invite, 200, "OK")
			ok := caller.Expect("SIP/2.0 200")
			call.Ack(ok)
			server.Expect("ACK ")
			call.Bye(ok)
			server.Respond(server.Expect("BYE "), 200, "OK")
			caller.ExpectSkipping100("SIP/2.0 200")
			e.hasMetric(t, `sipedge_requests_total{method="INVITE"} 1`)
			e.end(t)
			if strings.Contains(e.Stderr(), "redirected call") {
				t.Errorf("a plain call is logged as redirected:\n%s", e.Stderr())
			}
		})
	}
}

// TestServeRedirectedCall: the embedded policy tries the contacts by their q.
func TestServeRedirectedCall(t *testing.T) {
	t.Parallel()
	caller, server, busy, free := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := start(t, "--next-hop", server.URI(""))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	redirect(server, "<"+free.URI("second")+">;q=0.2", "<"+busy.URI("first")+">;q=0.9")
	busy.Respond(busy.Expect("INVITE "+busy.URI("first")), 486, "Busy Here")
	busy.Expect("ACK ")
	free.Respond(free.Expect("INVITE "+free.URI("second")), 200, "OK")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 200"))
	free.Expect("ACK ")
	line := e.Await(`msg="redirected call"`)
	for _, text := range []string{"call_id=" + call.CallID, "status=200", "302 Moved Temporarily in ", busy.URI("first") + " 486 Busy Here in ", free.URI("second") + " 200 OK in "} {
		if !strings.Contains(line, text) {
			t.Errorf("no %q in %s", text, line)
		}
	}
	e.hasMetric(t, `sipedge_redirects_total{status="302"} 1`)
	e.hasMetric(t, `sipedge_decisions_total{action="try_targets"} 1`)
	e.end(t)
}

// TestServePolicyConfig: a profile that follows no redirect, from the file of
// the embedded policy.
func TestServePolicyConfig(t *testing.T) {
	t.Parallel()
	caller, server, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := start(t, "--next-hop", server.URI(""), "--policy-config", file(t, "policy.yaml", disabled))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	redirect(server, "<"+target.URI("a")+">")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 480"))
	e.hasMetric(t, `sipedge_decisions_total{action="reject"} 1`)
	e.end(t)
	target.Silent(0)
}

// TestServeRedirectd: redirectd decides over gRPC, and when it has died sipedge
// says so and answers by itself.
func TestServeRedirectd(t *testing.T) {
	t.Parallel()
	profiles := file(t, "policy.yaml", "profiles: [{name: default}, {name: off, redirect: disabled, map: {302: 603}}]\n")
	policy := proctest.Start(t, "redirectd", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--config", profiles)
	addr := policy.Value("msg=listening", "addr")
	caller, server, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	following := start(t, "--next-hop", server.URI(""), "--policy", addr)
	mapping := start(t, "--next-hop", server.URI(""), "--policy", addr, "--profile", "off")

	call := caller.Invite(following.udp, "sip:bob@example.com")
	redirect(server, "<"+target.URI("a")+">")
	target.Respond(target.Expect("INVITE "+target.URI("a")), 200, "OK")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 200"))
	target.Expect("ACK ")

	call = caller.Invite(mapping.udp, "sip:bob@example.com")
	redirect(server, "<"+target.URI("a")+">")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 603")) // only that redirectd knows of 603

	status, body := proctest.Get(t, policy.Value("msg=listening", "admin"), "/metrics")
	for _, action := range []string{"try_targets", "reject"} {
		if line := `redirectd_decisions_total{action="` + action + `",protocol="grpc",redirect="302"} 1`; status != 200 || !strings.Contains(body, line) {
			t.Errorf("no %s in %d\n%s", line, status, body)
		}
	}
	policy.Signal(sigkill)
	policy.ExitCode()
	call = caller.Invite(following.udp, "sip:bob@example.com")
	redirect(server, "<"+target.URI("a")+">")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 480"))
	following.hasMetric(t, `sipedge_no_decision_total{reason="error"} 1`)
	following.end(t)
	mapping.end(t)
}

func TestServeAdmin(t *testing.T) {
	t.Parallel()
	e := start(t)
	for path, want := range map[string]string{"/healthz": "ok\n", "/readyz": "serving\n"} {
		if status, body := e.get(t, path); status != 200 || body != want {
			t.Errorf("%s: %d %q", path, status, body)
		}
	}
	for _, line := range []string{"sipedge_transactions 0", "sipedge_panics_total 0", "sipedge_attempts_total 0"} {
		e.hasMetric(t, line)
	}
	if status, _ := e.get(t, "/debug/pprof/"); status != 200 {
		t.Errorf("/debug/pprof/ on loopback: %d", status)
	}
	e.end(t)
}

// TestServeAddressInUse: a clear message and exit code 1, whatever is taken.
func TestServeAddressInUse(t *testing.T) {
	t.Parallel()
	e := start(t)
	for _, c := range []struct {
		args []string
		want string
	}{
		{
			[]string{"--listen", "udp://" + e.udp.String(), "--admin", "127.0.0.1:0"},
			"sipedge: cannot listen on udp://" + e.udp.String() + ": listen udp4 " + e.udp.String() + ": bind: address already in use\n",
		},
		{
			[]string{"--listen", "tcp://" + e.tcp.String(), "--admin", "127.0.0.1:0"},
			"sipedge: cannot listen on tcp://" + e.tcp.String() + ": listen tcp4 " + e.tcp.String() + ": bind: address already in use\n",
		},
		{
			[]string{"--listen", "udp://127.0.0.1:0", "--admin", e.admin},
			"sipedge: admin listener: listen tcp " + e.admin + ": bind: address already in use\n",
		},
	} {
		second := proctest.Start(t, "sipedge", c.args...)
		if code := second.ExitCode(); code != exitFailed || second.Stderr() != c.want {
			t.Errorf("%q: exit code %d, got\n%swant\n%s", c.args, code, second.Stderr(), c.want)
		}
	}
	e.end(t)
}

// TestServeSIPS: a sips: Request-URI goes by TLS or nowhere, whatever the next
// hop says.
func TestServeSIPS(t *testing.T) {
	t.Parallel()
	caller, server, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := start(t, "--next-hop", server.URI(""))
	call := caller.Invite(e.udp, "sips:bob@example.com")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 480"))
	e.end(t)
	server.Silent(0)

	alone := start(t)
	call = caller.Invite(alone.udp, "sips:bob@"+target.Addr().String())
	call.Ack(caller.ExpectSkipping100("SIP/2.0 5"))
	alone.end(t)
	target.Silent(0)
}

// TestServeWarnsOfLoopback: what is bound to a loopback address sends nothing
// beyond, and a newcomer with a redirect server elsewhere is told.
func TestServeWarnsOfLoopback(t *testing.T) {
	t.Parallel()
	for hop, warned := range map[string]bool{"sip:192.0.2.10:5060": true, "sip:127.0.0.1:5070": false, "sip:example.com": false} {
		e := start(t, "--next-hop", hop)
		e.end(t)
		const text = `level=WARN msg="listeners on loopback reach this machine only: is the next hop here?" next_hop=`
		if strings.Contains(e.Stderr(), text+hop) != warned {
			t.Errorf("%s: warned is not %v:\n%s", hop, warned, e.Stderr())
		}
	}
}
