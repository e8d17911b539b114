package next

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/types/known/durationpb"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/sipcontract"
	"github.com/redirectd/redirectd/internal/strictyaml"
)

// goOn takes a question about how the target of the answer before ended.
func (s *search) goOn(ctx context.Context, q *Question) (*Answer, error) {
	if err := s.ended(q); err != nil {
		return nil, err
	}
	switch status := s.last().GetResponse().GetStatus(); {
	case status >= 300 && status < 400:
		return s.redirected(ctx)
	case status >= 600: // 16.7 step 5
		return s.finish("a 6xx ends the search"), nil
	}
	if s.decision.GetConsultOnFailure() {
		s.req.Event = &redirectv1.DecideRequest_Failure{Failure: &redirectv1.Failure{}}
		return s.ask(ctx)
	}
	return s.advance(ctx)
}

// redirected takes a 3xx of a target (16.7 step 4).
func (s *search) redirected(ctx context.Context) (*Answer, error) {
	attempts := s.req.GetAttempts()
	if depthOf(len(attempts)-1, attempts) >= maxNesting {
		return s.nextTarget(ctx)
	}
	return s.ask(ctx)
}

// ended enters how the last attempt ended, and the event if that was a 3xx.
func (s *search) ended(q *Question) error {
	if q.Invite != "" || q.URI != "" {
		return &Error{"invite", "the token has it: say only how the target ended"}
	}
	a := s.last()
	a.Duration = durationpb.New(max(0, s.now.Sub(a.GetStartedAt().AsTime())))
	if q.Rang {
		a.Rang, a.ProvisionalStatus = true, 180
	}
	switch given := countOf(q.Response != "", q.Status != 0, q.Outcome != ""); {
	case given == 0:
		return &Error{"response", "it is missing: the final response of the target as text, or its status, or the outcome"}
	case given > 1:
		return &Error{"response", "of response, status and outcome only one is to be given"}
	case q.Outcome != "":
		outcome, err := outcomeOf(q.Outcome)
		a.Outcome = outcome
		return err
	}
	a.Outcome = redirectv1.Outcome_OUTCOME_RESPONSE
	text, composed := q.Response, false
	if q.Status != 0 {
		var err error
		if text, err = q.compose(frame{"<sip:anonymous@anonymous.invalid>;tag=1", "<sip:anonymous@anonymous.invalid>", "1", "1 INVITE"}); err != nil {
			return err
		}
		composed = true
	}
	return s.responded(a, text, composed)
}

// responded enters the final response of an attempt.
func (s *search) responded(a *redirectv1.Attempt, text string, composed bool) error {
	m, err := sipcontract.Parse([]byte(text))
	if err != nil {
		return aboutText(sipcontract.InResponse, err)
	}
	switch {
	case m.IsRequest():
		return &Error{"response", "line 1: this is a request; want the final response of the target"}
	case m.Status() < 300:
		return &Error{"response", fmt.Sprintf("line 1: %d is no failure; want 300 to 699", m.Status())}
	}
	a.Response = sipcontract.Response(m, "", isShown)
	if composed {
		onlyContacts(a.GetResponse())
	}
	if m.Status() < 400 {
		event := &redirectv1.Redirect{Response: a.GetResponse()}
		event.Contacts, event.ContactsOmitted = sipcontract.Contacts(m)
		s.contacts = event.GetContacts()
		s.req.Event = &redirectv1.DecideRequest_Redirect{Redirect: event}
	}
	return nil
}

// shown are the header fields of a failure that say why; of a 3xx all are shown.
var shown = []string{"Reason", "Warning", "Retry-After", "Diversion", "History-Info"}

func isShown(name string) bool {
	return slices.ContainsFunc(shown, func(n string) bool { return strings.EqualFold(n, name) })
}

func outcomeOf(word string) (redirectv1.Outcome, error) {
	if slices.Contains(Outcomes, word) {
		return redirectv1.Outcome(redirectv1.Outcome_value["OUTCOME_"+strings.ToUpper(word)]), nil
	}
	text := fmt.Sprintf("%.64q is not known; want one of %s", word, strings.Join(Outcomes, ", "))
	if nearest := strictyaml.Nearest(word, Outcomes); nearest != "" {
		text = fmt.Sprintf("%.64q is not known; did you mean %s?", word, nearest)
	}
	return 0, &Error{"outcome", text}
}

func countOf(given ...bool) (n int) {
	for _, g := range given {
		if g {
			n++
		}
	}
	return n
}
