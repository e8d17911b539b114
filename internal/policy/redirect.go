package policy

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// redirect decides the event that a 3xx arrived (16.7 step 4).
func (d *decision) redirect(ctx context.Context, event *redirectv1.Redirect) (*redirectv1.DecideResponse, error) {
	status := int(event.GetResponse().GetStatus())
	mapped := d.profile.Mapped(status)
	search := d.contactsOf(event)
	e := &redirectv1.Explanation{Contacts: search.pointers()}
	seen := response(event.GetResponse()) + ": "
	why := d.refusal(status)
	asks := why.rule == "" && d.profile.Use != UseHeaders
	if end := d.endedByRule(onRedirect, asks); end != nil {
		search.dropAll(end.rule.title(), "the rule ends the search")
		e.Text = seen
		return d.answerEnded(end, status, redirectv1.PassThrough_WHICH_REDIRECT, e), nil
	}
	after, kept, dropped := d.profile.Nested == NestedAfter, 0, []string(nil)
	if after && !why.ends {
		kept, dropped = d.keepRemaining()
	}
	passes := d.profile.Redirect == RedirectPassThrough
	switch {
	case why.rule != "":
		search.dropAll(why.rule, why.text)
	case passes:
		search.keep()
	default:
		if err := search.take(ctx); err != nil {
			return nil, err
		}
	}
	if end := search.ended; end != nil {
		search.dropRest(end)
		e.Text = seen
		return d.answerEnded(end, status, redirectv1.PassThrough_WHICH_REDIRECT, e), nil
	}
	if passes && why.rule == "" {
		e.Rule, e.Text = d.rule("pass_through"), seen+search.keptSummary()
		return d.passRedirect(search, mapped, e), nil
	}
	switch replace := d.profile.Nested == NestedReplace && len(d.targets) > 0; {
	case replace && len(d.left) > 0:
		dropped = []string{"nested: replace"}
	case !after && !why.ends:
		kept, dropped = d.keepRemaining()
	}
	switch {
	case why.rule != "":
		e.Rule, e.Text = d.rule(why.rule), seen+why.text
	default:
		e.Rule, e.Text = d.rule("follow "+strconv.Itoa(status)), seen+search.summary()
	}
	e.Text += d.remainingText(kept, dropped)
	if len(d.targets) > 0 {
		return d.tryTargets(mapped, e), nil
	}
	if why.rule == "" {
		e.Rule = d.rule("nothing usable in " + strconv.Itoa(status))
	}
	return d.exhausted(mapped, e), nil
}

// exhausted answers when no target is left: with the best response so far, or the
// mapped status if there is none, unless the profile says otherwise.
func (d *decision) exhausted(mapped int, e *redirectv1.Explanation) *redirectv1.DecideResponse {
	status, onlyIfNone := d.profile.final(mapped)
	if onlyIfNone && d.answered() {
		return d.passBest(status, e)
	}
	return rejectMapped(status, e)
}

// answerEnded answers as the rule that ended the search says. Status is that of the
// response that passes, and which is the response that endPassThrough means.
func (d *decision) answerEnded(end *ruling, status int, which redirectv1.PassThrough_Which, e *redirectv1.Explanation) *redirectv1.DecideResponse {
	e.Rule = end.rule.title()
	if end.on != "" {
		e.Text += clean(end.on) + ": "
	}
	e.Text += end.why
	mapped := d.profile.MapDefault
	if status >= 300 && status <= 399 {
		mapped = d.profile.Mapped(status)
	}
	switch a := &end.rule.Then; {
	case a.End == endReject:
		return d.rejectByRule(a, e)
	case a.End == endPassThrough && which == redirectv1.PassThrough_WHICH_REDIRECT && (status < 300 || status > 399):
		return d.passEvent(status, e)
	case a.End == endPassThrough && which == redirectv1.PassThrough_WHICH_REDIRECT && d.can("pass_through"):
		e.Text += ", it goes to the caller"
		return &redirectv1.DecideResponse{
			Action:      &redirectv1.DecideResponse_PassThrough{PassThrough: &redirectv1.PassThrough{Which: which}},
			Explanation: e,
		}
	case which == redirectv1.PassThrough_WHICH_BEST && d.answered():
		return d.passBest(mapped, e)
	}
	return d.exhausted(mapped, e)
}

