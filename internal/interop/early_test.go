package interop

import (
	"slices"
	"strings"
	"testing"
)

// inDialogMethods are what the caller sends in the dialog that an early one became.
var inDialogMethods = []string{"INFO", "REFER", "BYE"}

// TestEarlyDialogs makes two early dialogs in one call, of two targets one after
// the other. Each keeps its To tag and RSeq, its PRACK reaches the target that it
// belongs to (RFC 3262), a 199 passes through (RFC 6228), and what the caller says
// in the second reaches the second, before the call is answered and after; and so
// does, the other way, the NOTIFY of a subscription that a REFER has made.
func TestEarlyDialogs(t *testing.T) {
	ready(t)
	t.Parallel()
	for _, transport := range []string{"udp", "tcp"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			n := newNetwork(t, transport, func(n *network) []answer {
				both := []string{n.contact("early-fails", ";q=0.9"), n.contact("early", ";q=0.8")}
				return []answer{{"300", 300, "Multiple Choices", both}}
			}, "early-fails", "early")
			e := n.startEdge(t, "--policy", "embedded")
			out := call(t, transport, e.addr(transport), caller{
				scenario: "early_caller", user: "300", RSeqs: []int{11, 22}, InDialog: inDialogMethods,
			})
			_, seen := n.expectPath(t, out.messages[0].callID(), "early-fails early")
			expectEarlyDialogs(t, out, seen)
		})
	}
}

func expectEarlyDialogs(t *testing.T, out *outcome, seen []*message) {
	t.Helper()
	// Each by itself: of two processes the one that was sent something first may
	// note it last.
	got := map[string][]string{}
	for _, m := range pick(seen, func(m *message) bool { return m.received && m.status() == 0 }) {
		if l := got[m.peer]; len(l) == 0 || l[len(l)-1] != m.method() { // a busy machine repeats one
			got[m.peer] = append(l, m.method())
		}
	}
	for target, want := range map[string][]string{
		"early-fails": {"INVITE", "PRACK", "ACK"},
		"early":       append([]string{"INVITE", "PRACK", "UPDATE", "ACK"}, inDialogMethods...),
	} {
		if !slices.Equal(got[target], want) {
			t.Errorf("%s received %q, not %q", target, got[target], want)
		}
	}
	notify := pick(out.messages, func(m *message) bool { return m.received && m.isRequest("NOTIFY") })
	if len(notify) == 0 || len(notify[0].vias()) != 2 || strings.TrimSpace(notify[0].body) != "SIP/2.0 200 OK" {
		t.Errorf("no NOTIFY of the subscription through the edge: %v", notify)
	}
	tags := map[string]string{} // by RSeq
	for _, m := range pick(seen, func(m *message) bool { return !m.received && m.status() == 183 }) {
		tags[m.header.Get("RSeq")] = param(m.header.Get("To"), "tag")
	}
	for _, m := range pick(out.messages, func(m *message) bool { return m.received && (m.status() == 183 || m.status() == 199) }) {
		rseq, tag := m.header.Get("RSeq"), param(m.header.Get("To"), "tag")
		if m.status() == 199 {
			rseq = "1101"
		}
		if tag == "" || tags[rseq] != tag || m.status() == 183 && m.header.Get("Require") != "100rel" {
			t.Errorf("not as its target sent it, with the To tag %q:\n%s", tags[rseq], m)
		}
	}
	for _, m := range pick(seen, func(m *message) bool { return m.received && m.isRequest("PRACK") }) {
		rseq, _, _ := strings.Cut(m.header.Get("RAck"), " ")
		if tags[rseq] != param(m.header.Get("To"), "tag") {
			t.Errorf("a PRACK of another early dialog came to %s:\n%s", m.peer, m)
		}
	}
	if len(tags) != 2 || tags["1101"] == tags["2202"] {
		t.Errorf("the early dialogs have the tags %v", tags)
	}
}
