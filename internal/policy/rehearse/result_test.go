package rehearse_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/rehearse"
	"github.com/redirectd/redirectd/internal/version"
)

// parse reads a file with one test.
func parse(t *testing.T, text string) *rehearse.Test {
	t.Helper()
	f, err := rehearse.Parse(filepath.Join("testdata", "f"), []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Tests) != 1 {
		t.Fatalf("%d tests", len(f.Tests))
	}
	return f.Tests[0]
}

// asked returns the question that a test puts.
func asked(t *testing.T, lines ...string) *redirectv1.DecideRequest {
	t.Helper()
	var q *redirectv1.DecideRequest
	r := parse(t, one(append(lines, "expect: {reject: 404}")...)).Run(t.Context(), policy.Func(
		func(ctx context.Context, req *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
			q = proto.CloneOf(req)
			return policy.NewBuiltin(nil).Decide(ctx, req)
		}))
	if r.Err != nil {
		t.Fatal(r.Err)
	}
	return q
}

// TestQuestionDefaults: what a test does not say has one value.
func TestQuestionDefaults(t *testing.T) {
	q := asked(t, `redirect: {status: 302}`)
	c, a := q.GetCall(), q.GetAttempts()
	if c.GetMethod() != "INVITE" || c.GetRequestUri().GetText() != "sip:+15550100@edge.example.com" || c.GetCaller().GetUser() != "alice" ||
		c.GetCallee().GetText() != "sip:+15550100@edge.example.com" || c.GetCallId() != "rehearsal@caller.example.com" ||
		c.GetSourceAddress() != "192.0.2.1:5060" || c.GetTransport() != "udp" || c.GetTrunk() != "" || c.GetHeaders() != nil ||
		q.GetAskedAt().AsTime().Format(time.RFC3339) != "2026-01-01T12:00:00Z" || !proto.Equal(c.GetReceivedAt(), q.GetAskedAt()) {
		t.Errorf("got %v", q)
	}
	if len(a) != 1 || a[0].GetTarget().GetUri() != "sip:+15550100@edge.example.com" || a[0].GetTarget().GetNextHop() == "" ||
		a[0].GetResponse().GetStatus() != 302 || q.GetRedirect().GetResponse().GetReasonPhrase() != "Moved Temporarily" {
		t.Errorf("got %v", q)
	}
}

