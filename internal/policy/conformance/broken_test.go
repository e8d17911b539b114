package conformance_test

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy/conformance"
)

// broken is a policy that breaks one thing.
type broken struct {
	breaks string // the case
	how    string
	// serve starts it, and a replica of it if it takes one to see what is broken.
	serve func(t *testing.T) (target, replica string)
	// patience is the deadline of a question. 0: longer than any machine needs.
	patience time.Duration
}

// short is the deadline where a policy breaks something by not keeping it.
const short = 2 * time.Second

// judged are the cases that look at single answers.
var judged = regexp.MustCompile("^(contract|sanity|errors)/")

// TestBrokenPolicies: for each case there are policies that break exactly it, and
// no other case fails for them. Those that break something by single answers, always
// the same ones, are put to the cases that look at single answers.
func TestBrokenPolicies(t *testing.T) {
	t.Parallel()
	all := slices.Concat(brokenAnswers(), brokenHeaders(), brokenTargets(), brokenFeatures(), brokenSanity(), brokenState(), brokenErrors(), brokenWire())
	for _, c := range conformance.Cases() {
		if !slices.ContainsFunc(all, func(b broken) bool { return b.breaks == c.Name }) {
			t.Errorf("no policy breaks %s: what is it good for?", c.Name)
		}
	}
	for _, b := range all {
		var only *regexp.Regexp
		if judged.MatchString(b.breaks) {
			only = judged
		}
		t.Run(b.breaks+": "+b.how, func(t *testing.T) {
			t.Parallel()
			b.check(t, only)
		})
	}
}

func (b *broken) check(t *testing.T, only *regexp.Regexp) {
	t.Helper()
	target, replica := b.serve(t)
	o := quick(connect(t, target))
	o.Only, o.Timeout = only, cmp.Or(b.patience, time.Minute)
	if replica != "" {
		o.Replicas = replicas(t, replica)
	}
	found := false
	for _, r := range run(t, o).Results {
		wrong := r.Status == conformance.Failed || r.Status == conformance.Warned
		found = found || wrong
		switch {
		case wrong != (r.Case.Name == b.breaks):
			t.Errorf("%s: %s %s %+v", r.Case.Name, r.Status, r.Skipped, r.Failures)
		case wrong && (r.Status == conformance.Warned) != r.Case.Should:
			t.Errorf("%s: %s", r.Case.Name, r.Status)
		}
	}
	if !found {
		t.Error("nothing failed")
	}
}

// spoil changes the answers of the built-in policy. What it changes is its own.
func spoil(breaks, how string, change func(req *redirectv1.DecideRequest, resp *redirectv1.DecideResponse)) broken {
	return policyThat(breaks, how, func(p *spoiled) (*redirectv1.DecideResponse, error) {
		resp, err := p.decide()
		if err == nil {
			change(p.req, resp)
		}
		return resp, err
	})
}

// about reports whether a question is the one of that name, among those that every
// case about answers looks at.
func about(req *redirectv1.DecideRequest, name string) bool {
	return req.GetCall().GetCallId() == strings.ReplaceAll(name, " ", "-")+"@conformance.invalid"
}

// spoilOne changes the answer to the question of that name.
func spoilOne(breaks, how, name string, change func(resp *redirectv1.DecideResponse)) broken {
	return spoil(breaks, how, func(req *redirectv1.DecideRequest, resp *redirectv1.DecideResponse) {
		if about(req, name) {
			change(resp)
		}
	})
}

// spoilTarget changes the first target of an ordinary answer.
func spoilTarget(breaks, how string, change func(*redirectv1.Target)) broken {
	return spoilOne(breaks, how, "a 300", func(resp *redirectv1.DecideResponse) { change(resp.GetTryTargets().GetTargets()[0]) })
}

// addTarget adds one to an ordinary answer.
func addTarget(breaks, how string, target *redirectv1.Target) broken {
	return spoilOne(breaks, how, "a 300", func(resp *redirectv1.DecideResponse) {
		resp.GetTryTargets().Targets = append(resp.GetTryTargets().GetTargets(), proto.CloneOf(target))
	})
}

