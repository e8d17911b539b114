package edge

import (
	"fmt"
	"time"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/edge/locate"
)

// refused is why the edge does not try a target, whatever the policy says.
type refused struct {
	reason string // a bounded word, for the metric
	text   string // a sentence, for people
}

// guard checks a target of a decision just before it is tried: what holds
// against any policy (see the head of the contract).
func (rc *responseContext) guard(t *target, now time.Time) *refused {
	if i := rc.triedAs(t); i >= 0 {
		return &refused{"tried", fmt.Sprintf("%s was tried as attempt %d", t, i)}
	}
	if base := rc.secureBase(t); base != "" && t.uri.Scheme != "sips" {
		return &refused{"sips", fmt.Sprintf("%s after %s: never from SIPS to SIP", t, base)}
	}
	if limit := rc.limits().SetupTime; now.Sub(rc.receivedAt) >= limit {
		return &refused{"setup_time", fmt.Sprintf("the call is %s old (limits.setup_time: %s)",
			now.Sub(rc.receivedAt).Round(time.Second), limit)}
	}
	if limit := rc.timeOfAll(); rc.method != "INVITE" && now.Sub(rc.receivedAt) >= limit {
		return &refused{"setup_time", fmt.Sprintf("the transaction of the %s has ended after %s (RFC 4320)", rc.method, limit)}
	}
	if rc.edge.isOwn(t.hop()) {
		return &refused{"own_address", t.hop().Text + " is this edge itself"}
	}
	kind, err := locate.Kind(t.hop())
	_, asked := t.hop().Param("transport")
	_, numeric := locate.Numeric(t.hop())
	if err == nil && (asked || numeric) && !rc.edge.sockets.Has(kind) { // of any other name, DNS says the transport
		err = errNoListener
	}
	if err != nil {
		return &refused{"transport", fmt.Sprintf("%s: %v", t.hop().Text, err)}
	}
	return nil
}

// triedAs returns the index of the attempt that tried the same target, or -1.
// URI equality is not transitive: it is compared with each.
func (rc *responseContext) triedAs(t *target) int {
	for i, tried := range rc.tried {
		if tried.equal(t) {
			return i
		}
	}
	return -1
}

// secureBase returns the SIPS Request-URI that forbids to go on to SIP, if
// there is one: the caller's, or that of the attempt whose 3xx led to this target
// (16.7 step 4).
func (rc *responseContext) secureBase(t *target) string {
	for _, from := range []int{0, rc.origin(t.proto)} {
		if base := &rc.tried[from].uri; base.Scheme == "sips" {
			return base.Text
		}
	}
	return ""
}

// origin returns the attempt whose 3xx led to a target: that of its contact, or
// the one that was redirected last.
func (rc *responseContext) origin(p *redirectv1.Target) int {
	if ref := p.GetContact(); ref != nil && int(ref.GetAttempt()) < len(rc.tried) {
		return int(ref.GetAttempt())
	}
	return max(0, rc.redirectedFrom)
}

// attemptsLeft returns how many attempts the edge will still make.
func (rc *responseContext) attemptsLeft() int {
	return max(0, rc.limits().Attempts-len(rc.attempts))
}
