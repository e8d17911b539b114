package interop

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/edge/locate/dnstest"
	"github.com/redirectd/redirectd/internal/proctest"
	"github.com/redirectd/redirectd/internal/siptest"
)

// srvAnswers redirect to names whose first server is dead.
func srvAnswers(n *network) []answer {
	suffix := strings.TrimPrefix(n.uri("", "answer"), "sip:@"+n.addrs["answer"].String())
	return []answer{
		{"srv", 302, "Moved Temporarily", []string{"<sip:answer@srv.example.com;transport=" + n.transport + ">"}},
		{"naptr", 302, "Moved Temporarily", []string{"<sip:answer@naptr.example.com>"}},
		{"direct", 302, "Moved Temporarily", []string{"<sip:answer@" + n.addrs["answer"].String() + suffix + ">"}},
	}
}

// zoneOf has both names of srvAnswers, and rs for the redirect server, each with a
// dead server before the live one.
func zoneOf(n *network, dead, deadRS netip.AddrPort) string {
	service := map[string]string{"udp": "SIP+D2U", "tcp": "SIP+D2T"}[n.transport]
	return fmt.Sprintf(`$ORIGIN example.com.
@                SOA   ns root 1 3600 600 86400 300
naptr            NAPTR 10 10 "s" "%[1]s" "" _sip._%[2]s.srv
_sip._%[2]s.srv  SRV   10 1 %[3]d host
_sip._%[2]s.srv  SRV   20 1 %[4]d host
_sip._udp.rs     SRV   10 1 %[5]d host
_sip._udp.rs     SRV   20 1 %[6]d host
host             A     127.0.0.1
`, service, n.transport, dead.Port(), n.addrs["answer"].Port(), deadRS.Port(), n.addrs["kamailio"].Port())
}

// startEdgeWithDNS starts an edge that finds its next hop, the redirect server,
// and all targets by a DNS server that has this zone.
func startEdgeWithDNS(t *testing.T, zone, nextHop string) *edge {
	t.Helper()
	file := filepath.Join(t.TempDir(), "edge.yaml")
	text := fmt.Sprintf("dns: {servers: [%q]}\ntrunks: [{name: all, from: [127.0.0.0/8], next_hop: %q, response_timeout: 700ms}]\n",
		dnstest.Serve(t, zone).Addr(), nextHop)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return startEdge(t, "--listen", "udp://127.0.0.1:0", "--listen", "tcp://127.0.0.1:0", "--config", file)
}

// TestSRVFailoverClosed calls a target whose first server is a closed port: the
// second one gets the call, and the next calls at once.
func TestSRVFailoverClosed(t *testing.T) {
	ready(t)
	t.Parallel()
	for _, transport := range []string{"udp", "tcp"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			n := newNetwork(t, transport, srvAnswers, "answer")
			for _, user := range []string{"srv", "naptr"} {
				e := startEdgeWithDNS(t, zoneOf(n, proctest.FreeAddr(t), proctest.FreeAddr(t)), "sip:"+n.addrs["kamailio"].String())
				for range 3 {
					n.expectCompleted(t, e, user, time.Second)
				}
				expectFailovers(t, e, 1)
			}
		})
	}
}

// TestSRVFailoverSilent calls a target whose first server says nothing: Timer B
// has to run out once, and no later call goes there.
func TestSRVFailoverSilent(t *testing.T) {
	ready(t)
	t.Parallel()
	n := newNetwork(t, "udp", srvAnswers, "answer")
	silent := siptest.UDP(t)
	e := startEdgeWithDNS(t, zoneOf(n, silent.Addr(), proctest.FreeAddr(t)), "sip:"+n.addrs["kamailio"].String())
	if took := n.expectCompleted(t, e, "srv", 40*time.Second); took < 31*time.Second {
		t.Errorf("the second server was called after %v, not 32 s (64*T1)", took)
	}
	for range 3 {
		n.expectCompleted(t, e, "srv", time.Second)
	}
	expectFailovers(t, e, 1)
	expectCalls(t, silent, 1)
}

// TestSRVFailoverNextHop has two redirect servers, the first of which is silent:
// response_timeout of the trunk is how long that costs, once.
func TestSRVFailoverNextHop(t *testing.T) {
	ready(t)
	t.Parallel()
	n := newNetwork(t, "udp", srvAnswers, "answer")
	silent := siptest.UDP(t)
	e := startEdgeWithDNS(t, zoneOf(n, proctest.FreeAddr(t), silent.Addr()), "sip:rs.example.com")
	if took := n.expectCompleted(t, e, "direct", 5*time.Second); took < 700*time.Millisecond {
		t.Errorf("the second redirect server was asked after %v, not response_timeout", took)
	}
	for range 3 {
		n.expectCompleted(t, e, "direct", 600*time.Millisecond)
	}
	expectFailovers(t, e, 1)
	expectCalls(t, silent, 1)
}

// expectCompleted places a call that the target answers within the limit, and
// returns how long that took.
func (n *network) expectCompleted(t *testing.T, e *edge, user string, limit time.Duration) time.Duration {
	t.Helper()
	out := call(t, n.transport, e.addr(n.transport), caller{scenario: "call", user: user, limit: limit + 5*time.Second})
	expectOneFinal(t, out.messages, 200)
	n.expectPath(t, out.messages[0].callID(), "answer")
	took := answeredCalls(t, out.messages)[0].took
	if took > limit {
		t.Errorf("a call to %s was answered after %v, not within %v", user, took, limit)
	}
	return took
}

var failovers = regexp.MustCompile(`(?m)^sipedge_address_failovers_total (\d+)$`)

// expectFailovers checks how often an attempt went on to another address.
func expectFailovers(t *testing.T, e *edge, want int) {
	t.Helper()
	text, err := e.metrics()
	if err != nil {
		t.Fatal(err)
	}
	if got := failovers.FindStringSubmatch(text); got == nil || got[1] != fmt.Sprint(want) {
		t.Errorf("attempts that went on to another address: %q, not %d", got, want)
	}
}

// expectCalls checks how many calls a silent server has got.
func expectCalls(t *testing.T, silent *siptest.Peer, want int) {
	t.Helper()
	calls := map[string]bool{}
	for {
		m, ok := silent.ReceiveWithin(0)
		if !ok {
			break
		}
		calls[m.Header("Call-ID")] = true
	}
	if len(calls) != want {
		t.Errorf("the silent server was called %d times, not %d", len(calls), want)
	}
}