func rejecting(resp *redirectv1.DecideResponse, r *redirectv1.FinalResponse) {
	resp.Action = &redirectv1.DecideResponse_Reject{Reject: r}
}

func passing(resp *redirectv1.DecideResponse, p *redirectv1.PassThrough) {
	resp.Action = &redirectv1.DecideResponse_PassThrough{PassThrough: p}
}

func numberedTargets(n int) []*redirectv1.Target {
	all := make([]*redirectv1.Target, n)
	for i := range all {
		all[i] = &redirectv1.Target{Uri: "sip:" + strings.Repeat("t", i+1) + "@192.0.2.1"}
	}
	return all
}

func ranges(n int, first, last uint32) *redirectv1.AdvanceRule {
	rule := &redirectv1.AdvanceRule{}
	for range n {
		rule.Statuses = append(rule.GetStatuses(), &redirectv1.StatusRange{First: first, Last: last})
	}
	return rule
}

func brokenAnswers() []broken {
	long := strings.Repeat("x", 257)
	return []broken{
		policyThat("contract/decides", "an error for a 399", func(p *spoiled) (*redirectv1.DecideResponse, error) {
			if about(p.req, "a 399") {
				return nil, errSpoiled
			}
			return p.decide()
		}),
		policyThat("contract/decides-advice", "an error for an advice", func(p *spoiled) (*redirectv1.DecideResponse, error) {
			if p.req.GetAdvice() != nil {
				return nil, errSpoiled
			}
			return p.decide()
		}),
		policyThat("contract/decides-failure", "consulted, and then an error", func(p *spoiled) (*redirectv1.DecideResponse, error) {
			if p.req.GetFailure() != nil {
				return nil, errSpoiled
			}
			resp, err := p.decide()
			if features := p.req.GetEdge().GetFeatures(); resp.GetTryTargets() != nil && slices.Contains(features, "consult_on_failure") {
				resp.GetTryTargets().ConsultOnFailure = true
			}
			return resp, err
		}),
		spoilOne("contract/one-action", "none", "a 300", func(resp *redirectv1.DecideResponse) { resp.Action = nil }),
		spoilOne("contract/answer-size", "66 KiB", "a 300", func(resp *redirectv1.DecideResponse) { resp.Explanation.Text = strings.Repeat("x", 66<<10) }),
		spoilOne("contract/state-size", "4097 bytes", "a 300", func(resp *redirectv1.DecideResponse) { resp.PolicyState = make([]byte, 4097) }),
		spoilOne("contract/targets", "none", "a 300", func(resp *redirectv1.DecideResponse) { resp.GetTryTargets().Targets = nil }),
		spoilOne("contract/targets", "65", "a 300", func(resp *redirectv1.DecideResponse) { resp.GetTryTargets().Targets = numberedTargets(65) }),
		spoilOne("contract/status", "200", "a 300", func(resp *redirectv1.DecideResponse) { rejecting(resp, &redirectv1.FinalResponse{Status: 200}) }),
		spoilOne("contract/status", "302 at the end", "a 300", func(resp *redirectv1.DecideResponse) { resp.GetTryTargets().GetExhausted().Status = 302 }),
		spoilOne("contract/status-408", "to a MESSAGE", "a MESSAGE without contacts", func(resp *redirectv1.DecideResponse) {
			rejecting(resp, &redirectv1.FinalResponse{Status: 408})
		}),
		spoilOne("contract/status-408", "to a MESSAGE at the end", "a MESSAGE", func(resp *redirectv1.DecideResponse) {
			resp.GetTryTargets().Exhausted = &redirectv1.FinalResponse{Status: 408}
		}),
		spoil("contract/control-characters", "a label from the user part", func(req *redirectv1.DecideRequest, resp *redirectv1.DecideResponse) {
			for _, target := range resp.GetTryTargets().GetTargets() {
				if i := int(target.GetContact().GetIndex()); target.GetContact() != nil && i < len(req.GetRedirect().GetContacts()) && len(target.GetLabel()) == 0 {
					if user := req.GetRedirect().GetContacts()[i].GetUri().GetUser(); len(user) < 200 {
						target.Label = user
					}
				}
			}
		}),
		spoilOne("contract/control-characters", "in the exact bytes of a header", "a 300", func(resp *redirectv1.DecideResponse) {
			op := &redirectv1.HeaderOp{Op: &redirectv1.HeaderOp_Set{Set: &redirectv1.Header{Name: "X-A", RawValue: []byte("a\r\nVia: b")}}}
			resp.GetTryTargets().GetTargets()[0].HeaderOps = []*redirectv1.HeaderOp{op}
		}),
		spoilOne("contract/control-characters", "NUL in the reason", "a 300", func(resp *redirectv1.DecideResponse) { resp.Explanation.Text += "\x00" }),
		spoilTarget("contract/texts", "a long label", func(t *redirectv1.Target) { t.Label = long }),
		spoilOne("contract/texts", "a long phrase", "a 300", func(resp *redirectv1.DecideResponse) {
			rejecting(resp, &redirectv1.FinalResponse{Status: 480, ReasonPhrase: long})
		}),
		spoilOne("contract/advance", "600", "a 300", func(resp *redirectv1.DecideResponse) { resp.GetTryTargets().Advance = ranges(1, 400, 600) }),
		spoilTarget("contract/advance", "upside down", func(t *redirectv1.Target) { t.Advance = ranges(1, 499, 400) }),
		spoilTarget("contract/advance", "65 ranges", func(t *redirectv1.Target) { t.Advance = ranges(65, 400, 400) }),
		spoilOne("contract/contact-indexes", "one that is not there", "a 300", func(resp *redirectv1.DecideResponse) {
			passing(resp, &redirectv1.PassThrough{ContactIndexes: []uint32{3}})
		}),
		spoilOne("contract/contact-indexes", "too many", "a 300", func(resp *redirectv1.DecideResponse) {
			passing(resp, &redirectv1.PassThrough{ContactIndexes: make([]uint32, 65)})
		}),
		spoilOne("contract/verdicts", "about a contact that is not there", "a 300", func(resp *redirectv1.DecideResponse) {
			resp.GetExplanation().GetContacts()[0].Contact.Index = 3
		}),
		spoilOne("contract/verdicts", "about nothing", "a 300", func(resp *redirectv1.DecideResponse) { resp.GetExplanation().GetContacts()[0].Contact = nil }),
		spoilOne("contract/verdicts", "of an attempt that got no 3xx", "contacts that were tried", func(resp *redirectv1.DecideResponse) {
			resp.GetExplanation().GetContacts()[0].Contact.Attempt = 1
		}),
		spoilOne("contract/verdicts", "65", "a 300", func(resp *redirectv1.DecideResponse) {
			resp.Explanation.Contacts = slices.Repeat(resp.GetExplanation().GetContacts()[:1], 65)
		}),
		spoilOne("contract/explains", "nothing", "a 300", func(resp *redirectv1.DecideResponse) { resp.Explanation = nil }),
		spoilOne("contract/explains", "no text", "a 300", func(resp *redirectv1.DecideResponse) { resp.Explanation.Text = "" }),
	}
}

