package shadow_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/callrecord"
	"github.com/redirectd/redirectd/internal/policy/compare"
	"github.com/redirectd/redirectd/internal/policy/shadow"
)

// TestRecord: a disagreement says which question it is about, and what each policy
// said and why.
func TestRecord(t *testing.T) {
	t.Parallel()
	at := time.Unix(1800000000, 0)
	first := &redirectv1.DecideResponse{
		Action: &redirectv1.DecideResponse_TryTargets{TryTargets: &redirectv1.TryTargets{Targets: []*redirectv1.Target{{Uri: "sip:a@x"}, {Uri: "sip:b@x"}}}},
		Explanation: &redirectv1.Explanation{
			Rule: "q", Text: "both", PolicyVersion: "v1", ConfigRevision: "r1",
			Contacts: []*redirectv1.ContactVerdict{
				{Contact: &redirectv1.ContactRef{Attempt: 0, Index: 1}, Verdict: redirectv1.ContactVerdict_VERDICT_MOVED, Rule: "q", Text: "first"},
				{Contact: &redirectv1.ContactRef{Attempt: 1, Index: 0}, Verdict: redirectv1.ContactVerdict_VERDICT_TAKEN},
			},
		},
	}
	second := &redirectv1.DecideResponse{
		Action: &redirectv1.DecideResponse_Reject{Reject: &redirectv1.FinalResponse{Status: 603}},
		Explanation: &redirectv1.Explanation{
			Rule: "block", Text: "premium", PolicyVersion: "v2", ConfigRevision: "r2",
			Contacts: []*redirectv1.ContactVerdict{{Verdict: redirectv1.ContactVerdict_VERDICT_DROPPED}, {}},
		},
	}
	req := about("1@a")
	req.Edge = &redirectv1.Edge{Instance: "edge1", Zone: "z", Version: "1"}
	req.Call.Trunk, req.Call.Profile = "carrier-a", "gold"
	d := &shadow.Disagreement{
		Request: req, First: shadow.Answer{Decision: first, Took: 1500 * time.Microsecond}, Second: shadow.Answer{Decision: second, Took: 2 * time.Millisecond},
		Difference: compare.Compare(first, second, req),
	}
	got := d.Record(at)
	want := &callrecord.Shadow{
		Kind: "shadow", Schema: 1, Time: callrecord.At(at), Edge: callrecord.Edge{Instance: "edge1", Zone: "z", Version: "1"},
		RequestID: "q-1@a", CallID: "1@a", Trunk: "carrier-a", Profile: "gold", Event: "redirect", AskedAt: callrecord.At(time.Unix(0, 0)),
		Result:      "other_action",
		Differences: []callrecord.Difference{{Kind: "other_action", What: "action", First: "try sip:a@x, sip:b@x", Second: "reject 603"}},
		First: callrecord.Opinion{
			DurationMS: 1.5, Action: "try_targets", Targets: []string{"sip:a@x", "sip:b@x"}, Rule: "q", Text: "both", PolicyVersion: "v1", ConfigRevision: "r1",
			Contacts: []callrecord.ContactOpinion{{Attempt: 0, N: 1, Verdict: "moved", Rule: "q", Text: "first"}, {Attempt: 1, N: 0, Verdict: "taken"}},
		},
		Second: callrecord.Opinion{
			DurationMS: 2, Action: "reject", Status: 603, Rule: "block", Text: "premium", PolicyVersion: "v2", ConfigRevision: "r2",
			Contacts: []callrecord.ContactOpinion{{Verdict: "dropped"}, {Verdict: "unknown"}},
		},
	}
	if !reflect.DeepEqual(got, want) {
		text, _ := json.MarshalIndent(got, "", " ")
		t.Errorf("%s", text)
	}
}

// TestRecordOfNoDecision says why there is none.
func TestRecordOfNoDecision(t *testing.T) {
	t.Parallel()
	pass := &redirectv1.DecideResponse{Action: &redirectv1.DecideResponse_PassThrough{}}
	for want, a := range map[string]shadow.Answer{
		"timeout late: context deadline exceeded ": {Err: fmt.Errorf("late: %w", context.DeadlineExceeded)},
		"error down ":              {Err: errors.New("down")},
		"invalid bad pass_through": {Err: errors.New("bad"), Decision: pass},
		"  pass_through":           {Decision: pass},
	} {
		d := shadow.Disagreement{Request: &redirectv1.DecideRequest{Event: &redirectv1.DecideRequest_Failure{}}, Second: a}
		r := d.Record(time.Unix(0, 0))
		if got := strings.Join([]string{string(r.Second.NoDecision), r.Second.Detail, string(r.Second.Action)}, " "); got != want || r.Event != "failure" {
			t.Errorf("%q, want %q; event %s", got, want, r.Event)
		}
	}
	advice := shadow.Disagreement{Request: &redirectv1.DecideRequest{Event: &redirectv1.DecideRequest_Advice{}}}
	if r := advice.Record(time.Unix(0, 0)); r.Event != "advice" {
		t.Errorf("event %s", r.Event)
	}
}

// TestKindsAreWords: whatever two answers differ in, a record has a word for it.
func TestKindsAreWords(t *testing.T) {
	t.Parallel()
	words := map[callrecord.Differs]bool{
		callrecord.DiffersNoDecision: true, callrecord.DiffersAction: true, callrecord.DiffersTarget: true, callrecord.DiffersOrder: true,
		callrecord.DiffersCode: true, callrecord.DiffersHeaders: true, callrecord.DiffersDetails: true,
	}
	for _, kind := range compare.Kinds() {
		if kind != compare.Same && !words[callrecord.Differs(kind)] {
			t.Errorf("there is no word for %s", kind)
		}
	}
	if len(words) != len(compare.Kinds())-1 {
		t.Errorf("%d words, %d kinds", len(words), len(compare.Kinds()))
	}
}
