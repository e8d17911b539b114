package policy

import (
	"context"
	"slices"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// failure decides the event that an attempt failed (8.1.3.4). The built-in
// policy never asks for it, but answers as the advance rule that it gives would
// have.
func (d *decision) failure(ctx context.Context) (*redirectv1.DecideResponse, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	mapped := d.profile.Mapped(d.lastRedirect())
	if end := d.endedByRule(onFailure, false); end != nil {
		e := &redirectv1.Explanation{Text: d.failureText() + ": "}
		return d.answerEnded(end, d.lastRedirect(), redirectv1.PassThrough_WHICH_BEST, e), nil
	}
	e := &redirectv1.Explanation{Rule: d.rule("after a failure"), Text: d.failureText()}
	kept, dropped := 0, []string(nil)
	why := d.ends()
	if why != "" {
		e.Text += ", " + why
	} else {
		kept, dropped = d.keepRemaining()
	}
	e.Text += d.remainingText(kept, dropped)
	switch {
	case kept > 0:
		return d.tryTargets(mapped, e), nil
	case why == "" && d.lastRedirect() != 0: // else an advice sent it onward: that is no search
		return d.exhausted(mapped, e), nil
	}
	return d.passBest(mapped, e), nil
}

// ends says why the search ends with the attempt that failed; empty if it does
// not.
func (d *decision) ends() string {
	status := int(d.last().GetResponse().GetStatus())
	if d.last().GetOutcome() != redirectv1.Outcome_OUTCOME_RESPONSE {
		status = 0
	}
	switch {
	case d.profile.StopAfterRinging && rang(d.attempts) >= 0:
		return attemptName(rang(d.attempts)) + " has rung (after_ringing: stop)"
	case status == 401 || status == 407:
		return "a challenge ends the search"
	case status >= 600:
		return "a 6xx ends the search (16.7 step 5)"
	case !d.profile.Advance.goesOn(d.last()):
		return "that ends the search (advance)"
	case d.timeIsUp() != "":
		return d.timeIsUp()
	}
	return ""
}

func (d *decision) failureText() string {
	last := d.last()
	if last.GetOutcome() == redirectv1.Outcome_OUTCOME_RESPONSE && last.GetResponse() != nil {
		return response(last.GetResponse())
	}
	return clean(last.GetTarget().GetUri()) + ", " + ended(last)
}

// lastRedirect returns the status of the newest 3xx of the call, 0 if there is
// none.
func (d *decision) lastRedirect() int {
	for _, a := range slices.Backward(d.attempts) {
		if s := int(a.GetResponse().GetStatus()); s >= 300 && s <= 399 {
			return s
		}
	}
	return 0
}
