package replay_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/compare"
	"github.com/redirectd/redirectd/internal/policy/record"
	"github.com/redirectd/redirectd/internal/policy/replay"
)

// refusing is a policy that calls every question invalid.
type refusing struct{}

func (refusing) Decide(context.Context, *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
	return nil, policy.ErrInvalidRequest
}

const before = `profiles: [{name: default}]
`

// after changes something about some calls, each in another way.
const after = `profiles:
  - name: default
    map: {301: 404}
    rules:
      - name: no premium
        when: contact.uri.text.startsWith("sip:+900")
        then: skip
      - name: gateway
        when: contact.uri.text.startsWith("sip:+49")
        then: {rewrite: {host: gw.example.com}}
      - name: backup last
        when: contact.uri.host == "backup.example.com"
        then: defer
      - name: marked
        when: contact.uri.text == "sip:mark@h"
        then: {headers: [{set: X-Mark, value: "1"}]}
      - name: patience
        when: contact.uri.text == "sip:slow@h"
        then: {answer_timeout: 60s}
      - name: fraud
        when: contact.uri.text == "sip:fraud@h"
        then: {reject: 603}
`

// report replays what before answered, against after.
func report(t *testing.T, r *replay.Report) (results []*replay.Result) {
	t.Helper()
	path := recorded(t, builtin(t, before), func(p policy.Policy) {
		ask := func(call string, uris ...string) {
			if _, err := p.Decide(t.Context(), withReading(question(call, uris...))); err != nil {
				t.Error(err)
			}
		}
		ask("same", "sip:a@h")
		ask("target-1", "sip:+4930123@h")
		ask("target-2", "sip:+4930124@h")
		ask("action", "sip:+900123@h")
		ask("order", "sip:a@backup.example.com", "sip:a@h")
		ask("headers", "sip:mark@h")
		ask("timers", "sip:slow@h")
		ask("fraud", "sip:fraud@h")
		q := question("code")
		q.GetRedirect().GetResponse().Status = 301
		if _, err := p.Decide(t.Context(), q); err != nil {
			t.Error(err)
		}
	})
	results = run(t, path, replay.Options{Policy: builtin(t, after)})
	for _, res := range results {
		r.Add(res)
	}
	return results
}

// withReading adds the reading of each contact that rules look at.
func withReading(q *redirectv1.DecideRequest) *redirectv1.DecideRequest {
	q.Edge.Features = append(q.GetEdge().GetFeatures(), "header_ops")
	for _, c := range q.GetRedirect().GetContacts() {
		user, host, _ := strings.Cut(strings.TrimPrefix(c.GetUri().GetText(), "sip:"), "@")
		c.Uri.Scheme, c.Uri.User, c.Uri.Host = "sip", user, host
	}
	return q
}

// TestReport: each difference is of its kind, in the group of its rules.
func TestReport(t *testing.T) {
	t.Parallel()
	r := &replay.Report{Examples: 1}
	report(t, r)
	var got []string
	for _, g := range r.Groups() {
		got = append(got, fmt.Sprintf("%s: %d %s -> %s, call %s", g.Kind, g.Count, g.Old, g.New, g.Examples[0].Recorded.Question.GetCall().GetCallId()))
	}
	const then = "profile default: follow 302"
	want := []string{
		"other_action: 1 " + then + ", q order -> fraud (policy.yaml:20), call fraud",
		"other_action: 1 " + then + ", q order -> profile default: nothing usable in 302, no premium (policy.yaml:5), call action",
		"other_target: 2 q order -> gateway (policy.yaml:8), call target-1",
		"other_order: 1 q order -> backup last (policy.yaml:11), call order",
		"other_code: 1 profile default: nothing usable in 301 -> profile default: nothing usable in 301, call code",
		"other_headers: 1 q order -> marked (policy.yaml:14), call headers",
		"other_details: 1 q order -> patience (policy.yaml:17), call timers",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if r.Different() != 8 || r.Compared() != 9 {
		t.Errorf("%d of %d differ", r.Different(), r.Compared())
	}
	var text bytes.Buffer
	if err := r.WriteText(&text, "after.yaml"); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{
		"9 questions of 1 recording, asked again\n  now   after.yaml\n  then  configuration ",
		"       1   11.1 %  same\n       2   22.2 %  other action\n       2   22.2 %  other target\n",
		"\nother target\n       2  rule q order -> gateway (policy.yaml:8)\n          call target-1, question target-1.1 (",
		"            targets of only one\n              then  sip:+4930123@h\n              now   sip:+4930123@gw.example.com\n            why then  ",
	} {
		if !strings.Contains(text.String(), part) {
			t.Errorf("%q is not in\n%s", part, text.String())
		}
	}
}

// TestOnly: one kind is shown, all are counted.
func TestOnly(t *testing.T) {
	t.Parallel()
	r := &replay.Report{Only: compare.OtherOrder, Examples: 5}
	report(t, r)
	if groups := r.Groups(); len(groups) != 1 || groups[0].Kind != compare.OtherOrder || r.Different() != 8 {
		t.Errorf("%d groups, %d differ", len(groups), r.Different())
	}
}

// TestJSON: a line has both answers and what differs.
func TestJSON(t *testing.T) {
	t.Parallel()
	results := report(t, &replay.Report{})
	var b bytes.Buffer
	for _, res := range results[1:] {
		if err := res.WriteJSON(&b); err != nil {
			t.Fatal(err)
		}
	}
	var first struct {
		Kind     string           `json:"kind"`
		CallID   string           `json:"call_id"`
		Findings []map[string]any `json:"findings"`
		Then     struct {
			ConfigRevision string         `json:"config_revision"`
			Answer         map[string]any `json:"answer"`
		} `json:"then"`
		Now struct {
			ConfigRevision string         `json:"config_revision"`
			Answer         map[string]any `json:"answer"`
		} `json:"now"`
	}
	line, _, _ := strings.Cut(b.String(), "\n")
	if err := json.Unmarshal([]byte(line), &first); err != nil {
		t.Fatal(err)
	}
	if first.Kind != "other_target" || first.CallID != "target-1" || len(first.Findings) != 1 || first.Findings[0]["then"] != "sip:+4930123@h" ||
		first.Then.Answer["tryTargets"] == nil || first.Now.Answer["tryTargets"] == nil || first.Then.ConfigRevision == first.Now.ConfigRevision {
		t.Errorf("%s", line)
	}
	if n := strings.Count(b.String(), "\n"); n != 8 {
		t.Errorf("%d lines", n)
	}
}

// TestReportIsBounded: rules that are called another for each decision.
func TestReportIsBounded(t *testing.T) {
	t.Parallel()
	r := &replay.Report{Examples: 1}
	const n = 5000
	for i := range n {
		r.Add(&replay.Result{
			Recorded: &record.Entry{Answer: &redirectv1.DecideResponse{Explanation: &redirectv1.Explanation{Rule: "then", ConfigRevision: fmt.Sprint(i)}}},
			Then:     replay.Why{Rule: "then"}, Now: replay.Why{Rule: fmt.Sprint(i)}, Difference: compare.Difference{Kind: compare.OtherCode},
		})
	}
	groups, total := r.Groups(), 0
	for _, g := range groups {
		total += g.Count
	}
	if len(groups) > 1001 || total != n || groups[0].New != "others" {
		t.Errorf("%d groups of %d, the first %v", len(groups), total, groups[0].Change)
	}
	if len(r.Revisions) > 17 {
		t.Errorf("%d revisions", len(r.Revisions))
	}
}