func TestQuestionOfKeys(t *testing.T) {
	q := asked(t, "profile: default", "call:",
		"  method: MESSAGE", "  uri: sip:bob@example.com", "  from: '\"Carol\" <sip:carol@example.com>;tag=9'", "  to: <sip:dave@example.com>",
		"  call_id: abc", "  source: '[2001:db8::1]:5061'", "  transport: tls", "  trunk: carrier-a", "  attributes: {tenant: a, tier: 1}",
		"  headers: ['Privacy: id', 'X-Tenant: a']",
		"at: 2026-11-28T12:00:00+01:00",
		"redirect: {status: 300, reason: Choose, contacts: ['<sip:a@h>;q=0.5', 'sip:b@h, <sip:'], headers: ['Identity: x'], source: 192.0.2.9:5060, from: {uri: sip:x@h, routes: ['sip:p;lr'], next_hop: sip:n, label: l}}",
		"attempts: [{uri: sip:y@h, status: 486, reason: Busy, provisional: 183}, {uri: sip:z@h, outcome: unresolvable}]",
		"remaining: [sip:r@h, {uri: sip:s@h, label: s, response_timeout: 2s, answer_timeout: 20s}]",
		"edge: {features: [routes], allowed_headers: [X-*], attempts_left: 5, own_addresses: ['edge1.example.com:5060']}",
	)
	c := q.GetCall()
	if c.GetProfile() != "default" || c.GetMethod() != "MESSAGE" || c.GetRequestUri().GetUser() != "bob" || c.GetCaller().GetDisplayName() != "Carol" ||
		c.GetCallee().GetUser() != "dave" || c.GetCallId() != "abc" || c.GetSourceAddress() != "[2001:db8::1]:5061" || c.GetTransport() != "tls" ||
		c.GetTrunk() != "carrier-a" || c.GetAttributes()["tier"] != "1" || len(c.GetHeaders()) != 2 || c.GetHeaders()[0].GetValue() != "id" ||
		q.GetAskedAt().AsTime().Hour() != 11 {
		t.Errorf("call %v", q)
	}
	r := q.GetRedirect()
	if r.GetResponse().GetReasonPhrase() != "Choose" || r.GetResponse().GetSourceAddress() != "192.0.2.9:5060" || len(r.GetContacts()) != 3 ||
		r.GetContacts()[0].GetQMilli() != 500 || r.GetContacts()[2].GetUnreadable() == "" ||
		!strings.Contains(r.GetResponse().String(), "Identity") {
		t.Errorf("redirect %v", r)
	}
	a := q.GetAttempts()
	if len(a) != 4 || a[0].GetResponse().GetStatus() != 302 || a[1].GetResponse().GetReasonPhrase() != "Busy" || !a[1].GetRang() ||
		a[2].GetOutcome() != redirectv1.Outcome_OUTCOME_UNRESOLVABLE || a[2].GetResponse() != nil ||
		!proto.Equal(a[3].GetTarget(), &redirectv1.Target{Uri: "sip:x@h", Routes: []string{"sip:p;lr"}, NextHop: "sip:n", Label: "l"}) ||
		a[3].GetResponse().GetStatus() != 300 {
		t.Errorf("attempts %v", a)
	}
	if left := q.GetRemaining(); len(left) != 2 || left[0].GetUri() != "sip:r@h" || !proto.Equal(left[1], &redirectv1.Target{
		Uri: "sip:s@h", Label: "s", ResponseTimeout: durationpb.New(2 * time.Second), AnswerTimeout: durationpb.New(20 * time.Second),
	}) {
		t.Errorf("remaining %v", left)
	}
	if e := q.GetEdge(); len(e.GetFeatures()) != 1 || e.GetAllowedHeaders()[0] != "X-*" || e.GetOwnAddresses()[0] != "edge1.example.com:5060" || e.GetAttemptsLeft() != 5 {
		t.Errorf("edge %v", e)
	}
}

func TestQuestionOfTexts(t *testing.T) {
	q := asked(t, "call: {invite_file: invite.sip, trunk: carrier-a}", "redirect: {response_file: 302.sip}")
	if c := q.GetCall(); c.GetCallId() != "c1@example.com" || c.GetTrunk() != "carrier-a" || c.GetSourceAddress() != "192.0.2.7:5060" ||
		c.GetTransport() != "tcp" || c.GetHeaders()[0].GetName() != "Diversion" || q.GetRedirect().GetContacts()[0].GetUri().GetText() != "sip:b@h" {
		t.Errorf("got %v", q)
	}
	q = asked(t, "call: {invite_file: invite.sip, source: 192.0.2.8:1, transport: udp}", "redirect: {status: 301}")
	if c := q.GetCall(); c.GetSourceAddress() != "192.0.2.8:1" || c.GetTransport() != "udp" || q.GetRedirect().GetResponse().GetStatus() != 301 {
		t.Errorf("got %v", q)
	}
	// A response alone says whose it is.
	q = asked(t, "redirect: {response_file: 302.sip}")
	if c := q.GetCall(); c.GetMethod() != "INVITE" || c.GetRequestUri().GetText() != "sip:bob@example.com" || c.GetCallId() != "c1@example.com" {
		t.Errorf("got %v", q)
	}
	q = asked(t, "call: {uri: sip:carol@example.com}", "redirect:", "  response: |",
		"    SIP/2.0 302 Moved", "    Via: SIP/2.0/UDP h", "    From: <sip:a@h>;tag=1", "    To: <sip:b@h>", "    Call-ID: x", "    CSeq: 5 REGISTER", "    Contact: <sip:c@h>")
	if c := q.GetCall(); c.GetMethod() != "REGISTER" || c.GetRequestUri().GetUser() != "carol" || c.GetCallee().GetUser() != "b" || len(q.GetRedirect().GetContacts()) != 1 {
		t.Errorf("got %v", q)
	}
}

