package policy

import (
	"context"
	"strconv"
	"strings"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// redirect decides the event that a 3xx arrived (16.7 step 4).
func (d *decision) redirect(ctx context.Context, event *redirectv1.Redirect) (*redirectv1.DecideResponse, error) {
	status := int(event.GetResponse().GetStatus())
	mapped := d.profile.Mapped(status)
	search := d.contactsOf(event)
	why := d.refusal(status)
	if why.rule != "" {
		search.dropAll(why.rule, why.text)
	} else if err := search.take(ctx); err != nil {
		return nil, err
	}
	kept, dropped := 0, []string(nil)
	if !why.ends {
		kept, dropped = d.keepRemaining()
	}
	e := &redirectv1.Explanation{Contacts: search.pointers()}
	seen := response(event.GetResponse()) + ": "
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
	if d.answered() {
		return d.passBest(mapped, e), nil
	}
	return rejectMapped(mapped, e), nil
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
	case !p.Redirect:
		return refusal{"redirect disabled", "redirect is disabled in profile " + p.Name, true}
	case d.call.GetMethod() == "REGISTER" && !p.FollowRegister:
		return refusal{"register", "a redirect of REGISTER is not followed in profile " + p.Name + " (register: map)", true}
	case p.StopAfterRinging && rang(d.attempts) >= 0:
		return refusal{"after_ringing", attemptName(rang(d.attempts)) +
			" has rung (180 or 183), and profile " + p.Name + " has after_ringing: stop", true}
	case status == 380:
		return refusal{"380 not followed", "380 names alternatives in its body, its Contact is no target (21.3.5)", false}
	case !p.Follows(status):
		return refusal{code + " not followed", code + " is not in follow (" + list(p.Follow) + ") of profile " + p.Name, false}
	case status == 305:
		return d.refuseUseProxy()
	}
	return refusal{}
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
