package docs_test

import (
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/proctest"
	"github.com/redirectd/redirectd/internal/siptest"
)

// checkPolicy compiles the policy of the page, runs it, and lets sipedge ask it about a redirected call.
func checkPolicy(t *testing.T, p *page, b block) {
	t.Helper()
	const addr = "127.0.0.1:50052"
	if strings.Count(b.text, `"`+addr+`"`) != 1 || !strings.Contains(p.prose, "--policy "+addr) {
		t.Fatalf("the policy listens elsewhere than sipedge asks: want %s", addr)
	}
	free := proctest.FreeAddr(t).String()
	binary := compile(t, strings.ReplaceAll(b.text, addr, free))
	proctest.StartFile(t, binary, "")
	proctest.Eventually(t, "the policy", func() bool {
		conn, err := net.DialTimeout("tcp", free, time.Second)
		return err == nil && conn.Close() == nil
	})

	caller, server, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := proctest.Start(t, "sipedge", "--listen", "udp://127.0.0.1:0", "--admin", "127.0.0.1:0", "--policy", free, "--next-hop", server.URI(""))
	udp := netip.MustParseAddrPort(strings.TrimPrefix(e.Value("msg=listening", "addr"), "udp://"))

	call := caller.Invite(udp, "sip:bob@example.com")
	server.Respond(server.Expect("INVITE "), 302, "Moved Temporarily", "Contact: <tel:+1>;q=1", "Contact: <"+target.URI("low")+">;q=0.1", "Contact: <sip:high@127.0.0.1:1>;q=0.9")
	server.Expect("ACK ")
	target.Respond(target.Expect("INVITE "+target.URI("low")), 200, "OK")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 200"))
	target.Expect("ACK ")

	call = caller.Invite(udp, "sip:carol@example.com")
	server.Respond(server.Expect("INVITE "), 302, "Moved Temporarily", "Contact: <tel:+1>")
	server.Expect("ACK ")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 480"))

	if line := e.Await("status=200"); !strings.Contains(line, "took "+target.URI("low")) {
		t.Errorf("the policy's reason is not in %s", line)
	}
	if line := e.Await("status=480"); !strings.Contains(line, "no SIP contact") {
		t.Errorf("the policy's reason is not in %s", line)
	}
}

// compile vets and builds a program as a module of its own beside this one, as
// its author would have it.
func compile(t *testing.T, source string) (binary string) {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, content := range map[string]string{
		"policy.go": source,
		"go.mod":    "module policy\n\ngo 1.26.0\n",
		"go.work":   "go 1.26.0\n\nuse .\nuse " + strconv.Quote(root) + "\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"vet", "."}, {"build", "-race", "-o", "policy", "."}} {
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "GOWORK="+filepath.Join(dir, "go.work"), "GOFLAGS=")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go %s: %v\n%s", args[0], err, out)
		}
	}
	return filepath.Join(dir, "policy")
}
