package interop

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// dialogAnswers redirect to a target that answers, and to one that also hangs up.
func dialogAnswers(n *network) []answer {
	return []answer{
		{"302", 302, "Moved Temporarily", []string{n.contact("answer", "")}},
		{"300", 300, "Multiple Choices", []string{n.contact("busy", ";q=0.9"), n.contact("hangup", ";q=0.8")}},
	}
}

// TestDialog keeps whole dialogs through the edge, whichever transports its two
// sides speak: Record-Route must bring every request back to it.
func TestDialog(t *testing.T) {
	ready(t)
	t.Parallel()
	for _, callee := range []string{"udp", "tcp"} {
		t.Run("to "+callee, func(t *testing.T) {
			t.Parallel()
			n := newNetwork(t, callee, dialogAnswers, "answer", "busy", "hangup")
			e := n.startEdge(t, "--policy", "embedded")
			for _, from := range []string{"udp", "tcp"} {
				t.Run("re-INVITE from "+from, func(t *testing.T) {
					c := caller{scenario: "call", user: "302", Reinvite: true, TalkMillis: 20}
					out := call(t, from, e.addr(from), c)
					expectDialog(t, n, out, from, "answer", "INVITE", "ACK", "INVITE", "ACK", "BYE")
				})
				t.Run("callee hangs up on "+from, func(t *testing.T) {
					c := caller{scenario: "call", user: "300", CalleeHangsUp: true}
					out := call(t, from, e.addr(from), c)
					expectDialog(t, n, out, from, "busy hangup", "INVITE", "ACK")
					expectByeThroughEdge(t, out)
				})
			}
		})
	}
}

// expectDialog checks that the last target of a path received these requests,
// each through the edge and with no Route left, and that both sides have the
// same Record-Route, with two values where they differ in transport (RFC 5658).
func expectDialog(t *testing.T, n *network, out *outcome, from, path string, methods ...string) {
	t.Helper()
	var requests []*message
	eventually(t, 5*time.Second, func() error {
		_, seen := n.expectPath(t, out.messages[0].callID(), path)
		requests = pick(seen, func(m *message) bool {
			return m.received && m.status() == 0 && strings.HasSuffix(path, m.peer)
		})
		var got []string
		for _, m := range requests {
			got = append(got, m.method())
		}
		if !slices.Equal(got, methods) {
			return fmt.Errorf("the target received %q, not %q", got, methods)
		}
		return nil
	})
	for _, m := range requests[1:] {
		if len(m.vias()) != 2 || m.header.Get("Max-Forwards") != "69" || len(m.header.Values("Route")) != 0 ||
			!strings.HasPrefix(m.requestURI(), "sip:callee@") {
			t.Errorf("not as it leaves a loose router (16.12):\n%s", m)
		}
	}
	want := 1
	if from != n.transport {
		want = 2
	}
	target := recordRoutes(requests[0])
	if len(target) != want {
		t.Errorf("from %s to %s the target got the Record-Route %q, not %d values", from, n.transport, target, want)
	}
	answered := pick(out.messages, func(m *message) bool { return m.received && m.status() == 200 })
	if caller := recordRoutes(answered[0]); !slices.Equal(caller, target) {
		t.Errorf("the caller got the Record-Route %q, the target %q", caller, target)
	}
}

// recordRoutes are the values of Record-Route, which SIPp's targets join.
func recordRoutes(m *message) []string {
	values := strings.FieldsFunc(strings.Join(m.header.Values("Record-Route"), ","), func(r rune) bool { return r == ',' })
	for i, v := range values {
		values[i] = strings.TrimSpace(v)
	}
	return values
}

// expectByeThroughEdge checks the BYE that the caller received.
func expectByeThroughEdge(t *testing.T, out *outcome) {
	t.Helper()
	byes := pick(out.messages, func(m *message) bool { return m.received && m.isRequest("BYE") })
	if len(byes) != 1 || len(byes[0].vias()) != 2 || byes[0].header.Get("Max-Forwards") != "69" ||
		!strings.HasPrefix(byes[0].requestURI(), "sip:caller@") || len(byes[0].header.Values("Route")) != 0 {
		t.Errorf("not one BYE through the edge: %v", byes)
	}
}
