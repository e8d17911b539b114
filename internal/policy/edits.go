package policy

import (
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// edits are what rules make of one target.
type edits struct {
	rank     rank
	rankedBy string // the rule that did
	weight   int

	via                            []string
	nextHop, label                 string
	responseTimeout, answerTimeout time.Duration
	headers                        []*redirectv1.HeaderOp

	reasons []string // "rule: what it saw"
	notes   []string // what could not be done
}

// why says which rules changed the target, and why.
func (e *edits) why() string { return strings.Join(firstFew(append(e.reasons, e.notes...)), "; ") }

// lead sets the way to a target: the routes of rules stand before that of a 305,
// which they lead to.
func (e *edits) lead(t *redirectv1.Target) {
	if len(e.via) > 0 {
		t.Routes = append(slices.Clone(e.via), t.GetRoutes()...)
	}
	if e.nextHop != "" {
		t.NextHop = e.nextHop
	}
}

// finish gives a target what the profile and the rules add to it; its way it has.
func (d *decision) finish(t *redirectv1.Target, e *edits) {
	d.setTimers(t, e)
	if d.profile.addsHeaders() || e != nil && len(e.headers) > 0 {
		d.addHeaders(t, e)
	}
}

// setTimers gives a target the timers of the profile and the rules, and its label.
func (d *decision) setTimers(t *redirectv1.Target, e *edits) {
	p := d.profile
	response, answer := p.ResponseTimeout, p.AnswerTimeout
	if e != nil {
		t.Label = e.label
		if e.responseTimeout > 0 {
			response = e.responseTimeout
		}
		if e.answerTimeout > 0 {
			answer = e.answerTimeout
		}
	}
	if left, limited := d.setupTimeLeft(); limited && (answer == 0 || answer > left) {
		answer = max(left, time.Second)
	}
	if d.can("timeouts") {
		if response > 0 {
			t.ResponseTimeout = durationpb.New(response)
		}
		if answer > 0 {
			t.AnswerTimeout = durationpb.New(answer)
		}
	}
}

// shortenTimer holds a target that remained within what is left of setup_time now.
func (d *decision) shortenTimer(t *redirectv1.Target) {
	left, limited := d.setupTimeLeft()
	if !limited || !d.can("timeouts") {
		return
	}
	left = max(left, time.Second)
	if t.GetAnswerTimeout() == nil || t.GetAnswerTimeout().AsDuration() > left {
		t.AnswerTimeout = durationpb.New(left)
	}
}

// setupTimeLeft returns what is left of setup_time when the question was asked. A
// call that came later than that, as a clock that was set back has it, is new.
func (d *decision) setupTimeLeft() (time.Duration, bool) {
	if d.profile.SetupTime == 0 || d.call.GetReceivedAt() == nil || d.askedAt == nil {
		return 0, false
	}
	age := d.askedAt.AsTime().Sub(d.call.GetReceivedAt().AsTime())
	return d.profile.SetupTime - max(age, 0), true
}
