package interop

import (
	"fmt"
	"testing"
	"time"
)

func messageAnswers(n *network) []answer {
	return []answer{
		{"302", 302, "Moved Temporarily", []string{n.contact("full", ";q=0.9"), n.contact("mailbox", ";q=0.8")}},
		{"380", 380, "Alternative Service", []string{n.contact("mailbox", "")}},
	}
}

// TestMessage redirects requests other than INVITE: they are recursed on as
// well, and their sender sees no provisional response.
func TestMessage(t *testing.T) {
	ready(t)
	t.Parallel()
	for _, transport := range []string{"udp", "tcp"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			n := newNetwork(t, transport, messageAnswers, "full", "mailbox")
			e := n.startEdge(t, "--policy", "embedded")
			for _, c := range []struct {
				user   string
				status int
				path   string
			}{{"302", 200, "full mailbox"}, {"380", 410, ""}, {"unknown", 404, ""}} {
				t.Run(c.user, func(t *testing.T) {
					out := call(t, transport, e.addr(transport), caller{scenario: "message", user: c.user, Status: c.status})
					if len(out.messages) != 2 {
						t.Errorf("not one request and one response: %v", out.messages)
					}
					expectMessages(t, n, out.messages[0], c.path)
				})
			}
		})
	}
}

// expectMessages checks which targets got the MESSAGE, and that it was whole.
func expectMessages(t *testing.T, n *network, sent *message, want string) {
	t.Helper()
	var got []*message
	eventually(t, 5*time.Second, func() error {
		got = pick(n.seen(t, sent.callID()), func(m *message) bool { return m.received })
		if p := path(got); p != want {
			return fmt.Errorf("the targets that got a request are %q, not %q", p, want)
		}
		return nil
	})
	branches := map[string]bool{}
	for _, m := range got {
		branches[m.branch()] = true
		if m.body != sent.body || m.requestURI() != n.uri(m.peer, m.peer) || len(m.vias()) != 2 {
			t.Errorf("not as it was sent:\n%s", m)
		}
	}
	if len(branches) != len(got) {
		t.Errorf("%d attempts had %d different branches", len(got), len(branches))
	}
}
