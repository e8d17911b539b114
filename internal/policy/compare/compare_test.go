package compare_test

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy/compare"
)

// answer reads a decision in protobuf's text form.
func answer(t *testing.T, text string) *redirectv1.DecideResponse {
	t.Helper()
	if text == "nil" {
		return nil
	}
	d := &redirectv1.DecideResponse{}
	if err := prototext.Unmarshal([]byte(text), d); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return d
}

var (
	redirect = &redirectv1.DecideRequest{
		Event: &redirectv1.DecideRequest_Redirect{Redirect: &redirectv1.Redirect{Contacts: []*redirectv1.Contact{{}, {}}}},
		// The second attempt brought the event.
		Attempts: []*redirectv1.Attempt{{}, {}},
	}
	failure = &redirectv1.DecideRequest{Event: &redirectv1.DecideRequest_Failure{Failure: &redirectv1.Failure{}}}
)

// try returns an answer that tries targets, each a URI and what else there is of
// it.
func try(targets ...string) string {
	var b strings.Builder
	for _, target := range targets {
		uri, rest, _ := strings.Cut(target, " ")
		b.WriteString("targets { uri: '" + uri + "' " + rest + "} ")
	}
	return "try_targets { " + b.String() + "}"
}

// TestCompare: each pair is compared both ways, and each answer with itself.
func TestCompare(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		a, b string
		req  *redirectv1.DecideRequest
		kind compare.Kind
		want string // the text
	}{
		{"nobody decides", "nil", "nil", redirect, compare.NoDecision, "decision: no decision != no decision"},
		{"one does not", try("sip:a@x"), "nil", redirect, compare.NoDecision, "decision: try sip:a@x != no decision"},
		{"no action", "reject { status: 480 }", "policy_state: 'x'", redirect, compare.NoDecision, "decision: reject 480 != no decision"},
		{"another action", try("sip:a@x", "sip:b@x"), "reject { status: 603 }", redirect, compare.OtherAction, "action: try sip:a@x, sip:b@x != reject 603"},
		{"passed", "pass_through {}", "reject { status: 603 }", redirect, compare.OtherAction, "action: pass_through != reject 603"},

		{"another target", try("sip:a@x", "sip:b@x"), try("sip:a@x", "sip:c@x"), redirect, compare.OtherTarget, "targets of only one: sip:b@x != sip:c@x"},
		{"one more", try("sip:a@x"), try("sip:a@x", "sip:c@x"), redirect, compare.OtherTarget, "targets of only one: nothing != sip:c@x"},
		{"a port is not its absence", try("sip:a@x"), try("sip:a@x:5060"), redirect, compare.OtherTarget, "targets of only one: sip:a@x != sip:a@x:5060"},
		{"another route", try("sip:a@x routes: 'sip:p'"), try("sip:a@x routes: 'sip:q'"), redirect, compare.OtherTarget, "targets of only one: sip:a@x by route sip:p;lr != sip:a@x by route sip:q;lr"},
		{"another next hop", try("sip:a@x next_hop: 'onward'"), try("sip:a@x next_hop: 'sip:h'"), redirect, compare.OtherTarget, "targets of only one: sip:a@x via onward != sip:a@x via sip:h"},
		{"no next hop", try("sip:a@x"), try("sip:a@x next_hop: 'sip:h'"), redirect, compare.OtherTarget, "targets of only one: sip:a@x != sip:a@x via sip:h"},
		{"not a URI", try("sip:a@x"), try("::"), redirect, compare.OtherTarget, "targets of only one: sip:a@x != ::"},
		{"equal by 19.1.4", try("sip:%61lice@EXAMPLE.com;Transport=udp"), try("sip:alice@example.com;transport=UDP"), redirect, compare.Same, "same"},
		{"as they are sent", try("sip:a@x;method=BYE?Subject=y"), try("sip:a@x"), redirect, compare.Same, "same"},
		{"lr is added", try("sip:a@x routes: 'sip:p'"), try("sip:a@x routes: 'sip:p;lr'"), redirect, compare.Same, "same"},
		{"twice is once", try("sip:a@x", "sip:b@x", "sip:a@X"), try("sip:a@x", "sip:b@x"), redirect, compare.Same, "same"},

		{"another order", try("sip:a@x", "sip:b@x"), try("sip:b@x", "sip:a@x"), redirect, compare.OtherOrder, "order: sip:a@x, sip:b@x != sip:b@x, sip:a@x"},
		{
			"another target weighs more than its order", try("sip:a@x", "sip:b@x", "sip:c@x"), try("sip:b@x", "sip:a@x"), redirect,
			compare.OtherTarget, "targets of only one: sip:c@x != nothing",
		},

		{"another status", "reject { status: 480 }", "reject { status: 410 }", redirect, compare.OtherCode, "status: 480 != 410"},
		{"the best one passes", "pass_through { which: WHICH_BEST }", "pass_through {}", redirect, compare.OtherCode, "which: the best response != the redirect"},
		{"after a failure that is the default", "pass_through { which: WHICH_BEST }", "pass_through {}", failure, compare.Same, "same"},
		{"the redirect after a failure", "pass_through { which: WHICH_REDIRECT }", "pass_through {}", failure, compare.OtherCode, "which: the redirect != the best response"},
		{
			"another code at the end", "try_targets { targets { uri: 'sip:a@x' } exhausted { status: 480 } }", try("sip:a@x"), redirect,
			compare.OtherCode, "exhausted: 480 != the best response",
		},
		{
			"at the end, if there is none", "try_targets { targets { uri: 'sip:a@x' } exhausted { status: 480 } }",
			"try_targets { targets { uri: 'sip:a@x' } exhausted { status: 480 } exhausted_only_if_none: true }", redirect,
			compare.OtherCode, "exhausted_only_if_none: false != true",
		},
		{"other contacts", "pass_through { contact_indexes: 0 }", "pass_through {}", redirect, compare.OtherTarget, "contacts that stay: 0 != all"},
		{"all contacts", "pass_through { contact_indexes: [1, 0, 1] }", "pass_through {}", redirect, compare.Same, "same"},
		{"contacts of no 3xx", "pass_through { contact_indexes: 0 }", "pass_through {}", failure, compare.Same, "same"},

		{
			"another header", try("sip:a@x header_ops { set { name: 'X-A' value: '1' } } header_ops { set { name: 'X-B' value: '1' } }"),
			try("sip:a@x header_ops { set { name: 'x-a' value: '1' } } header_ops { remove: 'X-B' }"), redirect,
			compare.OtherHeaders, "target sip:a@x: header_ops: set X-B: 1 != remove X-B",
		},
		{"a header of the answer", "reject { status: 480 header_ops { add { name: 'X-A' value: '1' } } }", "reject { status: 480 }", redirect, compare.OtherHeaders, "header_ops: add X-A: 1 != nothing"},
		{"a header that passes", "pass_through { header_ops { remove: 'X-A' } }", "pass_through {}", redirect, compare.OtherHeaders, "header_ops: remove X-A != nothing"},
		{"the value is exact", "reject { status: 480 header_ops { add { name: 'X-A' value: 'a' } } }", "reject { status: 480 header_ops { add { name: 'X-A' value: 'A' } } }", redirect, compare.OtherHeaders, "header_ops: add X-A: a != add X-A: A"},
		{
			"what a copy leaves open", "reject { status: 480 header_ops { copy { source: MESSAGE_REF_RESPONSE name: 'X-A' rename: 'x-a' } } }",
			"reject { status: 480 header_ops { copy { source: MESSAGE_REF_RESPONSE name: 'X-A' attempt: 1 } } }", redirect, compare.Same, "same",
		},
		{
			"another copy", "reject { status: 480 header_ops { copy { source: MESSAGE_REF_REQUEST name: 'X-A' rename: 'X-B' } } }",
			"reject { status: 480 header_ops { copy { source: MESSAGE_REF_CONTACT name: 'X-A' attempt: 0 replace: true } } }", redirect,
			compare.OtherHeaders, "header_ops: copy X-A of the request as X-B != copy X-A of the contact of attempt 0 instead",
		},
		{"what is ignored", "reject { status: 480 header_ops {} header_ops { copy { name: 'X-A' } } }", "reject { status: 480 }", redirect, compare.Same, "same"},

		{"another phrase", "reject { status: 480 reason_phrase: 'No' }", "reject { status: 480 }", redirect, compare.OtherDetails, `reason_phrase: "No" != nothing`},
		{"another label", try("sip:a@x label: 'first'"), try("sip:a@x"), redirect, compare.OtherDetails, `target sip:a@x: label: "first" != nothing`},
		{"another timer", try("sip:a@x answer_timeout { seconds: 5 }"), try("sip:a@x response_timeout { seconds: 5 }"), redirect, compare.OtherDetails, "target sip:a@x: response_timeout: nothing != 5s; target sip:a@x: answer_timeout: 5s != nothing"},
		{"another contact", try("sip:a@x contact { attempt: 1 index: 2 }"), try("sip:a@x"), redirect, compare.OtherDetails, "target sip:a@x: contact: 2 of attempt 1 != nothing"},
		{
			"asked again", "try_targets { targets { uri: 'sip:a@x' } consult_on_failure: true }", try("sip:a@x"), redirect,
			compare.OtherDetails, "consult_on_failure: true != false",
		},
		{
			"the default rule in other words", try("sip:a@x advance { statuses { first: 408 last: 699 } statuses { first: 400 last: 400 } statuses { first: 402 last: 404 } statuses { first: 404 last: 406 } timeout: true transport_error: true }"),
			try("sip:a@x"), redirect, compare.Same, "same",
		},
		{
			"the rule of all is that of each", "try_targets { targets { uri: 'sip:a@x' } advance { timeout: true } }", try("sip:a@x advance { timeout: true }"), redirect,
			compare.Same, "same",
		},
		{
			"another rule", try("sip:a@x advance { statuses { first: 486 last: 486 } stop_after_ringing: true }"), try("sip:a@x advance {}"), redirect,
			compare.OtherDetails, "target sip:a@x: advance: 486 stop_after_ringing != nothing",
		},

		{
			"words and state make no difference", "reject { status: 480 } policy_state: 'a' explanation { rule: 'r' text: 't' }", "reject { status: 480 }", redirect,
			compare.Same, "same",
		},
		{"no question", "pass_through { contact_indexes: 0 }", "pass_through { which: WHICH_REDIRECT contact_indexes: 0 }", nil, compare.Same, "same"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, b := answer(t, tt.a), answer(t, tt.b)
			was := []proto.Message{proto.Clone(a), proto.Clone(b)}
			d := compare.Compare(a, b, tt.req)
			if d.Kind != tt.kind || d.String() != tt.want {
				t.Errorf("%s: %s, want %s: %s", d.Kind, d, tt.kind, tt.want)
			}
			back := compare.Compare(b, a, tt.req)
			if back.Kind != d.Kind || len(back.Findings) != len(d.Findings) {
				t.Errorf("the other way: %s: %s", back.Kind, back)
			}
			for i, f := range back.Findings {
				if f.A != d.Findings[i].B || f.B != d.Findings[i].A {
					t.Errorf("the other way: %s", f)
				}
			}
			if a.GetAction() != nil {
				if d := compare.Compare(a, a, tt.req); !d.Same() {
					t.Errorf("it differs from itself: %s", d)
				}
			}
			if !proto.Equal(a, was[0]) || !proto.Equal(b, was[1]) {
				t.Error("the answers were changed")
			}
		})
	}
}