func TestQuestionOfOtherEvents(t *testing.T) {
	q := asked(t, `advice: {status: 404, headers: ["Reason: x"]}`)
	if r := q.GetAdvice().GetResponse(); r.GetStatus() != 404 || r.GetReasonPhrase() != "Not Found" || len(q.GetAttempts()) != 1 {
		t.Errorf("got %v", q)
	}
	q = asked(t, `failure: {status: 486, from: sip:x@h, provisional: 180}`, `remaining: [sip:y@h]`)
	if a := q.GetAttempts(); q.GetFailure() == nil || len(a) != 2 || a[0].GetResponse().GetStatus() != 302 || a[1].GetResponse().GetStatus() != 486 || !a[1].GetRang() {
		t.Errorf("got %v", q)
	}
	q = asked(t, `failure: {outcome: answer_timeout}`)
	if a := q.GetAttempts(); len(a) != 1 || a[0].GetOutcome() != redirectv1.Outcome_OUTCOME_ANSWER_TIMEOUT || a[0].GetResponse() != nil {
		t.Errorf("got %v", q)
	}
}

// fixed is a policy with one answer that holds everything.
func fixed() policy.Policy {
	op := &redirectv1.HeaderOp{Op: &redirectv1.HeaderOp_Set{Set: &redirectv1.Header{Name: "Privacy", Value: "id"}}}
	return policy.Func(func(_ context.Context, req *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
		d := &redirectv1.DecideResponse{Explanation: &redirectv1.Explanation{Rule: "rule canary (policy.yaml:12)", Text: "because", Contacts: []*redirectv1.ContactVerdict{
			{Contact: &redirectv1.ContactRef{}, Verdict: redirectv1.ContactVerdict_VERDICT_MOVED, Rule: "canary", Text: "to the end"},
		}}}
		switch req.GetRedirect().GetResponse().GetStatus() {
		case 300:
			d.Action = &redirectv1.DecideResponse_Reject{Reject: &redirectv1.FinalResponse{Status: 403, ReasonPhrase: "Not here", HeaderOps: []*redirectv1.HeaderOp{op}}}
		case 301:
			d.Action = &redirectv1.DecideResponse_PassThrough{PassThrough: &redirectv1.PassThrough{ContactIndexes: []uint32{1}, HeaderOps: []*redirectv1.HeaderOp{op}}}
		default:
			d.Action = &redirectv1.DecideResponse_TryTargets{TryTargets: &redirectv1.TryTargets{
				Targets: []*redirectv1.Target{
					{
						Uri: "sip:a@h", Routes: []string{"sip:p;lr"}, NextHop: "onward", Label: "l", HeaderOps: []*redirectv1.HeaderOp{op},
						ResponseTimeout: durationpb.New(2 * time.Second), AnswerTimeout: durationpb.New(20 * time.Second),
						Advance: &redirectv1.AdvanceRule{Timeout: true},
					},
					{Uri: "sip:b@h"},
				},
				ConsultOnFailure: true,
				Advance:          &redirectv1.AdvanceRule{Statuses: []*redirectv1.StatusRange{{First: 486, Last: 486}}, StopAfterRinging: true},
				Exhausted:        &redirectv1.FinalResponse{Status: 480, ReasonPhrase: "Nobody"},
			}}
		}
		return d, nil
	})
}

