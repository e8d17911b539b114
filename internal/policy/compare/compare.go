// Package compare says in what two decisions about one question differ: those of
// two policies, of two versions of one, or of one today and when it was recorded.
//
// What counts is what an edge would do. Two URIs are one if RFC 3261 section
// 19.1.4 says so, a target that is named twice is tried once, and a rule that
// spells out the default is the default. Who explains the decision in which
// words, and what a policy keeps in policy_state, makes no difference.
package compare

import (
	"fmt"
	"slices"
	"strings"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// Kind is in what two decisions differ.
type Kind string

// The kinds. The first ones weigh more: a [Difference] is of the first kind in
// this order that it has.
const (
	// NoDecision means that one of the two is no decision, or both are none.
	NoDecision Kind = "no_decision"
	// OtherAction means that one tries targets, and the other rejects, or lets a
	// response pass.
	OtherAction Kind = "other_action"
	// OtherTarget means that one tries a target that the other does not try, or
	// leaves other contacts in a 3xx that passes.
	OtherTarget Kind = "other_target"
	// OtherOrder means that the same targets are tried in another order.
	OtherOrder Kind = "other_order"
	// OtherCode means that the caller gets another final response.
	OtherCode Kind = "other_code"
	// OtherHeaders means that header fields of a message are changed otherwise.
	OtherHeaders Kind = "other_headers"
	// OtherDetails means that something else is not the same: timers, labels,
	// reason phrases, which failures go on, which contact a target came from.
	OtherDetails Kind = "other_details"
	// Same means that an edge would do the same.
	Same Kind = "same"
)

// Kinds returns every kind, in their order.
func Kinds() []Kind {
	return []Kind{NoDecision, OtherAction, OtherTarget, OtherOrder, OtherCode, OtherHeaders, OtherDetails, Same}
}

// Bounds of what a [Difference] says.
const (
	maxFindings = 16
	maxText     = 1 << 10 // of each side of a finding, in bytes
)

// Finding is one thing that differs.
type Finding struct {
	// Kind is of what kind.
	Kind Kind
	// What says what it is, such as "targets" or "target sip:a@b: label".
	What string
	// A and B are what the two decisions have there, for people; "nothing" if
	// nothing. Each has at most about 1 KiB.
	A, B string
}

// String returns "WHAT: A != B".
func (f Finding) String() string { return f.What + ": " + f.A + " != " + f.B }

// Difference is what [Compare] finds.
type Difference struct {
	// Kind is the weightiest kind of the findings, Same if there are none.
	Kind Kind
	// Findings are all that differs, the weightiest first, at most 16.
	Findings []Finding
}

// Same reports whether an edge would do the same.
func (d Difference) Same() bool { return d.Kind == Same }

// String returns the findings on one line, "same" if there are none.
func (d Difference) String() string {
	if len(d.Findings) == 0 {
		return string(Same)
	}
	texts := make([]string, len(d.Findings))
	for i, f := range d.Findings {
		texts[i] = f.String()
	}
	return strings.Join(texts, "; ")
}

// Compare says in what two answers to one question differ. An answer that is nil
// or has no action is no decision; that an answer is within the contract is not
// looked at. The question says what a decision stands for that leaves something
// open; nil is taken as a redirect of an INVITE.
//
// It changes and keeps none of its arguments.
func Compare(a, b *redirectv1.DecideResponse, req *redirectv1.DecideRequest) Difference {
	c := comparison{req: req}
	c.answers(a, b)
	slices.SortStableFunc(c.findings, func(x, y Finding) int { return x.Kind.weight() - y.Kind.weight() })
	d := Difference{Kind: Same, Findings: c.findings[:min(len(c.findings), maxFindings)]}
	if len(d.Findings) > 0 {
		d.Kind = d.Findings[0].Kind
	}
	return d
}

func (k Kind) weight() int { return slices.Index(Kinds(), k) }

// comparison collects what differs.
type comparison struct {
	req      *redirectv1.DecideRequest
	findings []Finding
}

func (c *comparison) differ(kind Kind, what, a, b string) {
	c.findings = append(c.findings, Finding{kind, what, clip(a), clip(b)})
}

// texts notes two texts that are not the same.
func (c *comparison) texts(kind Kind, what, a, b string) {
	if a != b {
		c.differ(kind, what, a, b)
	}
}

func (c *comparison) answers(a, b *redirectv1.DecideResponse) {
	nameA, nameB := action(a), action(b)
	if nameA == "" || nameB == "" {
		c.differ(NoDecision, "decision", decision(a), decision(b))
		return
	}
	if nameA != nameB {
		c.differ(OtherAction, "action", decision(a), decision(b))
		return
	}
	c.tryTargets(a.GetTryTargets(), b.GetTryTargets())
	c.final("", a.GetReject(), b.GetReject())
	c.passThrough(a.GetPassThrough(), b.GetPassThrough())
}

// action names what an answer does; "" if it is none.
func action(d *redirectv1.DecideResponse) string {
	switch d.GetAction().(type) {
	case *redirectv1.DecideResponse_TryTargets:
		return "try_targets"
	case *redirectv1.DecideResponse_Reject:
		return "reject"
	case *redirectv1.DecideResponse_PassThrough:
		return "pass_through"
	}
	return ""
}

// decision says in some words what an answer does.
func decision(d *redirectv1.DecideResponse) string {
	switch a := d.GetAction().(type) {
	case *redirectv1.DecideResponse_TryTargets:
		return "try " + listOf(readTargets(a.TryTargets))
	case *redirectv1.DecideResponse_Reject:
		return fmt.Sprintf("reject %d", a.Reject.GetStatus())
	case *redirectv1.DecideResponse_PassThrough:
		return "pass_through"
	}
	return "no decision"
}

// clip bounds a text, and ends it at a rune.
func clip(s string) string {
	if len(s) <= maxText {
		return s
	}
	return strings.ToValidUTF8(s[:maxText], "") + "..."
}
