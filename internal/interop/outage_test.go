package interop

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	policyTimeout = 200 * time.Millisecond
	// What the edge may take beyond the policy's timeout, and how soon after
	// the policy's return calls must be decided again.
	outageMargin   = 100 * time.Millisecond
	outageRecovery = 3 * time.Second
)

// TestPolicyOutage kills redirectd under traffic and starts it again. Meanwhile
// redirected calls get the mapped code in time, and calls that the next hop
// answers itself notice nothing. What the machine is too busy for proves nothing
// against the edge, so one outage out of three has to be as promised.
func TestPolicyOutage(t *testing.T) {
	ready(t)
	n := newNetwork(t, "udp", loadAnswers, "answer", "busy", "unavailable")
	for range 3 {
		broken := outage(t, n)
		if len(broken) == 0 {
			return
		}
		t.Logf("not as promised:\n%s", strings.Join(broken, "\n"))
	}
	t.Error("no outage was as promised")
}

// outage is one outage. Calls that fail fail the test; what was late or not
// decided when it should have been is returned.
func outage(t *testing.T, n *network) (broken []string) {
	t.Helper()
	policy, addr := startRedirectd(t, "127.0.0.1:0")
	e := startEdge(t, "--config", outageConfig(t, n, addr.String()))
	redirected := startCaller(t, "udp", e.udp, caller{
		scenario: "either", user: "302", Status: 480, calls: 100000, rate: 40, concurrent: 100, limit: 60 * time.Second,
	})
	plain := startCaller(t, "udp", e.udp, caller{
		scenario: "call", user: "plain", calls: 100000, rate: 20, concurrent: 100, limit: 60 * time.Second,
	})
	var o times
	redirected.untilAnswered(t, 40, 200, time.Time{})
	o.killing = time.Now()
	policy.kill(t)
	o.killed = time.Now()
	redirected.untilAnswered(t, 60, 480, o.killed)
	o.restarted = time.Now()
	again, _ := startRedirectd(t, addr.String())
	o.recovered = time.Now().Add(outageRecovery)
	redirected.untilAnswered(t, 40, 200, o.recovered)
	redirected.stopCalling(t)
	plain.stopCalling(t)

	out, undisturbed := redirected.finish(t), plain.finish(t)
	out.check(t)
	undisturbed.check(t)
	for _, c := range answeredCalls(t, out.messages) {
		broken = append(broken, o.judge(c)...)
	}
	for _, c := range answeredCalls(t, undisturbed.messages) {
		if c.took > outageMargin {
			broken = append(broken, fmt.Sprintf("%v after the kill: a call without a redirect was answered after %v", c.at.Sub(o.killed), c.took))
		}
	}
	if r := undisturbed.stat["Retransmissions(C)"]; r != "0" {
		broken = append(broken, r+" retransmissions of calls without a redirect")
	}
	stopProgram(t, e.process)
	stopProgram(t, again)
	return broken
}

// times are when what happened in an outage.
type times struct{ killing, killed, restarted, recovered time.Time }

// judge says what is wrong with a redirected call.
func (o times) judge(c answered) (broken []string) {
	when := fmt.Sprintf("%v after the kill, %v after the return: ", c.at.Sub(o.killed), c.at.Sub(o.restarted))
	if c.took > policyTimeout+outageMargin {
		broken = append(broken, fmt.Sprintf("%s%d only after %v", when, c.status, c.took))
	}
	end := c.at.Add(c.took)
	decided := end.Before(o.killing) || c.at.After(o.recovered)
	mapped := c.at.After(o.killed) && end.Before(o.restarted)
	if decided && c.status != 200 || mapped && c.status != 480 {
		broken = append(broken, fmt.Sprintf("%s%d", when, c.status))
	}
	return broken
}

func outageConfig(t *testing.T, n *network, policy string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "edge.yaml")
	text := fmt.Sprintf("listen: [\"udp://127.0.0.1:0\", \"tcp://127.0.0.1:0\"]\nnext_hop: %q\n"+
		"policy: {target: %q, timeout: %v, on_unavailable: map}\n", n.nextHop(), policy, policyTimeout)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// answered is one call's INVITE and what came of it.
type answered struct {
	at     time.Time // when its INVITE was sent first
	took   time.Duration
	status int
}

// answeredCalls are the calls that have their final response, in the order in
// which they got it. Another one for a call is an error, a repeated one is not.
func answeredCalls(t *testing.T, messages []*message) []answered {
	t.Helper()
	began := map[string]time.Time{}
	ended := map[string]*message{}
	var list []answered
	for _, m := range messages {
		if m.method() != "INVITE" {
			continue
		}
		id := m.callID()
		switch first := ended[id]; {
		case !m.received && began[id].IsZero():
			began[id] = m.at
		case !m.received || m.status() < 200:
		case first == nil:
			ended[id] = m
			list = append(list, answered{began[id], m.at.Sub(began[id]), m.status()})
		case !m.repeats(first):
			t.Errorf("call %s got another final response:\n%s\n%s", id, first, m)
		}
	}
	return list
}

// untilAnswered waits until so many calls that began after a time were answered
// with a status.
func (c *calling) untilAnswered(t *testing.T, calls, status int, after time.Time) {
	t.Helper()
	poll(t, 20*time.Second, 300*time.Millisecond, func() error {
		n := 0
		for _, a := range answeredCalls(t, c.messages(t)) {
			if a.status == status && a.at.After(after) {
				n++
			}
		}
		if n < calls {
			return fmt.Errorf("%d calls got %d, not %d", n, status, calls)
		}
		return nil
	})
}
