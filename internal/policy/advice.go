package policy

import (
	"strconv"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// onward is the next_hop that stands for the edge's own route, and the feature of
// an edge that has one.
const onward = "onward"

// advice decides the event that a redirect server had no contacts to give. A 6xx
// blocks the call, and a challenge is the caller's to answer; anything else says
// that the call goes where it would have gone without that server.
func (d *decision) advice(event *redirectv1.Advice) *redirectv1.DecideResponse {
	status := int(event.GetResponse().GetStatus())
	e := &redirectv1.Explanation{}
	seen := response(event.GetResponse()) + ": "
	if end := d.endedByRule(onAdvice, false); end != nil {
		e.Text = seen
		return d.answerEnded(end, status, redirectv1.PassThrough_WHICH_REDIRECT, e)
	}
	switch {
	case status >= 600:
		e.Rule, e.Text = d.rule("blocked"), seen+"a 6xx of a redirect server blocks the call"
	case status == 401 || status == 407:
		e.Rule, e.Text = d.rule("challenge"), seen+"a challenge is the caller's to answer"
	case d.profile.NoAdvice != nil && !inRanges(d.profile.NoAdvice, status):
		e.Rule, e.Text = d.rule("not no_advice"), seen+strconv.Itoa(status)+" is not in no_advice of profile "+d.profile.Name
	case d.timeIsUp() != "":
		e.Rule, e.Text = d.rule("setup_time"), seen+d.timeIsUp()
	case d.edge != nil && d.edge.AttemptsLeft != nil && d.edge.GetAttemptsLeft() == 0:
		e.Rule, e.Text = d.rule("no attempt left"), seen+"no advice, and the edge makes no more attempts"
	case !d.can(onward):
		e.Rule, e.Text = d.rule("no advice"), seen+`no advice, and the edge does not name the feature "onward"`
	default:
		return d.goOnward(status, seen+"no advice", e)
	}
	return d.passEvent(status, e)
}

// goOnward sends the call where it would have gone without the redirect server. If
// rules want it to go where it cannot, the response goes to the caller.
func (d *decision) goOnward(status int, seen string, e *redirectv1.Explanation) *redirectv1.DecideResponse {
	t := &redirectv1.Target{Uri: d.call.GetRequestUri().GetText(), NextHop: onward}
	ed, fault := d.editsOfCall(onAdvice)
	if ed != nil {
		ed.lead(t)
		if d.can("header_ops") {
			d.addOps(t, ed.headers)
		}
	}
	if id, secure := identify(t), d.secure(0); fault == "" && secure != "" && id.degrades() && t.GetNextHop() != onward {
		fault = degradesText(t.GetNextHop(), secure)
	}
	if fault != "" {
		e.Rule, e.Text = d.rule("no advice"), seen+", and the call cannot go onward: "+fault
		return d.passEvent(status, e)
	}
	e.Rule, e.Text = d.rule(onward), seen+", the call goes onward"
	if ed != nil {
		e.Text += also(ed.why())
	}
	d.setTimers(t, ed)
	return &redirectv1.DecideResponse{
		Action: &redirectv1.DecideResponse_TryTargets{TryTargets: &redirectv1.TryTargets{
			Targets:          []*redirectv1.Target{t},
			Advance:          d.profile.Advance.rule(d.profile.StopAfterRinging),
			ConsultOnFailure: d.asksOfFailures(),
		}},
		Explanation: e,
	}
}

// passEvent lets the response that brought the event go to the caller. For an
// edge that cannot do that its status does.
func (d *decision) passEvent(status int, e *redirectv1.Explanation) *redirectv1.DecideResponse {
	if !d.can("pass_through") {
		if status == 408 && d.call.GetMethod() != "INVITE" {
			status = 480 // RFC 4320
		}
		return reject(status, e)
	}
	e.Text += ", it goes to the caller"
	return &redirectv1.DecideResponse{
		Action: &redirectv1.DecideResponse_PassThrough{
			PassThrough: &redirectv1.PassThrough{Which: redirectv1.PassThrough_WHICH_REDIRECT},
		},
		Explanation: e,
	}
}