// rejectByRule answers with the status, the phrase and the header fields of a rule.
func (d *decision) rejectByRule(a *Action, e *redirectv1.Explanation) *redirectv1.DecideResponse {
	final := proto.CloneOf(a.Answer)
	in := d.input(nil)
	if a.reason != nil {
		phrase, err := a.reason.Eval(in)
		if err != nil {
			e.Text += "; reason: " + clean(err.Error())
		}
		final.ReasonPhrase = cut(withoutControls(phrase), maxLabel)
	}
	ops, notes := headerOps(a.headers, in, d.eventAttempt())
	for _, n := range notes {
		e.Text += "; " + n
	}
	if t := (&redirectv1.Target{}); d.can("header_ops") {
		d.addOps(t, ops)
		final.HeaderOps = t.GetHeaderOps()
	}
	e.Text += ", answered with " + strconv.Itoa(int(final.GetStatus()))
	return &redirectv1.DecideResponse{Action: &redirectv1.DecideResponse_Reject{Reject: final}, Explanation: e}
}

func (d *decision) rule(name string) string { return "profile " + d.profile.Name + ": " + name }

// refusal is why no contact of a 3xx is tried; no rule if they are.
type refusal struct {
	rule, text string
	ends       bool // the remaining targets are not tried either
}

// refusal looks at the whole 3xx; what speaks against a single contact is
// found later.
func (d *decision) refusal(status int) refusal {
	p, code := d.profile, strconv.Itoa(status)
	switch {
	case p.Redirect == RedirectDisabled:
		return refusal{"redirect disabled", "redirect is disabled in profile " + p.Name, true}
	case d.call.GetMethod() == "REGISTER" && !p.FollowRegister:
		return refusal{"register", "a redirect of REGISTER is not followed in profile " + p.Name + " (register: map)", true}
	case len(p.Methods) > 0 && !slices.Contains(p.Methods, d.call.GetMethod()):
		return refusal{"methods", "a redirect of " + clean(d.call.GetMethod()) + " is not followed: methods of profile " + p.Name + " are " + strings.Join(p.Methods, ", "), true}
	case p.StopAfterRinging && rang(d.attempts) >= 0:
		return refusal{"after_ringing", attemptName(rang(d.attempts)) +
			" has rung (180 or 183), and profile " + p.Name + " has after_ringing: stop", true}
	case p.Redirect == RedirectPassThrough:
		return refusal{}
	case d.timeIsUp() != "":
		return refusal{"setup_time", d.timeIsUp(), true}
	case status == 380:
		return refusal{"380 not followed", "380 names alternatives in its body, its Contact is no target (21.3.5)", false}
	case !p.Follows(status):
		return refusal{code + " not followed", code + " is not in follow (" + list(p.Follow) + ") of profile " + p.Name, false}
	case d.nesting() > p.MaxNesting:
		return refusal{"max_nesting", "it is the " + ordinal(d.nesting()) + " redirect in a row, and max_nesting of profile " + p.Name + " is " + strconv.Itoa(p.MaxNesting), false}
	case p.Use != UsePlace && !d.can(onward):
		return refusal{"use", `the edge does not name the feature "onward", where a call goes whose 3xx is data (use)`, false}
	case status == 305 && p.Use == UsePlace:
		return d.refuseUseProxy()
	}
	return refusal{}
}

// nesting returns how many 3xx followed from each other, this one included.
func (d *decision) nesting() int { return len(d.redirectsTo(int(d.eventAttempt()))) }

// timeIsUp says that setup_time is over; empty if it is not.
func (d *decision) timeIsUp() string {
	left, limited := d.setupTimeLeft()
	if !limited || left > 0 {
		return ""
	}
	return "the call is older than setup_time of profile " + d.profile.Name + ", " + d.profile.SetupTime.String()
}

// refuseUseProxy: a 305 repeats the Request-URI through a proxy, which needs a
// Request-URI that can be sent again, and an edge that can route.
func (d *decision) refuseUseProxy() refusal {
	id := identify(d.last().GetTarget())
	switch {
	case !d.can("routes"):
		return refusal{"305 needs routes", `the edge does not name the feature "routes", by which a 305 is followed (21.3.4)`, false}
	case id.uri.Scheme == "":
		return refusal{"305 Request-URI", "the Request-URI " + clean(id.uri.Text) + " cannot be read, so it cannot be sent again (21.3.4)", false}
	}
	return refusal{}
}

func list(codes []int) string {
	texts := make([]string, len(codes))
	for i, c := range codes {
		texts[i] = strconv.Itoa(c)
	}
	return strings.Join(texts, ", ")
}
