package policy

import redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"

// finalStatus returns the status of the final response that an attempt brought
// and that may go to the caller; 0 if it brought none.
func finalStatus(a *redirectv1.Attempt) int {
	status := a.GetResponse().GetStatus()
	if a.GetOutcome() != redirectv1.Outcome_OUTCOME_RESPONSE || status < 400 || status > 699 {
		return 0
	}
	return int(status)
}

// answered reports whether a target has sent a final response that may go to the
// caller: a mapped code stands only if none has (16.7 step 6). What the next hop
// sent before the search was an advice, and no answer of a target.
func (d *decision) answered() bool {
	for _, a := range d.attempts[1:] {
		if finalStatus(a) != 0 {
			return true
		}
	}
	return false
}

// bestStatus returns the status to answer with where no response can go to the
// caller itself: the first 6xx, otherwise the first one of the lowest class (16.7
// step 6); 0 if there is none. A 408 is no answer to anything but an INVITE (RFC
// 4320).
func (d *decision) bestStatus() int {
	best := 0
	for _, a := range d.attempts[1:] {
		status := finalStatus(a)
		if status == 0 || status == 408 && d.call.GetMethod() != "INVITE" {
			continue
		}
		if best == 0 || class(status) < class(best) {
			best = status
		}
	}
	return best
}

// class orders final statuses: 6xx, 4xx, 5xx.
func class(status int) int {
	if status >= 600 {
		return 0
	}
	return status / 100
}
