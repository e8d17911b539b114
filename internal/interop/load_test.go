package interop

import (
	"fmt"
	"regexp"
	"strconv"
	"testing"
	"time"
)

const (
	loadCalls      = 1000
	loadConcurrent = 100
)

func loadAnswers(n *network) []answer {
	return []answer{
		{"302", 302, "Moved Temporarily", []string{n.contact("answer", "")}},
		{"300", 300, "Multiple Choices", []string{
			n.contact("answer", ";q=0.1") + ", " + n.contact("busy", ";q=0.5"), n.contact("unavailable", ";q=0.9"),
		}},
	}
}

// TestConcurrentCalls holds a hundred calls at once, redirected in turn to one
// target and to three of which two fail, and loses none. Its parts run one
// after the other, each with the machine to itself; only then, beside the other
// tests, it waits until the edges have forgotten the calls (64*T1).
func TestConcurrentCalls(t *testing.T) {
	ready(t)
	edges := map[string]*edge{}
	both := deciders(t)
	for _, transport := range []string{"udp", "tcp"} {
		n := newNetwork(t, transport, loadAnswers, "answer", "busy", "unavailable")
		for _, d := range both {
			name := d.name + " " + transport
			e := n.startEdge(t, d.flags...)
			edges[name] = e
			t.Run(name, func(t *testing.T) {
				out := call(t, transport, e.addr(transport), caller{
					scenario: "call", user: "[field0]", users: []string{"302", "300"}, TalkMillis: 250,
					calls: loadCalls, rate: 400, concurrent: loadConcurrent, limit: 60 * time.Second,
				})
				expectAllCalls(t, out)
				expectShare(t, n, out)
				call(t, transport, e.addr(transport), caller{scenario: "call", user: "300"})
			})
		}
	}
	t.Parallel()
	for name, e := range edges {
		t.Run(name+" idle", func(t *testing.T) { expectIdle(t, e) })
	}
}

// expectAllCalls checks SIPp's own account of its calls, and that they really
// were concurrent.
func expectAllCalls(t *testing.T, out *outcome) {
	t.Helper()
	for name, want := range map[string]string{
		"SuccessfulCall(C)": strconv.Itoa(loadCalls), "FailedCall(C)": "0", "FailedUnexpectedMessage(C)": "0",
		"OutOfCallMsgs(C)": "0", "FatalErrors(C)": "0",
	} {
		if got := out.stat[name]; got != want {
			t.Errorf("SIPp counts %s %s, not %s", got, name, want)
		}
	}
	t.Logf("SIPp: %s retransmissions, %s messages of ended calls, call length %s",
		out.stat["Retransmissions(C)"], out.stat["DeadCallMsgs(C)"], out.stat["CallLength(C)"])
	if most := concurrency(out.messages); most < loadConcurrent*9/10 {
		t.Errorf("at most %d calls at once, not %d", most, loadConcurrent)
	}
}

// concurrency is how many calls there were at once, from INVITE to BYE.
func concurrency(messages []*message) int {
	open := map[string]bool{}
	most := 0
	for _, m := range messages {
		switch {
		case m.received:
		case m.isRequest("INVITE"):
			open[m.callID()] = true
		case m.isRequest("BYE"):
			delete(open, m.callID())
		}
		most = max(most, len(open))
	}
	return most
}

// expectShare checks that every call reached every target that it should have,
// and none twice.
func expectShare(t *testing.T, n *network, out *outcome) {
	t.Helper()
	calls := map[string]bool{}
	for _, m := range out.messages {
		calls[m.callID()] = true
	}
	for name, want := range map[string]int{"answer": loadCalls, "busy": loadCalls / 2, "unavailable": loadCalls / 2} {
		reached := map[string]bool{}
		sent := pick(invites(n.targets[name].messages(t)), func(m *message) bool { return calls[m.callID()] })
		for _, m := range sent {
			reached[m.callID()] = true
		}
		if len(sent) != want || len(reached) != want {
			t.Errorf("%s got %d INVITEs of %d calls, not %d", name, len(sent), len(reached), want)
		}
	}
}

var transactions = regexp.MustCompile(`(?m)^sipedge_transactions (\S+)$`)

// expectIdle waits until the edge's own gauge says that nothing is in progress.
func expectIdle(t *testing.T, e *edge) {
	t.Helper()
	eventually(t, 45*time.Second, func() error {
		text, err := e.metrics()
		if err != nil {
			return err
		}
		gauge := transactions.FindStringSubmatch(text)
		if gauge == nil {
			return fmt.Errorf("no sipedge_transactions in /metrics:\n%s", text)
		}
		if gauge[1] != "0" {
			return fmt.Errorf("sipedge_transactions is %s", gauge[1])
		}
		return nil
	})
}
