package policy

import (
	"strings"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// Bounds of the contract.
const (
	maxTargets  = 64
	maxAttempts = 64
	maxContacts = 64
	maxRoutes   = 8
)

// validate returns what makes a question impossible to answer, as an
// [ErrInvalidRequest] that names the field.
func validate(req *redirectv1.DecideRequest) error {
	attempts := req.GetAttempts()
	switch {
	case req.GetCall() == nil:
		return invalid("call is missing")
	case req.GetCall().GetRequestUri().GetText() == "":
		return invalid("call.request_uri.text is missing")
	case strings.ContainsAny(req.GetCall().GetRequestUri().GetText(), "\r\n\x00"):
		return invalid("call.request_uri.text has a CR, LF or NUL, which no answer may have")
	case len(attempts) == 0:
		return invalid("attempts is empty; the first one is the request to the next hop, the last one brought the event")
	case len(attempts) > maxAttempts:
		return invalid("attempts has %d entries, more than %d", len(attempts), maxAttempts)
	case attempts[len(attempts)-1].GetTarget().GetUri() == "":
		return invalid("attempts[%d].target.uri is missing", len(attempts)-1)
	case len(req.GetRemaining()) > maxTargets:
		return invalid("remaining has %d targets, more than %d", len(req.GetRemaining()), maxTargets)
	}
	switch event := req.GetEvent().(type) {
	case *redirectv1.DecideRequest_Redirect:
		return validateRedirect(event.Redirect)
	case *redirectv1.DecideRequest_Failure:
		return nil
	case *redirectv1.DecideRequest_Advice:
		if status := event.Advice.GetResponse().GetStatus(); status < 400 || status > 699 {
			return invalid("advice.response.status is %d; an advice has 400 to 699", status)
		}
		return nil
	}
	return invalid("event is missing: want redirect, failure or advice")
}

func validateRedirect(event *redirectv1.Redirect) error {
	status := event.GetResponse().GetStatus()
	switch {
	case event.GetResponse() == nil:
		return invalid("redirect.response is missing")
	case status < 300 || status > 399:
		return invalid("redirect.response.status is %d; a redirect has 300 to 399", status)
	case len(event.GetContacts()) > maxContacts:
		return invalid("redirect.contacts has %d entries, more than %d", len(event.GetContacts()), maxContacts)
	}
	return nil
}
