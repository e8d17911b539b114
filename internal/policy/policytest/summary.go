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
		s := fmt.Sprintf("reject %d", action.Reject.GetStatus())
		if phrase := action.Reject.GetReasonPhrase(); phrase != "" {
			s += " " + phrase
		}
		return s + changes(action.Reject.GetHeaderOps())
	case *redirectv1.DecideResponse_PassThrough:
		s := "pass " + strings.ToLower(strings.TrimPrefix(action.PassThrough.GetWhich().String(), "WHICH_"))
		if stay := action.PassThrough.GetContactIndexes(); len(stay) > 0 {
			s += fmt.Sprintf(" contacts %v", stay)
		}
		return s + changes(action.PassThrough.GetHeaderOps())
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
		if target.GetLabel() != "" {
			s += " label " + target.GetLabel()
		}
		if d := target.GetResponseTimeout(); d != nil {
			s += " response within " + d.AsDuration().String()
		}
		if d := target.GetAnswerTimeout(); d != nil {
			s += " answer within " + d.AsDuration().String()
		}
		s += changes(target.GetHeaderOps())
		targets = append(targets, s)
	}
	s := "try " + strings.Join(targets, ", ")
	if t.GetConsultOnFailure() {
		s += "; consult"
	}
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

// changes writes header operations:
//
//	{+X-A: added, =X-B: set, -X-C, Identity from response 0 as X-D}
func changes(ops []*redirectv1.HeaderOp) string {
	var all []string
	for _, op := range ops {
		switch o := op.GetOp().(type) {
		case *redirectv1.HeaderOp_Add:
			all = append(all, "+"+o.Add.GetName()+": "+o.Add.GetValue())
		case *redirectv1.HeaderOp_Set:
			all = append(all, "="+o.Set.GetName()+": "+o.Set.GetValue())
		case *redirectv1.HeaderOp_Remove:
			all = append(all, "-"+o.Remove)
		case *redirectv1.HeaderOp_Copy:
			s := o.Copy.GetName() + " from " + strings.ToLower(strings.TrimPrefix(o.Copy.GetSource().String(), "MESSAGE_REF_"))
			if o.Copy.Attempt != nil {
				s += fmt.Sprintf(" %d", o.Copy.GetAttempt())
			}
			if o.Copy.GetRename() != "" {
				s += " as " + o.Copy.GetRename()
			}
			if o.Copy.GetReplace() {
				s += " replacing"
			}
			all = append(all, s)
		}
	}
	if len(all) == 0 {
		return ""
	}
	return " {" + strings.Join(all, ", ") + "}"
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
