package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/callrecord"
	"github.com/redirectd/redirectd/internal/policy/lot"
	"github.com/redirectd/redirectd/internal/proctest"
	"github.com/redirectd/redirectd/internal/siptest"
)

// redirectd runs a policy, and returns where it is.
func redirectd(t *testing.T, policy string) (p *proctest.Process, target string) {
	t.Helper()
	p = proctest.Start(t, "redirectd", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--config", file(t, "policy.yaml", policy))
	return p, p.Value("msg=listening", "addr")
}

// caller places calls through an edge, each of which is redirected to a phone.
type caller struct {
	peer, server, phone *siptest.Peer
	edge                *sipedge
}

func callers(t *testing.T) *caller {
	t.Helper()
	return &caller{peer: siptest.UDP(t), server: siptest.UDP(t), phone: siptest.UDP(t)}
}

// call returns its Call-ID, and the status that the caller gets.
func (c *caller) call(user string) (callID string, status int) {
	call := c.peer.Invite(c.edge.udp, "sip:"+user+"@example.com")
	redirect(c.server, "<"+c.phone.URI("desk")+">;q=0.9", "<"+c.phone.URI("mobile")+">;q=0.1")
	for {
		if final, ok := c.peer.ReceiveWithin(time.Millisecond); ok && final.Status() >= 200 {
			call.Ack(final)
			return call.CallID, final.Status()
		}
		if invite, ok := c.phone.ReceiveWithin(time.Millisecond); ok && invite.Method() == "INVITE" {
			c.phone.Respond(invite, 200, "OK")
		}
	}
}

func (c *caller) expect200(t *testing.T, user string) {
	t.Helper()
	if id, status := c.call(user); status != 200 {
		t.Errorf("call %s got %d", id, status)
	}
}

const follows = "profiles: [{name: default}]\n"

// TestShadow: of a policy that disagrees about one call in a hundred the metric
// says so, and the records say about which and why.
func TestShadow(t *testing.T) {
	t.Parallel()
	const calls = 200
	_, first := redirectd(t, follows)
	_, second := redirectd(t, `profiles:
  - name: default
    rules:
      - name: desks of hundreds are closed
        when: call.request_uri.user.endsWith("00") && contact.uri.user == "desk"
        then: skip
`)
	records := filepath.Join(t.TempDir(), "records.jsonl")
	c := callers(t)
	c.edge = start(t, "--next-hop", c.server.URI(""), "--config", file(t, "edge.yaml",
		"records: {file: "+records+"}\npolicy: {target: '"+first+"', timeout: 5s, shadow: {target: '"+second+"', timeout: 10s}}\n"))
	for i := range calls {
		c.expect200(t, fmt.Sprint(1000+i))
	}
	proctest.Eventually(t, "all comparisons", func() bool {
		_, metrics := c.edge.get(t, "/metrics")
		return strings.Contains(metrics, fmt.Sprintf("\nsipedge_policy_shadow_comparisons_total{result=\"same\"} %d\n", calls*99/100)) &&
			strings.Contains(metrics, fmt.Sprintf("\nsipedge_policy_shadow_comparisons_total{result=\"other_target\"} %d\n", calls/100))
	})
	c.edge.end(t)
	asked, found := readRecords(t, records)
	if len(asked) != calls || len(found) != calls/100 {
		t.Fatalf("%d calls and %d disagreements are recorded", len(asked), len(found))
	}
	for _, d := range found {
		call, ok := asked[d.RequestID]
		if !ok || !strings.HasPrefix(call.Call.RequestURI, "sip:1") || !strings.Contains(call.Call.RequestURI, "00@") || call.Call.CallID != d.CallID {
			t.Errorf("request %s is of call %+v", d.RequestID, call.Call)
		}
		desk, mobile := c.phone.URI("desk"), c.phone.URI("mobile")
		if d.Result != "other_target" || d.Differences[0].First != desk || d.Differences[0].Second != "nothing" {
			t.Errorf("%s: %+v", d.Result, d.Differences)
		}
		if strings.Join(d.First.Targets, " ") != desk+" "+mobile || strings.Join(d.Second.Targets, " ") != mobile {
			t.Errorf("%q and %q", d.First.Targets, d.Second.Targets)
		}
		if d.First.ConfigRevision == "" || d.First.ConfigRevision == d.Second.ConfigRevision || d.First.Contacts[0].Verdict != "taken" {
			t.Errorf("the first says %+v", d.First)
		}
		if why := d.Second.Contacts[0]; why.Verdict != "dropped" || !strings.HasPrefix(why.Rule, "desks of hundreds are closed (") || !strings.HasSuffix(why.Rule, "policy.yaml:4)") {
			t.Errorf("the second says %+v", why)
		}
	}
}

// readRecords reads calls, by the requests of their decisions, and disagreements.
func readRecords(t *testing.T, path string) (asked map[string]*callrecord.Call, found []callrecord.Shadow) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	asked = make(map[string]*callrecord.Call)
	for line := range strings.Lines(string(data)) {
		var call callrecord.Call
		var d callrecord.Shadow
		if json.Unmarshal([]byte(line), &call) == nil && call.Kind == callrecord.KindCall {
			for _, q := range call.Decisions {
				asked[q.RequestID] = &call
			}
		} else if err := json.Unmarshal([]byte(line), &d); err != nil || d.Kind != callrecord.KindShadow {
			t.Fatalf("%v: %s", err, line)
		} else {
			found = append(found, d)
		}
	}
	return asked, found
}

