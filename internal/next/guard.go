package next

import (
	"fmt"
	"strings"
	"time"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/sipuri"
)

// The limits of a call: those that an edge has unless it is configured otherwise.
const (
	maxAttempts  = 64
	maxNesting   = 10
	maxSetupTime = 3 * time.Minute
)

// onward is the next_hop that stands for the client's own route.
const onward = "onward"

// guard says why a target of a decision is not tried, whatever the policy says (see
// the head of the contract); empty if it is.
func (s *search) guard(t *redirectv1.Target) string {
	attempts := s.req.GetAttempts()
	if err := s.clean(t); err != nil {
		return err.Error()
	}
	if i := policy.TriedAs(attempts, t); i >= 0 {
		return fmt.Sprintf("%s was tried as attempt %d", t.GetUri(), i)
	}
	for _, from := range []int{0, originOf(t, attempts)} {
		if base := attempts[from].GetTarget().GetUri(); isSIPS(base) && !isSIPS(t.GetUri()) {
			return fmt.Sprintf("%s after %s: never from SIPS to SIP", t.GetUri(), base)
		}
	}
	if left := s.timeLeft(); left <= 0 {
		return fmt.Sprintf("the call is older than %s", maxSetupTime)
	}
	return ""
}

// clean makes the URIs of a target what they will be sent as (16.6).
func (s *search) clean(t *redirectv1.Target) error {
	uri, err := sipuri.Parse(t.GetUri())
	if err != nil {
		return err
	}
	t.Uri = uri.RequestURI()
	for i, text := range t.GetRoutes() {
		route, err := parseSIP(text)
		if err != nil {
			return fmt.Errorf("route: %w", err)
		}
		t.Routes[i] = route.WithLR()
	}
	switch hop := t.GetNextHop(); hop {
	case "":
		if !uri.IsSIP() && len(t.GetRoutes()) == 0 {
			return fmt.Errorf("scheme %s can't be tried without routes or next_hop (sip, sips)", uri.Scheme)
		}
	case onward:
		if !s.can(onward) {
			return fmt.Errorf("next_hop: the client has no %s route (features)", onward)
		}
	default:
		next, err := parseSIP(hop)
		if err != nil {
			return fmt.Errorf("next_hop: %w", err)
		}
		t.NextHop = next.RequestURI()
	}
	return nil
}

func parseSIP(text string) (sipuri.URI, error) {
	uri, err := sipuri.Parse(text)
	if err == nil && !uri.IsSIP() {
		err = fmt.Errorf("%q is no SIP URI", text)
	}
	if err != nil {
		return uri, err
	}
	return sipuri.Parse(uri.RequestURI())
}

func isSIPS(text string) bool {
	return len(text) >= len("sips:") && strings.EqualFold(text[:len("sips:")], "sips:")
}

// originOf returns the attempt whose 3xx led to a target: that of its contact, or
// the one that was redirected last.
func originOf(t *redirectv1.Target, attempts []*redirectv1.Attempt) int {
	if ref := t.GetContact(); ref != nil && uint64(ref.GetAttempt()) < uint64(len(attempts)) {
		return int(ref.GetAttempt())
	}
	return redirectedBy(attempts)
}

// depthOf returns how many 3xx led to an attempt. The client's own route leads
// nowhere that a 3xx said.
func depthOf(i int, attempts []*redirectv1.Attempt) int {
	depth := 0
	for i > 0 && attempts[i].GetTarget().GetNextHop() != onward {
		origin := originOf(attempts[i].GetTarget(), attempts[:i])
		i, depth = origin, depth+1
	}
	return depth
}
