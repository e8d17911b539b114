package shadow

import (
	"context"
	"errors"
	"time"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/callrecord"
)

// Record is a disagreement as it is written down, at a time.
func (d *Disagreement) Record(at time.Time) *callrecord.Shadow {
	req := d.Request
	r := &callrecord.Shadow{
		Kind: callrecord.KindShadow, Schema: callrecord.Schema, Time: callrecord.At(at),
		Edge:      callrecord.Edge{Instance: req.GetEdge().GetInstance(), Zone: req.GetEdge().GetZone(), Version: req.GetEdge().GetVersion()},
		RequestID: req.GetRequestId(), CallID: req.GetCall().GetCallId(), Trunk: req.GetCall().GetTrunk(), Profile: req.GetCall().GetProfile(),
		Event: event(req), AskedAt: callrecord.At(req.GetAskedAt().AsTime()), Result: callrecord.Differs(d.Difference.Kind),
		First: d.First.opinion(), Second: d.Second.opinion(),
	}
	for _, f := range d.Difference.Findings {
		r.Differences = append(r.Differences, callrecord.Difference{Kind: callrecord.Differs(f.Kind), What: f.What, First: f.A, Second: f.B})
	}
	return r
}

func event(req *redirectv1.DecideRequest) callrecord.Event {
	switch req.GetEvent().(type) {
	case *redirectv1.DecideRequest_Failure:
		return callrecord.EventFailure
	case *redirectv1.DecideRequest_Advice:
		return callrecord.EventAdvice
	}
	return callrecord.EventRedirect
}

// opinion is an answer as it is written down.
func (a *Answer) opinion() callrecord.Opinion {
	x := a.Decision.GetExplanation()
	o := callrecord.Opinion{
		DurationMS: callrecord.Milliseconds(a.Took), Rule: x.GetRule(), Text: x.GetText(),
		PolicyVersion: x.GetPolicyVersion(), ConfigRevision: x.GetConfigRevision(),
	}
	if a.Err != nil {
		o.NoDecision, o.Detail = callrecord.NoDecisionError, a.Err.Error()
		switch {
		case errors.Is(a.Err, context.DeadlineExceeded):
			o.NoDecision = callrecord.NoDecisionTimeout
		case a.Decision != nil:
			o.NoDecision = callrecord.NoDecisionInvalid
		}
	}
	switch action := a.Decision.GetAction().(type) {
	case *redirectv1.DecideResponse_TryTargets:
		o.Action = callrecord.ActionTryTargets
		for _, t := range action.TryTargets.GetTargets() {
			o.Targets = append(o.Targets, t.GetUri())
		}
	case *redirectv1.DecideResponse_Reject:
		o.Action, o.Status = callrecord.ActionReject, int(action.Reject.GetStatus())
	case *redirectv1.DecideResponse_PassThrough:
		o.Action = callrecord.ActionPassThrough
	}
	for _, v := range x.GetContacts() {
		o.Contacts = append(o.Contacts, callrecord.ContactOpinion{
			Attempt: int(v.GetContact().GetAttempt()), N: int(v.GetContact().GetIndex()), Verdict: verdict(v.GetVerdict()), Rule: v.GetRule(), Text: v.GetText(),
		})
	}
	return o
}

func verdict(v redirectv1.ContactVerdict_Verdict) callrecord.Verdict {
	switch v {
	case redirectv1.ContactVerdict_VERDICT_TAKEN:
		return callrecord.VerdictTaken
	case redirectv1.ContactVerdict_VERDICT_DROPPED:
		return callrecord.VerdictDropped
	case redirectv1.ContactVerdict_VERDICT_MOVED:
		return callrecord.VerdictMoved
	case redirectv1.ContactVerdict_VERDICT_UNSPECIFIED:
	}
	return callrecord.VerdictUnknown
}
