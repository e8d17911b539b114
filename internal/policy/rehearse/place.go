package rehearse

import (
	"errors"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/sipcontract"
)

// fails says what keeps a request and a response from being a question.
func (e *event) fails(c *call, err error) {
	at := c.text
	if s, ok := errors.AsType[*sipcontract.Error](err); ok && s.In == sipcontract.InResponse {
		at = e.text
		if at.bytes == nil { // it was made of keys
			at = text{fail: e.fail}
		}
	}
	at.fails(err)
}

// place puts the attempts into the question: the one to the next hop, those before
// the event, and the one that brought it.
func (e *event) place(q *redirectv1.DecideRequest, before []*redirectv1.Attempt) {
	first := q.GetAttempts()[0]
	first.Response.SourceAddress = e.source
	last := first
	if e.from == nil && len(before) > 0 {
		e.fail("from is missing: which target brought it, after those in attempts?")
		return
	}
	if e.from != nil {
		last = &redirectv1.Attempt{Target: e.from, Outcome: first.GetOutcome(), Response: first.GetResponse()}
		first.Response = &redirectv1.SipResponse{Status: 302, ReasonPhrase: "Moved Temporarily"}
		q.Attempts = append(append(q.Attempts, before...), last)
	}
	if len(q.GetAttempts()) > maxAttempts {
		e.fail("there are %d attempts with the first and the last one, more than %d", len(q.GetAttempts()), maxAttempts)
	}
	if e.failure == nil {
		return
	}
	q.Event = &redirectv1.DecideRequest_Failure{Failure: &redirectv1.Failure{}}
	last.Outcome, last.Response = e.failure.GetOutcome(), e.failure.GetResponse()
	last.ProvisionalStatus, last.Rang = e.failure.GetProvisionalStatus(), e.failure.GetRang()
}