// TestShadowHangs: calls do not notice, and what finds no room is counted. The first
// policy is the embedded one, and disagreements have a file of their own.
func TestShadowHangs(t *testing.T) {
	t.Parallel()
	const calls = 50
	p, second := redirectd(t, follows)
	own := filepath.Join(t.TempDir(), "shadow.jsonl")
	c := callers(t)
	c.edge = start(t, "--next-hop", c.server.URI(""), "--records", "stdout", "--config", file(t, "edge.yaml",
		"policy: {timeout: 5s, shadow: {target: '"+second+"', concurrency: 1, queue: 2, timeout: 10s, file: "+own+"}}\n"))
	c.expect200(t, "1")
	c.edge.metric(t, `sipedge_policy_shadow_comparisons_total{result="same"} 1`)
	p.Signal(syscall.SIGSTOP)
	for range calls {
		c.expect200(t, "2")
	}
	c.edge.hasMetric(t, fmt.Sprintf(`sipedge_policy_shadow_skipped_total{reason="queue_full"} %d`, calls-3))
	p.Signal(syscall.SIGCONT)
	c.edge.metric(t, `sipedge_policy_shadow_comparisons_total{result="same"} 4`)
	p.Signal(sigterm)
	p.ExitCode()
	c.expect200(t, "3")
	c.edge.metric(t, `sipedge_policy_shadow_no_decision_total{policy="shadow",reason="error"} 1`)
	c.edge.metric(t, "sipedge_policy_shadow_records_written_total 1")
	c.edge.end(t)
	if _, found := readRecords(t, own); len(found) != 1 || found[0].Result != "no_decision" || found[0].Second.NoDecision != "error" || found[0].Second.Detail == "" {
		t.Errorf("%+v", found)
	}
	for _, r := range recordsIn(t, c.edge.Stdout()) {
		if len(r.Decisions) != 1 || r.Decisions[0].Asked != callrecord.WhoEmbedded {
			t.Errorf("a call has %+v", r.Decisions)
		}
	}
}

// TestShadowLogs: where there are no records, the log says it.
func TestShadowLogs(t *testing.T) {
	t.Parallel()
	_, first := redirectd(t, follows)
	c := callers(t)
	c.edge = start(t, "--next-hop", c.server.URI(""), "--config", file(t, "edge.yaml",
		"policy: {target: '"+first+"', timeout: 5s, config: "+file(t, "policy.yaml", "profiles: [{name: default, redirect: disabled}]\n")+", shadow: {target: embedded, share: 100%}}\n"))
	id, status := c.call("1")
	if status != 200 {
		t.Errorf("status %d", status)
	}
	c.edge.Await(`msg="the shadow disagrees" call_id=` + id + ` result=other_action difference="action: try ` + c.phone.URI("desk") + `, `)
	c.edge.end(t)
}

// metric waits for a line of /metrics.
func (e *sipedge) metric(t *testing.T, line string) {
	t.Helper()
	proctest.Eventually(t, line, func() bool {
		_, body := e.get(t, "/metrics")
		return strings.Contains(body, "\n"+line+"\n")
	})
}

// TestCanary: the share that is drawn by the Call-ID is decided by the second, and
// when that goes away, by the first, and no call is lost.
func TestCanary(t *testing.T) {
	t.Parallel()
	const calls = 100
	_, first := redirectd(t, follows)
	p, second := redirectd(t, "profiles: [{name: default, redirect: disabled, map: {302: 603}}]\n")
	c := callers(t)
	c.edge = await(t, "--records", "stdout", "--config", file(t, "edge.yaml", `
listen: ['udp://127.0.0.1:0']
admin: 127.0.0.1:0
trunks: [{name: a, from: [127.0.0.1], next_hop: '`+c.server.URI("")+`'}]
policy: {target: '`+first+`', timeout: 10s, canary: {target: '`+second+`', share: 30%, trunks: [a], max_errors: 50%}}
`))
	c.edge.hasMetric(t, `sipedge_policy_canary_state{state="on"} 1`)
	taken := 0
	for i := range calls {
		id, status := c.call(fmt.Sprint(1000 + i))
		want := 200
		if lot.Within(30, "policy.canary", id) {
			want = 603
			taken++
		}
		if status != want {
			t.Errorf("call %s got %d, want %d", id, status, want)
		}
	}
	if taken < 12 || taken > 49 { // four standard deviations
		t.Errorf("%d of %d calls", taken, calls)
	}
	c.edge.hasMetric(t, fmt.Sprintf(`sipedge_policy_canary_questions_total{result="answered"} %d`, taken))
	p.Signal(sigterm)
	p.ExitCode()
	for i := range calls {
		c.expect200(t, fmt.Sprint(2000+i))
	}
	c.edge.Await(`msg="the canary is left: all calls go to the first policy" reason=errors`)
	c.edge.hasMetric(t, `sipedge_policy_canary_state{state="left"} 1`)
	c.edge.hasMetric(t, `sipedge_policy_canary_left_total{reason="errors"} 1`)
	c.edge.hasMetric(t, `sipedge_policy_canary_questions_total{result="error"} 5`)
	c.edge.end(t)
	by := map[bool]int{}
	for _, r := range recordsIn(t, c.edge.Stdout()) {
		by[r.Decisions[0].Canary]++
		if canary := r.Final.Status == 603; r.Decisions[0].Canary != canary {
			t.Errorf("a call that got %d: by the canary %v", r.Final.Status, r.Decisions[0].Canary)
		}
	}
	if by[true] != taken || by[false] != 2*calls-taken {
		t.Errorf("%v, of which %d by the canary", by, taken)
	}
}