// TestExpect: each expectation passes where it holds and fails where it does not,
// with what is different.
func TestExpect(t *testing.T) {
	try, reject, pass := "302", "300", "301"
	for _, c := range []struct {
		status, expect string
		lines          string // of the difference; empty: it passes
	}{
		{try, "targets: [sip:a@h, sip:b@h]", ""},
		{try, "targets: [sip:b@h, sip:a@h]", "- sip:b@h|  sip:a@h through <sip:p;lr> at onward|+ sip:b@h"},
		{try, "targets: [sip:a@h]", "  sip:a@h through <sip:p;lr> at onward|+ sip:b@h"},
		{try, "targets: [sip:a@h, sip:c@h, sip:b@h]", "  sip:a@h through <sip:p;lr> at onward|- sip:c@h|  sip:b@h"},
		{try, "targets: [{uri: sip:a@h, routes: ['sip:p;lr'], next_hop: onward, label: l, response_timeout: 2s, answer_timeout: 20s, headers: ['set Privacy: id'], advance: timeouts}, {uri: sip:b@h, routes: [], headers: [], advance: default}]", ""},
		{try, "targets: [{uri: sip:a@h, label: x}, sip:b@h]", `- sip:a@h, label "x"|+ sip:a@h through <sip:p;lr> at onward, label "l"|  sip:b@h`},
		{try, "targets: [sip:a@h, {uri: sip:b@h, response_timeout: 2s}]", `  sip:a@h through <sip:p;lr> at onward, response_timeout 2s|- sip:b@h, response_timeout 2s|+ sip:b@h`},
		{try, "targets: [{uri: sip:a@h, answer_timeout: 2s}, sip:b@h]", `- sip:a@h, answer_timeout 2s|+ sip:a@h through <sip:p;lr> at onward, answer_timeout 20s|  sip:b@h`},
		{try, "targets: [{uri: sip:a@h, routes: []}, sip:b@h]", "- sip:a@h|+ sip:a@h through <sip:p;lr> at onward|  sip:b@h"},
		{try, "targets: [{uri: sip:a@h, headers: []}, sip:b@h]", "- sip:a@h|+ sip:a@h through <sip:p;lr> at onward, set Privacy: id|  sip:b@h"},
		{try, "targets: [{uri: sip:a@h, next_hop: sip:n}, sip:b@h]", "- sip:a@h at sip:n|+ sip:a@h through <sip:p;lr> at onward|  sip:b@h"},
		{try, "targets: [sip:a@h, {uri: sip:b@h, advance: timeouts}]", "  sip:a@h through <sip:p;lr> at onward, advance: timeouts|- sip:b@h, advance: timeouts|+ sip:b@h, advance: default"},
		{reject, "targets: [sip:a@h]", "- sip:a@h|+ answer 403 Not here|+        set Privacy: id"},
		{reject, "reject: 403", ""},
		{reject, "reject: 403 Not here", ""},
		{reject, "reject: 403 Forbidden", "- answer 403 Forbidden|+ answer 403 Not here|+        set Privacy: id"},
		{pass, "reject: 403", "- answer 403|+ let the 301 go to the caller, with no contact but 2|+        set Privacy: id"},
		{pass, "pass_through: true", ""},
		{pass, "pass_through: redirect", ""},
		{pass, "pass_through: best", "- best|+ let the 301 go to the caller, with no contact but 2|+        set Privacy: id"},
		{pass, "pass_through: [sip:b@h]", ""},
		{pass, "pass_through: sip:b@h", ""},
		{pass, "pass_through: [sip:a@h, sip:b@h]", "- sip:a@h|  sip:b@h"},
		{reject, "pass_through: true", "- pass through true|+ answer 403 Not here|+        set Privacy: id"},
		{try, "rule: 'policy.yaml:12'", ""},
		{try, "rule: canary 2", "- canary 2|+ rule canary (policy.yaml:12)"},
		{try, "why: because", ""},
		{try, "why: for", "- for|+ because"},
		{try, "contacts: {sip:a@h: moved}", ""},
		{try, "contacts: {1: moved}", ""},
		{try, "contacts: {sip:a@h: 'moved: canary'}", ""},
		{try, "contacts: {sip:a@h: 'moved: to the end'}", ""},
		{try, "contacts: {sip:a@h: 'moved: scheme'}", "- moved: scheme|+ moved: canary: to the end"},
		{try, "contacts: {sip:a@h: taken}", "- taken|+ moved: canary: to the end"},
		{try, "contacts: {sip:b@h: taken}", "- taken|+ nothing is said of such a contact"},
		{try, "headers: ['set Privacy: id']", ""},
		{reject, "headers: ['set Privacy: id']", ""},
		{pass, "headers: ['set Privacy: id']", ""},
		{try, "headers: []", "+ set Privacy: id"},
		{try, "exhausted: 480", ""},
		{try, "exhausted: 480 Nobody", ""},
		{try, "exhausted: best", "- best|+ 480 Nobody"},
		{try, "exhausted: 480 Home", "- 480 Home|+ 480 Nobody"},
		{reject, "exhausted: 480", "- targets to try|+ answer 403 Not here|+        set Privacy: id"},
		{try, "advance: '486'", ""},
		{try, "advance: default", "- advance: default|+ advance: 486"},
		{try, "after_ringing: stop", ""},
		{try, "after_ringing: continue", "- after_ringing: continue|+ after_ringing: stop"},
		{reject, "after_ringing: continue", "- targets to try|+ answer 403 Not here|+        set Privacy: id"},
		{reject, "consult_on_failure: false", "- targets to try|+ answer 403 Not here|+        set Privacy: id"},
		{try, "consult_on_failure: true", ""},
		{try, "consult_on_failure: false", "- false|+ true"},
	} {
		test := parse(t, one("redirect: {status: "+c.status+", contacts: ['<sip:a@h>', '<sip:b@h>']}", "expect: {"+c.expect+"}"))
		r := test.Run(t.Context(), fixed())
		got := ""
		for _, d := range r.Differences {
			got += strings.Join(d.Lines, "|")
		}
		if got != c.lines || r.Passed() != (c.lines == "") || len(r.Differences) > 1 {
			t.Errorf("%s of %s:\ngot  %s\nwant %s", c.expect, c.status, got, c.lines)
		}
	}
}

