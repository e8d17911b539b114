package main

import (
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/proctest"
	"github.com/redirectd/redirectd/internal/siptest"
)

const (
	twoProfiles  = "profiles: [{name: default}, {name: gold}]\n"
	goldDeclines = "profiles: [{name: default}, {name: gold, redirect: disabled, map: {302: 603}}]\n"
)

// rewrite writes a file anew, as an editor does: beside it, and renamed.
func rewrite(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path+"~", []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+"~", path); err != nil {
		t.Fatal(err)
	}
}

func revision(t *testing.T, content string) string {
	t.Helper()
	cfg, err := policy.ParseConfig("", []byte(content))
	if err != nil {
		t.Fatal(err)
	}
	return cfg.Revision
}

// TestReload: the file of the embedded policy changes. The call in progress goes
// on to the second target of the decision that it has, the next one gets a new
// decision, and a policy without the profile of a trunk is none.
func TestReload(t *testing.T) {
	t.Parallel()
	caller, server, busy, free := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	profiles := file(t, "policy.yaml", twoProfiles)
	config := file(t, "edge.yaml", "listen: ['udp://127.0.0.1:0']\nadmin: 127.0.0.1:0\npolicy: {config: "+profiles+"}\n"+
		"trunks: [{name: a, from: [127.0.0.1], next_hop: '"+server.URI("")+"', profile: gold}]\n")
	e := await(t, "--config", config)
	e.hasMetric(t, `sipedge_policy_info{revision="`+revision(t, twoProfiles)+`"} 1`)

	call := caller.Invite(e.udp, "sip:bob@example.com")
	redirect(server, "<"+busy.URI("first")+">;q=0.9", "<"+free.URI("second")+">;q=0.2")
	invite := busy.Expect("INVITE " + busy.URI("first"))
	rewrite(t, profiles, goldDeclines)
	e.Await(`level=INFO msg="policy reloaded" file=` + profiles + ` profiles=2 revision=` + revision(t, goldDeclines) + ` before=` + revision(t, twoProfiles))
	busy.Respond(invite, 486, "Busy Here")
	busy.Expect("ACK ")
	free.Respond(free.Expect("INVITE "+free.URI("second")), 200, "OK")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 200"))
	free.Expect("ACK ")

	declined := func() {
		t.Helper()
		call := caller.Invite(e.udp, "sip:carol@example.com")
		redirect(server, "<"+free.URI("a")+">")
		call.Ack(caller.ExpectSkipping100("SIP/2.0 603"))
	}
	declined()
	e.hasMetric(t, `sipedge_policy_info{revision="`+revision(t, goldDeclines)+`"} 1`)

	rewrite(t, profiles, "profiles: [{name: default}]\n")
	const problem = `trunk a: profile: the policy has no profile "gold"; it has default`
	e.Await(`level=ERROR msg="problem of the policy" problem="` + strings.ReplaceAll(problem, `"`, `\"`) + `"`)
	declined()
	e.hasMetric(t, `sipedge_policy_info{revision="`+revision(t, goldDeclines)+`"} 1`)
	e.hasMetric(t, "sipedge_policy_last_reload_successful 0")
	e.hasMetric(t, `sipedge_policy_reloads_total{result="bad"} 1`)
	if status, body := e.get(t, "/readyz"); status != 200 || !strings.HasPrefix(body, "serving; "+profiles+" was not reloaded at 20") || !strings.HasSuffix(body, "Z: "+problem+"\n") {
		t.Errorf("/readyz: %d %q", status, body)
	}
	if code, _, errs := runWith(t, "check", "--config", config); code != exitUsage || errs != "sipedge check: "+problem+"\n" {
		t.Errorf("a start says otherwise: %d, %s", code, errs)
	}

	rewrite(t, profiles, goldDeclines)
	e.Await(`msg="policy good again, and the one that is in use"`)
	if status, body := e.get(t, "/readyz"); status != 200 || body != "serving\n" {
		t.Errorf("/readyz: %d %q", status, body)
	}
	e.Signal(syscall.SIGHUP)
	e.Await(`level=INFO msg="policy unchanged" file=` + profiles)
	e.Await(`level=INFO msg="SIGHUP: read again" what=` + profiles + ` needs_restart="` + config + `, flags"`)
	e.end(t)
}

// TestReloadFallback: a policy that decides only when the remote one does not is
// read again, too; one that never decides is not.
func TestReloadFallback(t *testing.T) {
	t.Parallel()
	caller, server := siptest.UDP(t), siptest.UDP(t)
	profiles := file(t, "policy.yaml", "profiles: [{name: default}]\n")
	edge := func(onUnavailable string) *sipedge {
		return start(t, "--next-hop", server.URI(""), "--config",
			file(t, "edge.yaml", "policy: {target: '127.0.0.1:1', config: "+profiles+", on_unavailable: "+onUnavailable+"}\n"))
	}
	e, mapping := edge("embedded"), edge("map")
	rewrite(t, profiles, "profiles: [{name: default, redirect: disabled, map: {302: 603}}]\n")
	e.Await(`msg="policy reloaded" file=` + profiles)
	call := caller.Invite(e.udp, "sip:bob@example.com")
	redirect(server, "<sip:a@127.0.0.1:1>")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 603"))
	e.hasMetric(t, `sipedge_policy_reloads_total{result="good"} 1`)
	e.end(t)

	mapping.Signal(syscall.SIGHUP)
	mapping.Await(`level=WARN msg="SIGHUP: there is nothing to read again" needs_restart="`)
	if _, body := mapping.get(t, "/metrics"); strings.Contains(body, "sipedge_policy_info") {
		t.Error("it shows the revision of a policy that never decides")
	}
	mapping.end(t)
	if strings.Contains(mapping.Stderr(), "policy reloaded") {
		t.Errorf("it reads a policy that never decides:\n%s", mapping.Stderr())
	}
}

// TestHangupReadsBoth: certificates and the policy.
func TestHangupReadsBoth(t *testing.T) {
	t.Parallel()
	pair := siptest.NewCA(t).Issue("127.0.0.1")
	profiles := file(t, "policy.yaml", twoProfiles)
	e := proctest.Start(t, "sipedge", "--admin", "127.0.0.1:0", "--listen", "tls://127.0.0.1:0", "--policy-config", profiles,
		"--config", file(t, "edge.yaml", "tls: {cert: "+pair.Cert+", key: "+pair.Key+"}\n"))
	e.Await("msg=admin")
	e.Signal(syscall.SIGHUP)
	e.Await(`msg="certificates read again"`)
	e.Await(`msg="policy unchanged"`)
	e.Await(`msg="SIGHUP: read again" what="certificates, ` + profiles + `"`)
	(&sipedge{Process: e}).end(t)
}
