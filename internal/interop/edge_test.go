package interop

import (
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// policyFile is what the built-in policy runs with in every test.
const policyFile = `profiles:
  - name: default
  - name: "off"
    redirect: disabled
`

// edge is sipedge under test.
type edge struct {
	udp, tcp, tls netip.AddrPort
	admin         string
	*process
}

func (e *edge) addr(transport string) netip.AddrPort {
	switch transport {
	case "tcp":
		return e.tcp
	case "tls":
		return e.tls
	}
	return e.udp
}

var (
	listening   = regexp.MustCompile(`msg=listening\b.* addr=(\w+)://(127\.0\.0\.1:\d+)`)
	listeningAt = regexp.MustCompile(`msg=listening\b.* addr=(127\.0\.0\.1:\d+)`)
	adminAt     = regexp.MustCompile(`msg=admin\b.* addr=(127\.0\.0\.1:\d+)`)
)

// startEdge starts sipedge with flags, and waits until it listens.
func startEdge(t *testing.T, args ...string) *edge {
	t.Helper()
	e := &edge{process: start(t, filepath.Join(bin, "sipedge"), append(args, "--admin", "127.0.0.1:0")...)}
	for _, f := range e.find(t, listening, max(2, count(args, "--listen"))) {
		addr := netip.MustParseAddrPort(f[2])
		switch f[1] {
		case "udp":
			e.udp = addr
		case "tcp":
			e.tcp = addr
		case "tls":
			e.tls = addr
		}
	}
	e.admin = e.find(t, adminAt, 1)[0][1]
	t.Cleanup(func() { stopProgram(t, e.process) })
	return e
}

func count(list []string, word string) (n int) {
	for _, s := range list {
		if s == word {
			n++
		}
	}
	return n
}

// startRedirectd starts redirectd with the policy of policyFile on an address.
func startRedirectd(t *testing.T, listen string) (*process, netip.AddrPort) {
	t.Helper()
	p := start(t, filepath.Join(bin, "redirectd"),
		"--config", writePolicy(t), "--listen", listen, "--admin", "127.0.0.1:0")
	return p, netip.MustParseAddrPort(p.find(t, listeningAt, 1)[0][1])
}

func writePolicy(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(file, []byte(policyFile), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// stopProgram ends one of our programs as an operator does, and fails the test
// if it did not end well or if the race detector spoke.
func stopProgram(t *testing.T, p *process) {
	t.Helper()
	p.signal(t, syscall.SIGTERM)
	if code := p.wait(t, 20*time.Second); code != 0 {
		t.Errorf("%s ended with %d after SIGTERM", p.name, code)
	}
	for _, bad := range []string{"WARNING: DATA RACE", "panic:", "goroutine 1 ["} {
		if strings.Contains(p.out.String(), bad) {
			t.Errorf("%s said %q:\n%s", p.name, bad, p.out.tail(8000))
		}
	}
}

// metrics is the text of the edge's /metrics.
func (e *edge) metrics() (string, error) {
	client := http.Client{Timeout: 3 * time.Second}
	resp, err := client.Get("http://" + e.admin + "/metrics")
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }() // it was read to its end
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("/metrics: %s", resp.Status)
	}
	body, err := io.ReadAll(resp.Body)
	return string(body), err
}
