package interop

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/proctest"
)

// doorRows are what a Kamailio that asks redirectd makes of a 3xx: what an edge makes
// of it.
var doorRows = []row{
	{user: "300-q", status: 200, path: "unavailable busy answer"},
	{user: "300-fail", status: 486, path: "unavailable busy"},
	{user: "300-6xx", status: 603, path: "decline"},
	{user: "300-many", status: 486, path: strings.TrimSpace(strings.Repeat("busy ", 10))},
	{user: "302", status: 200, path: "answer"},
	{user: "302-503", status: 500, path: "unavailable"},
	{user: "302-none", status: 480},
	{user: "302-same", status: 200, path: "busy answer"},
	{user: "302-strip", status: 200, path: "answer"},
	{user: "302-silent", status: 200, path: "silent answer"},
	{user: "305", status: 200, path: "answer"},
	{user: "380", status: 410},
	{user: "nested", status: 200, path: "answer", asked: 2},
	{user: "loop", status: 480, asked: 2},
	{user: "unknown", status: 404},
}

var (
	httpAt = regexp.MustCompile(`msg=listening\b.* http=(127\.0\.0\.1:\d+)`)
	tried  = regexp.MustCompile(`(?m)call (\S+): try \S+ `)
)

// TestKamailioAsks runs the configuration of examples/kamailio: from its failure_route
// Kamailio asks redirectd, without gRPC, and follows the answers.
func TestKamailioAsks(t *testing.T) {
	ready(t)
	t.Parallel()
	n := newNetwork(t, "udp", doorAnswers, append(tableTargets, "silent")...)
	rd := start(t, filepath.Join(bin, "redirectd"),
		"--config", writePolicy(t), "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--http", "127.0.0.1:0", "--log-sample", "1")
	t.Cleanup(func() { stopProgram(t, rd) })
	door := rd.find(t, httpAt, 1)[0][1]
	k, off, unknown := startAsking(t, n, door, "default"), startAsking(t, n, door, "off"), startAsking(t, n, door, "gold")
	for _, r := range doorRows {
		t.Run(r.user, func(t *testing.T) {
			t.Parallel()
			r.ask(t, n, k)
		})
	}
	t.Run("302 off", func(t *testing.T) {
		t.Parallel()
		row{user: "302", status: 480}.ask(t, n, off)
	})
	t.Run("no decision", func(t *testing.T) {
		t.Parallel()
		row{user: "302", status: 480}.ask(t, n, unknown)
		unknown.find(t, regexp.MustCompile(`redirectd says 400: Code: failed_precondition`), 1)
	})
}

// doorAnswers are those of the table, and a 302 to a target that says nothing.
func doorAnswers(n *network) []answer {
	return append(tableAnswers(n), answer{"302-silent", 302, "Moved Temporarily", []string{
		n.contact("silent", ""), n.contact("answer", ";q=0.5"),
	}})
}

// ask calls through Kamailio.
func (r row) ask(t *testing.T, n *network, k *kamailio) {
	t.Helper()
	c := caller{scenario: "refused", user: r.user, Status: r.status}
	if r.status == 200 {
		c.scenario = "call"
	}
	out := call(t, n.transport, k.addr, c)
	invite := out.messages[0]
	expectOneFinal(t, out.messages, r.status)
	sent, _ := n.expectPath(t, invite.callID(), r.path)
	for i, m := range sent {
		if want := r.requestURI(n, invite, m.peer, i); m.requestURI() != want {
			t.Errorf("attempt %d has the Request-URI %s, not %s", i+1, m.requestURI(), want)
		}
	}
	if r.user == "305" && len(sent) == 1 {
		if got, want := strings.Join(sent[0].header.Values("Route"), ","), "<"+n.uri("answer", "answer")+";lr>"; got != want {
			t.Errorf("the proxy of the 305 got the Route %q, not %q", got, want)
		}
	}
	expectAsked(t, n, invite, max(r.asked, 1))
	// A redirect server that is asked again was a target of its own.
	k.expectTried(t, invite.callID(), len(sent)+max(r.asked, 1)-1)
}

// expectTried checks how many targets redirectd has named for a call.
func (k *kamailio) expectTried(t *testing.T, callID string, want int) {
	t.Helper()
	eventually(t, 5*time.Second, func() error {
		got := 0
		for _, m := range tried.FindAllStringSubmatch(k.out.String(), -1) {
			if m[1] == callID {
				got++
			}
		}
		if got != want {
			return fmt.Errorf("redirectd named %d targets, not %d", got, want)
		}
		return nil
	})
}

// startAsking starts Kamailio with the configuration of examples/kamailio.
func startAsking(t *testing.T, n *network, door, profile string) *kamailio {
	t.Helper()
	addr, dir := proctest.FreeAddr(t), t.TempDir()
	args := []string{"-DD", "-E", "-f", "../../examples/kamailio/kamailio.cfg", "-w", dir, "-Y", dir, "-m", "64", "-M", "8"}
	for _, define := range []string{
		fmt.Sprintf("LISTEN=udp:%v", addr),
		fmt.Sprintf("NEXT_HOP=%q", n.nextHop()),
		fmt.Sprintf("REDIRECTD=%q", "redirectd=>http://"+door+"/v1/next"),
		fmt.Sprintf("SAYS=%q", "Profile: "+profile),
		"FR_TIMER=2500",
		"CHILDREN=1", // of several, one may relay a 200 before another has relayed the 180
	} {
		args = append(args, "-A", define)
	}
	k := &kamailio{addr: addr, process: start(t, "kamailio", args...)}
	ping(t, k.process, "udp", addr)
	t.Cleanup(func() { k.stop(t) })
	return k
}
