package docs_test

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/redirectd/redirectd/internal/proctest"
	"github.com/redirectd/redirectd/internal/siptest"
)

func checkNewPolicy(t *testing.T, p *page, b block) {
	t.Helper()
	if code, out, errs := program(t, p.save(t), "redirectd", "check", "--config", b.name); code != 0 || !strings.HasPrefix(out, b.name+": ok: ") {
		t.Errorf("redirectd check: exit code %d\n%s%s", code, out, errs)
	}
}

// checkEdgeAlone is for the file of an edge that asks other policies than that of
// the page.
func checkEdgeAlone(t *testing.T, p *page, b block) {
	t.Helper()
	args := []string{"check", "--config", b.name}
	if strings.Contains(b.text, "trunks:") {
		args = append(args, "--listen", "udp://192.0.2.1:5060")
	}
	if code, out, errs := program(t, p.save(t), "sipedge", args...); code != 0 || errs != "" || !strings.HasPrefix(out, b.name+": ok: ") {
		t.Errorf("sipedge %q: exit code %d\n%s%s", args, code, out, errs)
	}
}

// checkDisagreement places a call through an edge with shadow.yaml, whose new policy
// is that of the page, and compares the record of the disagreement.
func checkDisagreement(t *testing.T, p *page, b block) {
	t.Helper()
	caller, server, premium, bob := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	dir := p.save(t)
	redirectd := func(args ...string) string {
		args = append(args, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
		return proctest.StartFile(t, proctest.Build(t, "redirectd"), dir, args...).Value("msg=listening", "addr")
	}
	config, err := os.ReadFile(filepath.Join(dir, "shadow.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer("127.0.0.1:50051", redirectd(),
		"127.0.0.1:50052", "{target: '"+redirectd("--config", "new-policy.yaml")+"', timeout: 10s}").Replace(string(config))
	text = strings.Replace(text, "policy:\n", "policy:\n  timeout: 5s\n", 1) // this machine may be busy
	if err := os.WriteFile(filepath.Join(dir, "shadow.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	e := proctest.StartFile(t, proctest.Build(t, "sipedge"), dir,
		"--config", "shadow.yaml", "--listen", "udp://127.0.0.1:0", "--admin", "127.0.0.1:0", "--next-hop", server.URI(""))
	udp := netip.MustParseAddrPort(strings.TrimPrefix(e.Value("msg=listening", "addr"), "udp://"))

	call := caller.Invite(udp, "sip:bob@example.com")
	server.Respond(server.ExpectSkipping100("INVITE "), 302, "Moved Temporarily",
		"Contact: <"+premium.URI("+19005551212")+">;q=0.9, <"+bob.URI("bob")+">;q=0.5")
	server.Expect("ACK ")
	premium.Respond(premium.Expect("INVITE "), 200, "OK")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 200"))
	premium.Expect("ACK ")
	var line string
	proctest.Eventually(t, "the record of a disagreement", func() bool {
		data, _ := os.ReadFile(filepath.Join(dir, "records.jsonl"))
		for line = range strings.Lines(string(data)) {
			if strings.Contains(line, `"kind":"shadow"`) && strings.HasSuffix(line, "\n") {
				return true
			}
		}
		return false
	})
	e.Signal(syscall.SIGTERM)
	if code := e.ExitCode(); code != 0 {
		t.Errorf("exit code %d: %s", code, e.Stderr())
	}

	line = strings.NewReplacer(caller.Addr().String(), "192.0.2.1:5060", server.Addr().String(), "192.0.2.10:5060",
		premium.Addr().String(), "192.0.2.20:5060", bob.Addr().String(), "192.0.2.21:5060").Replace(line)
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, []byte(line), "", "  "); err != nil {
		t.Fatalf("%v: %s", err, line)
	}
	if got, want := masked(pretty.String()), masked(b.text); got != want {
		t.Errorf("the record is\n%s\nmasked\n%s\nthe page says\n%s", pretty.String(), got, want)
	}
}
