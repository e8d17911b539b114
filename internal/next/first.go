package next

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/sipcontract"
)

// first takes the first question about a call.
func (s *Server) first(ctx context.Context, q *Question, now time.Time) (*Answer, error) {
	if q.Outcome != "" || q.Rang {
		return nil, &Error{"token", "it is missing: how a target ended is said with the token of the answer that named it"}
	}
	invite, response, composed, err := q.messages()
	if err != nil {
		return nil, err
	}
	req, err := sipcontract.Question([]byte(invite), []byte(response), sipcontract.Options{Advice: q.Advice, AskedAt: now})
	if err != nil {
		return nil, aboutText(sipcontract.InResponse, err)
	}
	if composed {
		onlyContacts(req.GetAttempts()[0].GetResponse())
	}
	req.Edge = edgeOf(q)
	req.Call.Trunk, req.Call.Profile, req.Call.Attributes = q.Trunk, q.Profile, q.Attributes
	search := &search{Server: s, state: &state{req: req}, now: now, contacts: req.GetRedirect().GetContacts()}
	if search.mayNotRecurse() {
		r := req.GetAttempts()[0].GetResponse()
		answer := passed(int(r.GetStatus()), r.GetReasonPhrase())
		answer.Why = "the caller asked for no-recurse"
		return answer, nil
	}
	return search.ask(ctx)
}

// mayNotRecurse reports whether the caller wants the 3xx itself (RFC 3841
// section 9.1).
func (s *search) mayNotRecurse() bool {
	if s.req.GetRedirect() == nil {
		return false
	}
	return slices.ContainsFunc(s.req.GetCall().GetHeaders(), func(h *redirectv1.Header) bool {
		return strings.EqualFold(h.GetName(), "Request-Disposition") &&
			slices.ContainsFunc(strings.Split(h.GetValue(), ","), func(d string) bool {
				return strings.EqualFold(strings.TrimSpace(d), "no-recurse")
			})
	})
}

// aboutText says in which field the text of a message is wrong: in that part, unless
// the error knows better.
func aboutText(part string, err error) error {
	e, ok := errors.AsType[*sipcontract.Error](err)
	if !ok {
		return err
	}
	field := "response"
	if part = cmp.Or(e.In, part); part == sipcontract.InRequest {
		field = "invite"
	}
	why := fmt.Sprintf("line %d: %s", e.Line, e.Text)
	if errors.Is(err, sipcontract.ErrAdvice) {
		why += "; with advice it is asked about too"
	}
	return &Error{field, why}
}
