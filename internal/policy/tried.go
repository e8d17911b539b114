package policy

import (
	"strconv"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// tried returns the attempts so far as identities. An attempt that the edge
// refused is among them: it would refuse it again. The caller's earlier INVITE
// (DecideRequest.earlier) is not: it comes again with credentials, to the same
// targets.
func tried(attempts []*redirectv1.Attempt) []identity {
	ids := make([]identity, len(attempts))
	for i, a := range attempts {
		ids[i] = identify(a.GetTarget())
	}
	return ids
}

// find returns the index of the first identity that is equal; -1 if none is.
// Equality is not transitive, so every one is compared.
func find(ids []identity, id *identity) int {
	for i := range ids {
		if ids[i].equal(id) {
			return i
		}
	}
	return -1
}

// triedText says of a target that it was tried, and how that ended. Shown is
// what it is called, uri its Request-URI.
func (d *decision) triedText(shown, uri string, attempt int) string {
	a := d.attempts[attempt]
	s := clean(shown)
	if was := a.GetTarget().GetUri(); was == uri {
		s += " was "
	} else {
		s += " equals " + clean(was) + ", "
	}
	return s + "tried as " + attemptName(attempt) + ", " + ended(a)
}

// attemptName names an attempt by its index: redirect attempts count from 1.
func attemptName(i int) string {
	if i == 0 {
		return "the request to the next hop"
	}
	return "attempt " + strconv.Itoa(i)
}

// ended says how an attempt ended, as a relative clause.
func ended(a *redirectv1.Attempt) string {
	switch a.GetOutcome() {
	case redirectv1.Outcome_OUTCOME_RESPONSE:
		return "which ended with " + strconv.Itoa(int(a.GetResponse().GetStatus()))
	case redirectv1.Outcome_OUTCOME_RESPONSE_TIMEOUT:
		return "which got no response in time"
	case redirectv1.Outcome_OUTCOME_ANSWER_TIMEOUT:
		return "which got no final response in time"
	case redirectv1.Outcome_OUTCOME_TRANSPORT_ERROR:
		return "which could not be delivered"
	case redirectv1.Outcome_OUTCOME_UNRESOLVABLE:
		return "whose name did not resolve"
	case redirectv1.Outcome_OUTCOME_REFUSED:
		if a.GetDetail() == "" {
			return "which the edge refused"
		}
		return "which the edge refused: " + clean(a.GetDetail())
	case redirectv1.Outcome_OUTCOME_UNSPECIFIED:
	}
	return "whose outcome is not known"
}

// usedAttempts counts the redirect targets tried so far: not the request to the
// next hop, and not what the edge refused to send.
func usedAttempts(attempts []*redirectv1.Attempt) int {
	n := 0
	for _, a := range attempts[1:] {
		if a.GetOutcome() != redirectv1.Outcome_OUTCOME_REFUSED {
			n++
		}
	}
	return n
}

// rang returns the index of the first redirect target that answered 180 or 183;
// -1 if none did. That the next hop did says nothing: the search began later.
func rang(attempts []*redirectv1.Attempt) int {
	for i, a := range attempts[1:] {
		if a.GetRang() {
			return i + 1
		}
	}
	return -1
}

// TriedAs returns the index of the first attempt that tried the same target; -1 if
// none did.
func TriedAs(attempts []*redirectv1.Attempt, t *redirectv1.Target) int {
	id := identify(t)
	return find(tried(attempts), &id)
}
