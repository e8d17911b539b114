package interop

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// tableTargets are the targets that the rows of the table use.
var tableTargets = []string{"answer", "busy", "unavailable", "decline"}

// tableAnswers are what the redirect server says in the rows of the table.
func tableAnswers(n *network) []answer {
	one := []string{n.contact("answer", "")}
	many := make([]string, 0, 12)
	for i := range 12 {
		many = append(many, fmt.Sprintf("<%s>;q=0.%02d", n.uri(fmt.Sprintf("busy%d", i), "busy"), 50-i))
	}
	many[10] = n.contact("answer", ";q=0.40")
	list := []answer{
		{"300-q", 300, "Multiple Choices", []string{
			n.contact("answer", ";q=0.1"),
			n.contact("busy", ";q=0.5") + ", " + n.contact("unavailable", ";q=0.9"),
		}},
		{"300-ties", 300, "Multiple Choices", []string{
			n.contact("busy", ""), n.contact("unavailable", ";q=1.0"), n.contact("answer", ";q=1"),
		}},
		{"300-fail", 300, "Multiple Choices", []string{n.contact("unavailable", ""), n.contact("busy", "")}},
		{"300-6xx", 300, "Multiple Choices", []string{n.contact("decline", ""), n.contact("answer", "")}},
		{"300-many", 300, "Multiple Choices", []string{strings.Join(many, ",\r\n ")}},
		{"300-none", 300, "Multiple Choices", nil},
		{"301", 301, "Moved Permanently", one},
		{"302", 302, "Moved Temporarily", one},
		{"302-503", 302, "Moved Temporarily", []string{n.contact("unavailable", "")}},
		{"302-486", 302, "Moved Temporarily", []string{n.contact("busy", "")}},
		{"302-none", 302, "Moved Temporarily", nil},
		{"302-tel", 302, "Moved Temporarily", []string{"<tel:+18003569377;rn=+18003560000;npdi>"}},
		{"302-same", 302, "Moved Temporarily", []string{
			n.contact("busy", ""), n.contact("busy", ";q=0.5"), n.contact("answer", ";q=0.2"),
		}},
		{"302-strip", 302, "Moved Temporarily", []string{
			"<" + n.uri("answer", "answer") + ";method=INVITE;x=y?X-Injected=1&Route=%3Csip:192.0.2.1%3E>",
		}},
		{"305", 305, "Use Proxy", one},
		{"380", 380, "Alternative Service", one},
		{"399", 399, "Something Else", one},
		{"nested", 302, "Moved Temporarily", []string{
			"<" + n.uri("301", "kamailio") + ">;q=0.9", n.contact("busy", ";q=0.8"),
		}},
		{"loop", 302, "Moved Temporarily", []string{"<" + n.uri("loop", "kamailio") + ">"}},
	}
	return list
}

// row is one call and what must become of it.
type row struct {
	user    string
	profile string // default or off
	status  int    // that the caller gets
	path    string // the targets in the order in which they are tried
	asked   int    // how many requests the redirect server gets, besides repeats; default 1
}

var rows = []row{
	{user: "300-q", status: 200, path: "unavailable busy answer"},
	{user: "300-ties", status: 200, path: "busy unavailable answer"},
	{user: "300-fail", status: 486, path: "unavailable busy"},
	{user: "300-6xx", status: 603, path: "decline"},
	{user: "300-many", status: 486, path: strings.TrimSpace(strings.Repeat("busy ", 10))},
	{user: "300-none", status: 410},
	{user: "301", status: 200, path: "answer"},
	{user: "302", status: 200, path: "answer"},
	{user: "302-503", status: 500, path: "unavailable"},
	{user: "302-486", status: 486, path: "busy"},
	{user: "302-none", status: 480},
	{user: "302-tel", status: 480},
	{user: "302-same", status: 200, path: "busy answer"},
	{user: "302-strip", status: 200, path: "answer"},
	{user: "305", status: 200, path: "answer"},
	{user: "380", status: 410},
	{user: "399", status: 410},
	{user: "nested", status: 200, path: "answer", asked: 2},
	{user: "loop", status: 480, asked: 2},
	{user: "unknown", status: 404},
	{user: "300-q", profile: "off", status: 410},
	{user: "301", profile: "off", status: 410},
	{user: "302", profile: "off", status: 480},
	{user: "305", profile: "off", status: 410},
	{user: "380", profile: "off", status: 410},
	{user: "399", profile: "off", status: 410},
	{user: "unknown", profile: "off", status: 404},
}

// decider is a way to decide, as flags of sipedge.
type decider struct {
	name  string
	flags []string
}

// deciders are the policy in process and as a process of its own.
func deciders(t *testing.T) []decider {
	t.Helper()
	p, addr := startRedirectd(t, "127.0.0.1:0")
	t.Cleanup(func() { stopProgram(t, p) })
	return []decider{
		{"embedded", []string{"--policy", "embedded", "--policy-config", writePolicy(t)}},
		{"redirectd", []string{"--policy", addr.String()}},
	}
}

// TestTable calls through every row of the table of the 3xx codes.
func TestTable(t *testing.T) {
	ready(t)
	t.Parallel()
	for _, transport := range []string{"udp", "tcp"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			n := newNetwork(t, transport, tableAnswers, tableTargets...)
			for _, d := range deciders(t) {
				edges := map[string]*edge{
					"":    n.startEdge(t, d.flags...),
					"off": n.startEdge(t, slices.Concat(d.flags, []string{"--profile", "off"})...),
				}
				t.Run(d.name, func(t *testing.T) {
					for _, r := range rows {
						t.Run(strings.Trim(r.user+" "+r.profile, " "), func(t *testing.T) {
							t.Parallel()
							r.run(t, n, edges[r.profile])
						})
					}
				})
			}
		})
	}
}

func (r row) run(t *testing.T, n *network, e *edge) {
	t.Helper()
	c := caller{scenario: "refused", user: r.user, Status: r.status}
	if r.status == 200 {
		c.scenario = "call"
	}
	out := call(t, n.transport, e.addr(n.transport), c)
	invite := out.messages[0]
	expectOneFinal(t, out.messages, r.status)
	sent, seen := n.expectPath(t, invite.callID(), r.path)
	for i, m := range sent {
		expectForwarded(t, e, invite, m)
		if want := r.requestURI(n, invite, m.peer, i); m.requestURI() != want {
			t.Errorf("attempt %d has the Request-URI %s, not %s", i+1, m.requestURI(), want)
		}
	}
	expectHopByHop(t, seen)
	expectAsked(t, n, invite, max(r.asked, 1))
	if r.user == "305" && len(sent) == 1 {
		expectProxied(t, n, sent[0])
	}
}

// requestURI is that of a redirected attempt: the contact without its method
// and ?headers (16.6 step 2), or, after 305, the one that was redirected.
func (r row) requestURI(n *network, sent *message, target string, attempt int) string {
	switch r.user {
	case "305":
		return sent.requestURI()
	case "300-many":
		return n.uri(fmt.Sprintf("busy%d", attempt), target)
	case "302-strip":
		return n.uri(target, target) + ";x=y"
	}
	return n.uri(target, target)
}