// TestExhaustedBest: a decision without exhausted ends with the best response.
func TestExhaustedBest(t *testing.T) {
	best := policy.Func(func(context.Context, *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
		return &redirectv1.DecideResponse{Action: &redirectv1.DecideResponse_TryTargets{TryTargets: &redirectv1.TryTargets{}}}, nil
	})
	if r := parse(t, one(moved, "expect: {exhausted: best}")).Run(t.Context(), best); !r.Passed() {
		t.Errorf("got %+v", r.Differences)
	}
	if r := parse(t, one(moved, "expect: {exhausted: 480}")).Run(t.Context(), best); r.Passed() || r.Differences[0].Lines[1] != "+ best" {
		t.Errorf("got %+v", r)
	}
}

func TestReport(t *testing.T) {
	f, err := rehearse.Load("testdata/report_test.yaml")
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := policy.ParseConfig("p", []byte("profiles: [{name: default}]"))
	if err != nil {
		t.Fatal(err)
	}
	var text, verbose strings.Builder
	var machine strings.Builder
	for _, test := range f.Tests {
		r := test.Run(t.Context(), policy.NewBuiltin(cfg))
		if err := r.WriteText(&text, false); err != nil {
			t.Fatal(err)
		}
		if err := r.WriteText(&verbose, true); err != nil {
			t.Fatal(err)
		}
		if err := json.NewEncoder(&machine).Encode(r); err != nil {
			t.Fatal(err)
		}
	}
	for name, got := range map[string]string{"report.txt": text.String(), "report_verbose.txt": verbose.String(), "report.json": machine.String()} {
		path := filepath.Join("testdata", name)
		got = strings.ReplaceAll(got, version.String(), "VERSION")
		if os.Getenv("UPDATE") != "" {
			if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
	}
}
