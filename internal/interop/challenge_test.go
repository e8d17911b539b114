package interop

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// TestChallengedCall calls a target that wants credentials and computes what they
// must be: the caller's second INVITE is redirected there again, with the
// credentials of that target and no others.
func TestChallengedCall(t *testing.T) {
	ready(t)
	t.Parallel()
	for _, transport := range []string{"udp", "tcp"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			n := newNetwork(t, transport, func(n *network) []answer {
				return []answer{{"302", 302, "Moved Temporarily", []string{n.contact("challenge", "")}}}
			}, "challenge")
			e := n.startEdge(t, "--policy", "embedded")
			out := call(t, transport, e.addr(transport), caller{scenario: "challenged", user: "302"})
			expectCredentials(t, n, out)
		})
	}
}

// expectCredentials checks that the target got the caller's Authorization as it
// was sent, and nothing of what is for somebody else.
func expectCredentials(t *testing.T, n *network, out *outcome) {
	t.Helper()
	var got []*message
	eventually(t, 5*time.Second, func() error {
		got = pick(n.seen(t, out.messages[0].callID()), func(m *message) bool { return m.received })
		if want := []string{"INVITE", "ACK", "INVITE", "ACK", "BYE"}; !slices.Equal(methods(got), want) {
			return fmt.Errorf("the target got %q, not %q", methods(got), want)
		}
		return nil
	})
	sent := pick(out.messages, func(m *message) bool { return m.isRequest("INVITE") && !m.received })
	second := sent[len(sent)-1]
	if want := second.header.Get("Authorization"); want == "" || got[2].header.Get("Authorization") != want {
		t.Errorf("Authorization was sent as %q and came as %q", want, got[2].header.Get("Authorization"))
	}
	for _, m := range got {
		if other := m.header.Get("Proxy-Authorization"); other != "" {
			t.Errorf("the target got credentials for somebody else:\n%s", m)
		}
	}
}

func methods(messages []*message) (list []string) {
	for _, m := range messages {
		list = append(list, m.method())
	}
	return list
}