func brokenTargets() []broken {
	return []broken{
		addTarget("contract/target-uri", "no URI", &redirectv1.Target{Uri: "192.0.2.1"}),
		addTarget("contract/target-uri", "empty", &redirectv1.Target{}),
		addTarget("contract/target-uri", "tel without a way", &redirectv1.Target{Uri: "tel:+15550100"}),
		addTarget("contract/target-uri", "too long", &redirectv1.Target{Uri: "sip:" + strings.Repeat("x", 4096) + "@h"}),
		spoilOne("contract/unreadable", "taken", "an unreadable contact", func(resp *redirectv1.DecideResponse) {
			resp.GetTryTargets().GetTargets()[0].Contact.Index = 0
		}),
		spoilTarget("contract/routes", "in angle brackets", func(t *redirectv1.Target) { t.Routes = []string{"<sip:p;lr>"} }),
		spoilTarget("contract/routes", "to a number", func(t *redirectv1.Target) { t.Routes = []string{"tel:+15550100"} }),
		spoilTarget("contract/routes", "nine", func(t *redirectv1.Target) { t.Routes = slices.Repeat([]string{"sip:p;lr"}, 9) }),
		spoilTarget("contract/next-hop", "no URI", func(t *redirectv1.Target) { t.NextHop = "192.0.2.1:5060" }),
		spoilTarget("contract/timers", "response at once", func(t *redirectv1.Target) { t.ResponseTimeout = &durationpb.Duration{Nanos: 1e6} }),
		spoilTarget("contract/timers", "answer within an hour", func(t *redirectv1.Target) { t.AnswerTimeout = &durationpb.Duration{Seconds: 3600} }),
		spoilTarget("contract/contact-refs", "no such contact", func(t *redirectv1.Target) { t.Contact.Index = 3 }),
		spoilTarget("contract/contact-refs", "no such attempt", func(t *redirectv1.Target) { t.Contact.Attempt = 1 }),
		spoilOne("contract/contact-refs", "an attempt that got no 3xx", "contacts that were tried", func(resp *redirectv1.DecideResponse) {
			resp.GetTryTargets().GetTargets()[0].Contact.Attempt = 1
		}),
	}
}

