package interop

import (
	"testing"
	"time"
)

func cancelAnswers(n *network) []answer {
	ring := []string{n.contact("busy", ";q=0.9"), n.contact("ring", ";q=0.8"), n.contact("answer", ";q=0.7")}
	return []answer{
		{"ringing", 300, "Multiple Choices", ring},
		{"late", 302, "Moved Temporarily", []string{n.contact("answer", "")}},
		{"302-late", 302, "Moved Temporarily", []string{n.contact("late", "")}},
		{"crossing", 302, "Moved Temporarily", []string{n.contact("crossing", "")}},
	}
}

// TestCancel lets the caller give up in every phase of a call.
func TestCancel(t *testing.T) {
	ready(t)
	t.Parallel()
	for _, transport := range []string{"udp", "tcp"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			n := newNetwork(t, transport, cancelAnswers, "answer", "busy", "ring", "late", "crossing")
			e := n.startEdge(t, "--policy", "embedded")
			t.Run("while the second target rings", func(t *testing.T) {
				t.Parallel()
				out := cancelled(t, n, e, caller{user: "ringing", WhileRinging: true})
				_, seen := n.expectPath(t, out.messages[0].callID(), "busy ring")
				expectCancel(t, seen, "ring")
				expectOwn487(t, seen, out)
				expectCancelAnswered(t, out)
			})
			// The redirect server is silent for 0.9 s, then answers 302. By TCP it
			// answers nothing else meanwhile, so this is not parallel to the others.
			t.Run("before the redirect", func(t *testing.T) {
				out := cancelled(t, n, e, caller{user: "late"})
				n.expectPath(t, out.messages[0].callID(), "")
				expectAsked(t, n, out.messages[0], 1)
				expectCancelAnswered(t, out)
			})
			// The target is silent for 0.9 s, then rings.
			t.Run("before a provisional", func(t *testing.T) {
				t.Parallel()
				out := cancelled(t, n, e, caller{user: "302-late"})
				_, seen := n.expectPath(t, out.messages[0].callID(), "late")
				expectCancel(t, seen, "late")
				expectOwn487(t, seen, out)
				expectCancelAnswered(t, out)
			})
			// The target answers 200 although it was cancelled: the caller hangs up.
			t.Run("crossing an answer", func(t *testing.T) {
				t.Parallel()
				c := caller{scenario: "cancel", user: "crossing", WhileRinging: true, Answered: true}
				out := call(t, transport, e.addr(transport), c)
				expectOneFinal(t, out.messages, 200)
				n.expectPath(t, out.messages[0].callID(), "crossing")
			})
		})
	}
}

// TestCancelOfSilence lets the caller give up on a next hop that never says a
// word: without a provisional there is nothing to cancel (9.1), and the call
// ends when the branch does, after 64*T1.
func TestCancelOfSilence(t *testing.T) {
	ready(t)
	t.Parallel()
	n := newNetwork(t, "udp", func(*network) []answer { return nil })
	e := n.startEdge(t, "--policy", "embedded")
	out := cancelled(t, n, e, caller{user: "silent", limit: 45 * time.Second})
	expectCancelAnswered(t, out)
	for _, r := range n.rs.received(out.messages[0].callID()) {
		if r.method != "INVITE" {
			t.Errorf("the silent next hop got %+v", r)
		}
	}
}

// TestSilentTarget waits for Timer B of the first target: the second one must
// then be called.
func TestSilentTarget(t *testing.T) {
	ready(t)
	t.Parallel()
	n := newNetwork(t, "udp", func(n *network) []answer {
		return []answer{{"300", 300, "Multiple Choices", []string{n.contact("silent", ";q=0.9"), n.contact("answer", ";q=0.8")}}}
	}, "silent", "answer")
	e := n.startEdge(t, "--policy", "embedded")
	out := call(t, "udp", e.udp, caller{scenario: "call", user: "300", limit: 45 * time.Second})
	sent, _ := n.expectPath(t, out.messages[0].callID(), "silent answer")
	if gap := sent[1].at.Sub(sent[0].at); gap < 31*time.Second || gap > 36*time.Second {
		t.Errorf("the second target was tried %v after the first, not 32 s (64*T1)", gap)
	}
}

// cancelled runs a caller who cancels and must be answered 487, once.
func cancelled(t *testing.T, n *network, e *edge, c caller) *outcome {
	t.Helper()
	c.scenario = "cancel"
	out := call(t, n.transport, e.addr(n.transport), c)
	expectOneFinal(t, out.messages, 487)
	return out
}

// expectCancel checks that only one target got a CANCEL: after its provisional,
// with the Request-URI and the only Via of its INVITE (9.1).
func expectCancel(t *testing.T, seen []*message, name string) {
	t.Helper()
	cancels := pick(seen, func(m *message) bool { return m.received && m.isRequest("CANCEL") })
	if len(cancels) != 1 || cancels[0].peer != name {
		t.Fatalf("not one CANCEL at %s: %v", name, cancels)
	}
	cancel := cancels[0]
	for _, m := range seen {
		if m.peer != name {
			continue
		}
		if m.received && m.isRequest("INVITE") && (m.branch() != cancel.branch() || m.requestURI() != cancel.requestURI() || len(cancel.vias()) != 1) {
			t.Errorf("the CANCEL does not belong to the INVITE:\n%s\n%s", m, cancel)
		}
		if m.status() == 180 && m.at.After(cancel.at) {
			t.Errorf("the CANCEL came before the 180:\n%s\n%s", cancel, m)
		}
	}
}

// expectOwn487 checks that the caller's 487 is the one that the cancelled target
// sent: the edge makes one only when no branch is pending.
func expectOwn487(t *testing.T, seen []*message, out *outcome) {
	t.Helper()
	is487 := func(m *message) bool { return m.status() == 487 }
	sent, got := pick(seen, is487), pick(out.messages, is487)
	if len(sent) == 0 || len(got) == 0 || sent[0].header.Get("To") != got[0].header.Get("To") {
		t.Errorf("the caller's 487 is not the target's: %v, %v", got, sent)
	}
}

// expectCancelAnswered checks that the CANCEL got its own answer at once,
// whatever became of the INVITE (9.2): before T1, when it would be repeated.
func expectCancelAnswered(t *testing.T, out *outcome) {
	t.Helper()
	const limit = 500 * time.Millisecond
	cancel := pick(out.messages, func(m *message) bool { return m.method() == "CANCEL" })
	if len(cancel) < 2 || cancel[1].status() != 200 || cancel[1].at.Sub(cancel[0].at) > limit {
		t.Errorf("the CANCEL got no 200 within %v: %v", limit, cancel)
	}
}