// TestWeightiestFirst: a difference is of the kind that weighs most, and says the
// rest, too.
func TestWeightiestFirst(t *testing.T) {
	t.Parallel()
	a := answer(t, "try_targets { targets { uri: 'sip:a@x' label: 'one' header_ops { remove: 'X-A' } } targets { uri: 'sip:b@x' } exhausted { status: 480 } }")
	b := answer(t, "try_targets { targets { uri: 'sip:b@x' } targets { uri: 'sip:a@x' label: 'two' } exhausted { status: 486 } }")
	var kinds []compare.Kind
	for _, f := range compare.Compare(a, b, redirect).Findings {
		kinds = append(kinds, f.Kind)
	}
	want := []compare.Kind{compare.OtherOrder, compare.OtherCode, compare.OtherHeaders, compare.OtherDetails}
	if !slices.Equal(kinds, want) {
		t.Errorf("%v, want %v", kinds, want)
	}
}

// TestDifferenceIsBounded: whatever a policy answers, what is said of it is short.
func TestDifferenceIsBounded(t *testing.T) {
	t.Parallel()
	long := func(c string) *redirectv1.DecideResponse {
		try := &redirectv1.TryTargets{}
		for i := range 64 {
			try.Targets = append(try.Targets, &redirectv1.Target{
				Uri:   "sip:" + strings.Repeat("ä", 2000) + string(rune('a'+i)) + "@x",
				Label: c, AnswerTimeout: durationpb.New(time.Duration(len(c)) * time.Second),
				HeaderOps: []*redirectv1.HeaderOp{{Op: &redirectv1.HeaderOp_Set{Set: &redirectv1.Header{Name: "X-A", Value: strings.Repeat(c, 8000)}}}},
			})
		}
		return &redirectv1.DecideResponse{Action: &redirectv1.DecideResponse_TryTargets{TryTargets: try}}
	}
	d := compare.Compare(long("a"), long("bb"), nil)
	if n := len(d.Findings); n != 16 {
		t.Errorf("%d findings", n)
	}
	if n := len(d.String()); n < 16<<10 || n > 64<<10 {
		t.Errorf("%d bytes", n)
	}
	if !utf8.ValidString(d.String()) {
		t.Error("a rune was cut")
	}
}

func TestKinds(t *testing.T) {
	t.Parallel()
	if d := compare.Compare(nil, nil, nil); d.Kind != compare.Kinds()[0] || d.Same() {
		t.Errorf("%s", d.Kind)
	}
	if kinds := compare.Kinds(); kinds[len(kinds)-1] != compare.Same {
		t.Errorf("%s weighs least", kinds[len(kinds)-1])
	}
}