func brokenHeaders() []broken {
	set := func(name, value string) *redirectv1.HeaderOp {
		return &redirectv1.HeaderOp{Op: &redirectv1.HeaderOp_Set{Set: &redirectv1.Header{Name: name, Value: value}}}
	}
	ops := func(breaks, how, name string, ops ...*redirectv1.HeaderOp) broken {
		return spoilOne(breaks, how, name, func(resp *redirectv1.DecideResponse) { resp.GetTryTargets().GetTargets()[0].HeaderOps = ops })
	}
	const every = "an edge that allows every header"
	seven := uint32(7)
	return []broken{
		ops("contract/header-ops", "nothing to do", "a 300", &redirectv1.HeaderOp{}),
		ops("contract/header-ops", "65", "a 300", slices.Repeat([]*redirectv1.HeaderOp{set("X-A", "b")}, 65)...),
		ops("contract/header-ops", "a compact form", every, set("s", "b")),
		ops("contract/header-ops", "no name", every, set("X A", "b")),
		ops("contract/header-ops", "a long name", "a 300", set("X-"+strings.Repeat("a", 255), "b")),
		ops("contract/header-ops", "a long value", "a 300", set("X-A", strings.Repeat("b", 8<<10+1))),
		ops("contract/allowed-headers", "another one", "a 300", set("Priority", "urgent")),
		ops("contract/allowed-headers", "removes another one", "a 300", &redirectv1.HeaderOp{Op: &redirectv1.HeaderOp_Remove{Remove: "Priority"}}),
		spoilOne("contract/allowed-headers", "of the final response", "an edge that allows no header", func(resp *redirectv1.DecideResponse) {
			rejecting(resp, &redirectv1.FinalResponse{Status: 480, HeaderOps: []*redirectv1.HeaderOp{set("X-A", "b")}})
		}),
		ops("contract/structural-headers", "Via", every, set("via", "b")),
		ops("contract/structural-headers", "copies into To", every, &redirectv1.HeaderOp{Op: &redirectv1.HeaderOp_Copy{Copy: &redirectv1.HeaderCopy{
			Source: redirectv1.MessageRef_MESSAGE_REF_REQUEST, Name: "X-To", Rename: "To",
		}}}),
		ops("contract/header-copy", "from no attempt", "a 300", &redirectv1.HeaderOp{Op: &redirectv1.HeaderOp_Copy{Copy: &redirectv1.HeaderCopy{
			Source: redirectv1.MessageRef_MESSAGE_REF_RESPONSE, Name: "X-A", Attempt: &seven,
		}}}),
	}
}

