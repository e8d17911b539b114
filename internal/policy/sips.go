package policy

import (
	"strings"

	"github.com/redirectd/redirectd/internal/sipuri"
)

// secure returns the URI that demands SIPS of what follows the attempt with
// that index: the caller's Request-URI, or the attempt's own. Empty if neither
// does.
func (d *decision) secure(attempt uint32) string {
	if text := d.call.GetRequestUri().GetText(); isSIPS(text) {
		return text
	}
	if uint64(attempt) < uint64(len(d.attempts)) {
		if text := d.attempts[attempt].GetTarget().GetUri(); isSIPS(text) {
			return text
		}
	}
	return ""
}

func isSIPS(text string) bool {
	return len(text) >= len("sips:") && strings.EqualFold(text[:len("sips:")], "sips:")
}

// degrades reports whether a target would go from SIPS to SIP (16.7 step 4).
func (a *identity) degrades() bool {
	insecure := func(u *sipuri.URI) bool { return u.Scheme == "sip" }
	for i := range a.via {
		if insecure(&a.via[i]) {
			return true
		}
	}
	return insecure(&a.uri)
}

func degradesText(text, secure string) string {
	return clean(text) + " after " + clean(secure) + ": never from SIPS to SIP (16.7 step 4)"
}
