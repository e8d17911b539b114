package policy

import (
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

// finish gives a target what the profile and the rules add to it.
func (d *decision) finish(t *redirectv1.Target, e *edits) {
	p := d.profile
	response, answer := p.ResponseTimeout, p.AnswerTimeout
	if e != nil {
		if len(e.via) > 0 {
			t.Routes = e.via
		}
		if e.nextHop != "" {
			t.NextHop = e.nextHop
		}
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
	if p.addsHeaders() || e != nil && len(e.headers) > 0 {
		d.addHeaders(t, e)
	}
}

// setupTimeLeft returns what is left of setup_time when the question was asked.
func (d *decision) setupTimeLeft() (time.Duration, bool) {
	if d.profile.SetupTime == 0 || d.call.GetReceivedAt() == nil || d.askedAt == nil {
		return 0, false
	}
	return d.profile.SetupTime - d.askedAt.AsTime().Sub(d.call.GetReceivedAt().AsTime()), true
}
