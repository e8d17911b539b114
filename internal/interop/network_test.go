package interop

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/proctest"
)

// kinds are the targets of a network: what they are called and how they behave.
var kinds = []struct {
	name, scenario string
	values         targetValues
}{
	{"answer", "answer", targetValues{}},
	{"busy", "fail", targetValues{Status: 486, Reason: "Busy Here"}},
	{"unavailable", "fail", targetValues{Status: 503, Reason: "Service Unavailable"}},
	{"decline", "fail", targetValues{Status: 603, Reason: "Decline"}},
	{"ring", "ring", targetValues{}},
	{"late", "ring", targetValues{DelayMillis: 900}},
	{"crossing", "ring", targetValues{Answers: true}},
	{"hangup", "answer", targetValues{HangsUp: true}},
	{"silent", "silent", targetValues{}},
	{"mailbox", "mailbox", targetValues{Status: 200, Reason: "OK"}},
	{"full", "mailbox", targetValues{Status: 480, Reason: "Temporarily Unavailable"}},
	{"early-fails", "early", targetValues{Status: 480, Reason: "Temporarily Unavailable", RSeq: 1101}},
	{"early", "early", targetValues{RSeq: 2202, InDialog: inDialogMethods}},
	{"challenge", "challenge", targetValues{}},
}

// network is everything around the edge: the redirect server and the targets,
// which all speak one transport.
type network struct {
	transport string
	rs        *redirectServer
	addrs     map[string]netip.AddrPort
	targets   map[string]*target
}

// newNetwork starts the redirect server and the targets named. The answers are
// made from the network because their contacts have its ports.
func newNetwork(t *testing.T, transport string, answers func(n *network) []answer, names ...string) *network {
	t.Helper()
	n := &network{transport: transport, addrs: map[string]netip.AddrPort{}, targets: map[string]*target{}}
	for _, name := range append(names, "kamailio") {
		n.addrs[name] = proctest.FreeAddr(t)
	}
	n.rs = startRedirectServer(t, n.addrs["kamailio"], answers(n))
	for _, k := range kinds {
		if slices.Contains(names, k.name) {
			n.targets[k.name] = startTarget(t, transport, k.name, k.scenario, n.addrs[k.name], k.values)
		}
	}
	return n
}

// uri is where one of the network's elements is reached.
func (n *network) uri(user, name string) string {
	uri := fmt.Sprintf("sip:%s@%v", user, n.addrs[name])
	if n.transport == "tcp" {
		uri += ";transport=tcp"
	}
	return uri
}

// contact is a contact at a target; the user part is the target's name.
func (n *network) contact(name, params string) string {
	return "<" + n.uri(name, name) + ">" + params
}

// nextHop is the redirect server as the edge is told of it.
func (n *network) nextHop() string {
	return strings.Replace(n.uri("", "kamailio"), "sip:@", "sip:", 1)
}

// startEdge starts an edge in front of the redirect server.
func (n *network) startEdge(t *testing.T, args ...string) *edge {
	t.Helper()
	return startEdge(t, append([]string{
		"--listen", "udp://127.0.0.1:0", "--listen", "tcp://127.0.0.1:0", "--next-hop", n.nextHop(),
	}, args...)...)
}

// seen is what the targets sent and received of one call by now.
func (n *network) seen(t *testing.T, callID string) []*message {
	t.Helper()
	var all []*message
	for _, tg := range n.targets {
		all = append(all, tg.messages(t)...)
	}
	return pick(all, func(m *message) bool { return m.callID() == callID })
}

// invites are the INVITEs that the targets received, without repeats.
func invites(seen []*message) []*message {
	branches := map[string]bool{}
	return pick(seen, func(m *message) bool {
		if !m.received || !m.isRequest("INVITE") || param(m.header.Get("To"), "tag") != "" || branches[m.branch()] {
			return false
		}
		branches[m.branch()] = true
		return true
	})
}

// path names the targets of requests in the order in which they were tried.
func path(requests []*message) string {
	var names []string
	for _, m := range requests {
		names = append(names, m.peer)
	}
	return strings.Join(names, " ")
}

// expectPath waits until exactly these targets were tried and every failure was
// acknowledged, and returns the INVITEs and everything seen.
func (n *network) expectPath(t *testing.T, callID, want string) (sent, seen []*message) {
	t.Helper()
	eventually(t, 5*time.Second, func() error {
		seen = n.seen(t, callID)
		sent = invites(seen)
		if got := path(sent); got != want {
			return fmt.Errorf("call %s tried %q, not %q", callID, got, want)
		}
		return acknowledged(seen)
	})
	return sent, seen
}

// acknowledged says whether each final response of a target got its ACK.
func acknowledged(seen []*message) error {
	for _, resp := range seen {
		if resp.received || resp.status() < 200 || resp.method() != "INVITE" {
			continue
		}
		tag := param(resp.header.Get("To"), "tag")
		acked := slices.ContainsFunc(seen, func(m *message) bool {
			return m.received && m.isRequest("ACK") && param(m.header.Get("To"), "tag") == tag
		})
		if !acked {
			return fmt.Errorf("%s got no ACK for its %s", resp.peer, resp.start)
		}
	}
	return nil
}
