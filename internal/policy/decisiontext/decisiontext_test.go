package decisiontext_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/decisiontext"
	"github.com/redirectd/redirectd/internal/policy/policytest"
)

// ops are one header operation of each kind.
func ops() []*redirectv1.HeaderOp {
	return []*redirectv1.HeaderOp{
		{Op: &redirectv1.HeaderOp_Add{Add: &redirectv1.Header{Name: "Privacy", Value: "id"}}},
		{Op: &redirectv1.HeaderOp_Set{Set: &redirectv1.Header{Name: "X-Tenant", Value: "a\r\n\x1b[31m"}}},
		{Op: &redirectv1.HeaderOp_Remove{Remove: "Diversion"}},
		{Op: &redirectv1.HeaderOp_Copy{Copy: &redirectv1.HeaderCopy{Name: "Identity", Source: redirectv1.MessageRef_MESSAGE_REF_RESPONSE}}},
		{Op: &redirectv1.HeaderOp_Copy{Copy: &redirectv1.HeaderCopy{
			Name: "Reason", Rename: "X-Reason", Source: redirectv1.MessageRef_MESSAGE_REF_CONTACT, Replace: true, Attempt: new(uint32(1)),
		}}},
		{},
	}
}

func try(t *redirectv1.TryTargets) *redirectv1.DecideResponse {
	return &redirectv1.DecideResponse{Action: &redirectv1.DecideResponse_TryTargets{TryTargets: t}}
}

func reject(r *redirectv1.FinalResponse) *redirectv1.DecideResponse {
	return &redirectv1.DecideResponse{Action: &redirectv1.DecideResponse_Reject{Reject: r}}
}

func pass(p *redirectv1.PassThrough) *redirectv1.DecideResponse {
	return &redirectv1.DecideResponse{Action: &redirectv1.DecideResponse_PassThrough{PassThrough: p}}
}

