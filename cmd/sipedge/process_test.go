package main

import (
	"bytes"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redirectd/redirectd/internal/proctest"
	"github.com/redirectd/redirectd/internal/siptest"
)

func TestMain(m *testing.M) { proctest.Main(m) }

// sipedge is a process that serves.
type sipedge struct {
	*proctest.Process
	udp, tcp netip.AddrPort
	admin    string
}

// start runs sipedge on free ports and waits until it listens.
func start(t *testing.T, args ...string) *sipedge {
	t.Helper()
	return await(t, append([]string{"--listen", "udp://127.0.0.1:0", "--listen", "tcp://127.0.0.1:0", "--admin", "127.0.0.1:0"}, args...)...)
}

// await runs sipedge and waits until it listens.
func await(t *testing.T, args ...string) *sipedge {
	t.Helper()
	return listening(t, proctest.Start(t, "sipedge", args...))
}

// listening waits until a sipedge listens.
func listening(t *testing.T, p *proctest.Process) *sipedge {
	t.Helper()
	e := &sipedge{Process: p}
	e.admin = e.Value("msg=admin", "addr")
	if udp := e.listeners("udp"); len(udp) > 0 {
		e.udp = udp[0]
	}
	if tcp := e.listeners("tcp"); len(tcp) > 0 {
		e.tcp = tcp[0]
	}
	return e
}

// listeners are those of a transport that the log names.
func (e *sipedge) listeners(network string) (addrs []netip.AddrPort) {
	for line := range strings.Lines(e.Stderr()) {
		if _, addr, ok := strings.Cut(line, "msg=listening addr="+network+"://"); ok {
			addrs = append(addrs, netip.MustParseAddrPort(strings.TrimSpace(addr)))
		}
	}
	return addrs
}

func (e *sipedge) get(t *testing.T, path string) (status int, body string) {
	t.Helper()
	return proctest.Get(t, e.admin, path)
}

// hasMetric fails the test unless /metrics shows a line.
func (e *sipedge) hasMetric(t *testing.T, line string) {
	t.Helper()
	status, body := e.get(t, "/metrics")
	if status != 200 || !strings.Contains(body, "\n"+line+"\n") {
		t.Errorf("no %s in %d\n%s", line, status, body)
	}
}

// end sends SIGTERM and expects an ordinary end.
func (e *sipedge) end(t *testing.T) {
	t.Helper()
	e.Signal(sigterm)
	if code := e.ExitCode(); code != exitGood {
		t.Errorf("exit code %d", code)
	}
	if !strings.HasSuffix(e.Stderr(), "msg=stopped\n") {
		t.Errorf("the log ends otherwise:\n%s", e.Stderr())
	}
}

// redirect answers the INVITE that a redirect server receives.
func redirect(server *siptest.Peer, contacts ...string) {
	invite := server.Expect("INVITE ")
	var headers []string
	for _, c := range contacts {
		headers = append(headers, "Contact: "+c)
	}
	server.Respond(invite, 302, "Moved Temporarily", headers...)
	server.Expect("ACK ")
}

// runWith runs the program in this process.
func runWith(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), args, &out, &errs)
	return code, out.String(), errs.String()
}

// file writes a file of that content, and returns its path.
func file(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
