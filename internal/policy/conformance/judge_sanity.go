package conformance

import (
	"errors"
	"fmt"
	"strings"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

func notTried(x *exchange) error {
	for i, t := range x.resp.GetTryTargets().GetTargets() {
		p := placeOf(t)
		for at, a := range x.req.GetAttempts() {
			if before := placeOf(a.GetTarget()); p.equal(&before) {
				return fmt.Errorf("%s.uri %.64q was tried as attempt %d, %.64q", targetName(i), t.GetUri(), at, before.text)
			}
		}
	}
	return nil
}

func notRepeated(x *exchange) error {
	var before []place
	for i, t := range x.resp.GetTryTargets().GetTargets() {
		p := placeOf(t)
		for first := range before {
			if p.equal(&before[first]) {
				return fmt.Errorf("%s.uri %.64q repeats %s, %.64q", targetName(i), t.GetUri(), targetName(first), before[first].text)
			}
		}
		before = append(before, p)
	}
	return nil
}

// keepsSIPS looks for what demands SIPS: the caller's Request-URI, or that of the
// attempt whose 3xx led to the target (16.7 step 4).
func keepsSIPS(x *exchange, t *redirectv1.Target) error {
	attempts := x.req.GetAttempts()
	from := len(attempts) - 1
	if ref := t.GetContact(); ref != nil && int(ref.GetAttempt()) < len(attempts) {
		from = int(ref.GetAttempt())
	}
	for _, base := range []string{x.req.GetCall().GetRequestUri().GetText(), attempts[from].GetTarget().GetUri()} {
		if hasScheme(base, "sips") && hasScheme(t.GetUri(), "sip") {
			return fmt.Errorf(".uri %.64q after %.64q", t.GetUri(), base)
		}
	}
	return nil
}

func hasScheme(uri, scheme string) bool {
	has, _, found := strings.Cut(uri, ":")
	return found && strings.EqualFold(has, scheme)
}

var errNoAttempts = errors.New("it names targets, and the edge makes no more attempts (edge.attempts_left is 0): the call would not end")

func endsInTime(x *exchange) error {
	e := x.req.GetEdge()
	if x.resp.GetTryTargets() != nil && e != nil && e.AttemptsLeft != nil && e.GetAttemptsLeft() == 0 {
		return errNoAttempts
	}
	return nil
}
