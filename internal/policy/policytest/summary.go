package policytest

import (
	"fmt"
	"strings"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// Summary writes a decision as one line:
//
//	try sip:a@h1, sip:b@h2 via sip:p;lr; stop after ringing; exhausted 480 if none
//	reject 410
//	pass best
func Summary(resp *redirectv1.DecideResponse) string {
	switch action := resp.GetAction().(type) {
	case *redirectv1.DecideResponse_TryTargets:
		return trying(action.TryTargets)
	case *redirectv1.DecideResponse_Reject:
		return fmt.Sprintf("reject %d", action.Reject.GetStatus())
	case *redirectv1.DecideResponse_PassThrough:
		return "pass " + strings.ToLower(strings.TrimPrefix(action.PassThrough.GetWhich().String(), "WHICH_"))
	}
	return "no action"
}

func trying(t *redirectv1.TryTargets) string {
	targets := make([]string, 0, len(t.GetTargets()))
	for _, target := range t.GetTargets() {
		s := strings.Join(append([]string{target.GetUri()}, target.GetRoutes()...), " via ")
		if target.GetNextHop() != "" {
			s += " at " + target.GetNextHop()
		}
		targets = append(targets, s)
	}
	s := "try " + strings.Join(targets, ", ")
	if t.GetAdvance().GetStopAfterRinging() {
		s += "; stop after ringing"
	}
	if t.GetExhausted() != nil {
		s += fmt.Sprintf("; exhausted %d", t.GetExhausted().GetStatus())
	}
	if t.GetExhaustedOnlyIfNone() {
		s += " if none"
	}
	return s
}

// Verdicts writes what became of each contact, "taken: no q (counts as 1), first
// of 1", in the order of the answer, which is that of the header.
func Verdicts(resp *redirectv1.DecideResponse) []string {
	var says []string
	for i, v := range resp.GetExplanation().GetContacts() {
		verdict := strings.ToLower(strings.TrimPrefix(v.GetVerdict().String(), "VERDICT_"))
		if int(v.GetContact().GetIndex()) != i || v.GetRule() == "" {
			verdict = fmt.Sprintf("contact %d by rule %q: %s", v.GetContact().GetIndex(), v.GetRule(), verdict)
		}
		says = append(says, verdict+": "+v.GetText())
	}
	return says
}