func brokenFeatures() []broken {
	var all []broken
	add := func(feature string, change func(*redirectv1.DecideResponse, *redirectv1.Target)) {
		all = append(all, spoilOne("contract/features", feature, "an edge without "+feature, func(resp *redirectv1.DecideResponse) {
			change(resp, resp.GetTryTargets().GetTargets()[0])
		}))
	}
	add("routes", func(_ *redirectv1.DecideResponse, t *redirectv1.Target) { t.Routes = []string{"sip:p;lr"} })
	add("next_hop", func(_ *redirectv1.DecideResponse, t *redirectv1.Target) { t.NextHop = "sip:p" })
	add("onward", func(_ *redirectv1.DecideResponse, t *redirectv1.Target) { t.NextHop = "onward" })
	add("header_ops", func(_ *redirectv1.DecideResponse, t *redirectv1.Target) {
		t.HeaderOps = []*redirectv1.HeaderOp{{Op: &redirectv1.HeaderOp_Remove{Remove: "X-A"}}}
	})
	add("timeouts", func(_ *redirectv1.DecideResponse, t *redirectv1.Target) {
		t.AnswerTimeout = &durationpb.Duration{Seconds: 10}
	})
	add("consult_on_failure", func(resp *redirectv1.DecideResponse, _ *redirectv1.Target) {
		resp.GetTryTargets().ConsultOnFailure = true
	})
	add("pass_through", func(resp *redirectv1.DecideResponse, _ *redirectv1.Target) { passing(resp, &redirectv1.PassThrough{}) })
	add("filtered_pass_through", func(resp *redirectv1.DecideResponse, _ *redirectv1.Target) {
		passing(resp, &redirectv1.PassThrough{ContactIndexes: []uint32{0}})
	})
	return all
}

func brokenSanity() []broken {
	return []broken{
		spoilOne("sanity/tried", "the next hop again", "a 300", func(resp *redirectv1.DecideResponse) {
			resp.GetTryTargets().Targets = append(resp.GetTryTargets().GetTargets(), &redirectv1.Target{Uri: "sip:+1%3555010%30@EDGE.example.com", NextHop: "sip:192.0.2.70:5060"})
		}),
		spoil("sanity/tried", "contacts that were tried", func(req *redirectv1.DecideRequest, resp *redirectv1.DecideResponse) {
			if about(req, "contacts that were tried") {
				resp.GetTryTargets().Targets = append(resp.GetTryTargets().GetTargets(), &redirectv1.Target{Uri: "sip:%74ried@192.0.2.101"})
			}
		}),
		spoilOne("sanity/repeated", "a target twice", "one contact", func(resp *redirectv1.DecideResponse) {
			resp.GetTryTargets().Targets = append(resp.GetTryTargets().GetTargets(), &redirectv1.Target{Uri: "sip:%61@192.0.2.101"})
		}),
		spoilOne("sanity/sips", "the caller's", "a caller of SIPS", func(resp *redirectv1.DecideResponse) {
			resp.GetTryTargets().Targets = append(resp.GetTryTargets().GetTargets(), &redirectv1.Target{Uri: "SIP:a@192.0.2.101"})
		}),
		spoilOne("sanity/sips", "the target's", "a 3xx from a SIPS target", func(resp *redirectv1.DecideResponse) {
			resp.GetTryTargets().Targets = append(resp.GetTryTargets().GetTargets(), &redirectv1.Target{Uri: "sip:a@192.0.2.101"})
		}),
		spoilOne("sanity/ends", "a target too many", "no attempt left", func(resp *redirectv1.DecideResponse) {
			resp.Action = &redirectv1.DecideResponse_TryTargets{TryTargets: &redirectv1.TryTargets{Targets: numberedTargets(1)}}
		}),
		spoil("sanity/ends", "nested on and on", func(req *redirectv1.DecideRequest, resp *redirectv1.DecideResponse) {
			contacts := req.GetRedirect().GetContacts()
			if req.GetEdge().GetAttemptsLeft() == 0 && about(req, "call-nested") {
				resp.Action = &redirectv1.DecideResponse_TryTargets{TryTargets: &redirectv1.TryTargets{Targets: []*redirectv1.Target{{Uri: contacts[0].GetUri().GetText()}}}}
			}
		}),
	}
}