func TestWrite(t *testing.T) {
	moved := policytest.Redirected(302, "Moved", policytest.Contact("sip:a@h\x1b[31m"), policytest.ContactQ("sip:b@host.example.com", 500))
	failed := policytest.Redirected(302, "Moved")
	failed.Event = &redirectv1.DecideRequest_Failure{}
	advice := policytest.Redirected(302, "Moved")
	advice.Event = &redirectv1.DecideRequest_Advice{Advice: &redirectv1.Advice{Response: &redirectv1.SipResponse{Status: 404}}}
	everything := try(&redirectv1.TryTargets{
		Targets: []*redirectv1.Target{
			{
				Uri: "sip:a@h", Routes: []string{"sip:p1;lr", "sip:p2;lr"}, NextHop: "onward", Label: "first\x1b", HeaderOps: ops(),
				ResponseTimeout: durationpb.New(1500 * time.Millisecond), AnswerTimeout: durationpb.New(20 * time.Second),
				Advance: &redirectv1.AdvanceRule{Statuses: []*redirectv1.StatusRange{{First: 486, Last: 486}, {First: 500, Last: 599}}, Timeout: true},
			},
			{Uri: "sip:b@h", Advance: &redirectv1.AdvanceRule{TransportError: true, StopAfterRinging: true}},
		},
		Advance:          &redirectv1.AdvanceRule{StopAfterRinging: true},
		ConsultOnFailure: true,
		Exhausted:        &redirectv1.FinalResponse{Status: 480, ReasonPhrase: "Nobody home", HeaderOps: ops()[:1]},
	})
	everything.PolicyState = []byte("state")
	everything.Explanation = &redirectv1.Explanation{
		Rule: "rule canary (policy.yaml:12)", Text: "because", PolicyVersion: "1.0.0", ConfigRevision: "64a1d10e9c68",
		Contacts: []*redirectv1.ContactVerdict{
			{Contact: &redirectv1.ContactRef{}, Verdict: redirectv1.ContactVerdict_VERDICT_MOVED, Rule: "rule canary (policy.yaml:12)", Text: "from place 2 to place 1"},
			{Contact: &redirectv1.ContactRef{Index: 1}, Verdict: redirectv1.ContactVerdict_VERDICT_TAKEN, Rule: "q order", Text: "q=0.5, second of 2"},
			{Contact: &redirectv1.ContactRef{Attempt: 2, Index: 4}, Verdict: redirectv1.ContactVerdict_VERDICT_DROPPED, Rule: "scheme", Text: "tel"},
			{Contact: &redirectv1.ContactRef{Index: 1 << 31}},
		},
	}
	one := []*redirectv1.Target{{Uri: "sip:a@h"}}
	for name, c := range map[string]struct {
		ask    *redirectv1.DecideRequest
		answer *redirectv1.DecideResponse
	}{
		"everything":      {moved, everything},
		"best":            {moved, try(&redirectv1.TryTargets{Targets: one})},
		"if-none":         {moved, try(&redirectv1.TryTargets{Targets: one, Exhausted: &redirectv1.FinalResponse{Status: 410}, ExhaustedOnlyIfNone: true})},
		"never-on":        {moved, try(&redirectv1.TryTargets{Targets: one, Advance: &redirectv1.AdvanceRule{}})},
		"reject":          {moved, reject(&redirectv1.FinalResponse{Status: 403, ReasonPhrase: "Not here", HeaderOps: ops()[:3]})},
		"reject-standard": {moved, reject(&redirectv1.FinalResponse{Status: 410})},
		"pass-event":      {moved, pass(&redirectv1.PassThrough{})},
		"pass-filtered":   {moved, pass(&redirectv1.PassThrough{Which: redirectv1.PassThrough_WHICH_REDIRECT, ContactIndexes: []uint32{0, 1}, HeaderOps: ops()[:1]})},
		"pass-best":       {moved, pass(&redirectv1.PassThrough{Which: redirectv1.PassThrough_WHICH_BEST})},
		"pass-failure":    {failed, pass(&redirectv1.PassThrough{})},
		"pass-advice":     {advice, pass(&redirectv1.PassThrough{})},
		"nothing":         {moved, &redirectv1.DecideResponse{}},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			if err := decisiontext.Write(&out, c.ask, c.answer); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", name+".txt")
			if os.Getenv("UPDATE") != "" {
				if err := os.WriteFile(path, []byte(out.String()), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if out.String() != string(want) {
				t.Errorf("got\n%s\nwant\n%s", &out, want)
			}
		})
	}
}

// TestWriteOfAnyPolicy: the answers of the built-in policy to every case of the
// contract are lines without control characters.
func TestWriteOfAnyPolicy(t *testing.T) {
	p := policy.NewBuiltin(nil)
	for _, c := range policytest.Cases() {
		resp, err := p.Decide(t.Context(), c.Ask)
		if err != nil {
			continue // a profile that is in another file
		}
		var out strings.Builder
		if err := decisiontext.Write(&out, c.Ask, resp); err != nil {
			t.Fatal(err)
		}
		if decisiontext.Shown(strings.ReplaceAll(out.String(), "\n", "")) != strings.ReplaceAll(out.String(), "\n", "") ||
			!strings.Contains(out.String(), resp.GetExplanation().GetRule()) {
			t.Errorf("%s: %q", c.Name, &out)
		}
		if got, want := len(decisiontext.Contacts(c.Ask, resp)), len(resp.GetExplanation().GetContacts()); got != want {
			t.Errorf("%s: %d lines about %d contacts", c.Name, got, want)
		}
	}
}

type brokenWriter struct{}

var errBroken = errors.New("broken")

func (brokenWriter) Write([]byte) (int, error) { return 0, errBroken }

func TestWriteSaysThatItFails(t *testing.T) {
	if err := decisiontext.Write(brokenWriter{}, nil, nil); !errors.Is(err, errBroken) {
		t.Errorf("error %v", err)
	}
}
