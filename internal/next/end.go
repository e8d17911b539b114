package next

import (
	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/decision"
	"github.com/redirectd/redirectd/internal/edge/message"
)

// reject answers the caller with a status of the policy.
func (s *search) reject(r *redirectv1.FinalResponse) *Answer {
	answer := own(int(r.GetStatus()))
	if r.GetReasonPhrase() != "" {
		answer.Reason = r.GetReasonPhrase()
	}
	answer.setHeaders(s.resolved(r.GetHeaderOps(), nil))
	return answer
}

// own is a response that nobody has sent.
func own(status int) *Answer {
	return &Answer{Action: Reject, Status: status, Reason: message.ReasonPhrase(status)}
}

// pass lets the caller have a response that the client received.
func (s *search) pass(p *redirectv1.PassThrough) *Answer {
	attempts := s.req.GetAttempts()
	if p.GetWhich() == redirectv1.PassThrough_WHICH_BEST ||
		p.GetWhich() != redirectv1.PassThrough_WHICH_REDIRECT && s.req.GetFailure() != nil {
		answer := s.finish("")
		answer.setHeaders(s.resolved(p.GetHeaderOps(), nil))
		return answer
	}
	r := attempts[redirectedBy(attempts)].GetResponse()
	answer := passed(int(r.GetStatus()), r.GetReasonPhrase())
	answer.setHeaders(s.resolved(p.GetHeaderOps(), nil))
	return answer
}

func passed(status int, reason string) *Answer {
	if status == 503 { // 16.7 step 6: the next one up would not try us again
		return own(500)
	}
	return &Answer{Action: Pass, Status: status, Reason: reason}
}

// finish ends the call with the best response (16.7 step 6).
func (s *search) finish(why string) *Answer {
	attempts := s.req.GetAttempts()
	b := bestOf(attempts)
	var answer *Answer
	switch {
	case b.status == 0:
		answer = own(decision.Mapped(int(attempts[redirectedBy(attempts)].GetResponse().GetStatus())))
	case b.real:
		answer = passed(b.status, b.reason)
	default:
		answer = own(decision.Mapped(b.status))
	}
	answer.Why = why
	return answer
}
