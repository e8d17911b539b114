package conformance

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/sipuri"
)

// onward is the next_hop that stands for the edge's own route, and the feature of
// an edge that has one.
const onward = "onward"

func targetName(i int) string { return "try_targets.targets[" + strconv.Itoa(i) + "]" }

func containsText(list []string, s string) bool { return slices.Contains(list, s) }

func countsTargets(x *exchange) error {
	try := x.resp.GetTryTargets()
	if n := len(try.GetTargets()); try != nil && (n == 0 || n > maxTargets) {
		return fmt.Errorf("try_targets.targets: %d is out of range (1 to %d)", n, maxTargets)
	}
	return nil
}

// targets judges each target of an answer.
func targets(judge func(x *exchange, t *redirectv1.Target) error) func(*exchange) error {
	return func(x *exchange) error {
		for i, t := range x.resp.GetTryTargets().GetTargets() {
			if err := judge(x, t); err != nil {
				return fmt.Errorf("%s%w", targetName(i), err)
			}
		}
		return nil
	}
}

func goodURI(_ *exchange, t *redirectv1.Target) error {
	uri, err := sipuri.Parse(t.GetUri())
	switch {
	case err != nil:
		return fmt.Errorf(".uri %.64q: %w", t.GetUri(), err)
	case uri.Scheme == "":
		return fmt.Errorf(".uri %.64q has no scheme", t.GetUri())
	case !uri.IsSIP() && len(t.GetRoutes()) == 0 && t.GetNextHop() == "":
		return fmt.Errorf(".uri %.64q has the scheme %s, and neither routes nor next_hop says where to send it", t.GetUri(), uri.Scheme)
	}
	return nil
}

func fromReadable(x *exchange, t *redirectv1.Target) error {
	contacts, ref := x.req.GetRedirect().GetContacts(), t.GetContact()
	if ref == nil || int(ref.GetAttempt()) != len(x.req.GetAttempts())-1 || int(ref.GetIndex()) >= len(contacts) {
		return nil
	}
	if why := contacts[ref.GetIndex()].GetUnreadable(); why != "" {
		return fmt.Errorf(".contact is contact %d, which is unreadable: %s", ref.GetIndex(), why)
	}
	return nil
}

func goodRoutes(_ *exchange, t *redirectv1.Target) error {
	if n := len(t.GetRoutes()); n > maxRoutes {
		return fmt.Errorf(".routes: %d, more than %d", n, maxRoutes)
	}
	for i, r := range t.GetRoutes() {
		if err := sipOrSIPS(r); err != nil {
			return fmt.Errorf(".routes[%d] %.64q: %w", i, r, err)
		}
	}
	return nil
}

func goodNextHop(_ *exchange, t *redirectv1.Target) error {
	hop := t.GetNextHop()
	if hop == "" || hop == onward {
		return nil
	}
	if err := sipOrSIPS(hop); err != nil {
		return fmt.Errorf(".next_hop %.64q: %w", hop, err)
	}
	return nil
}

var errNotSIP = errors.New("no SIP or SIPS URI")

func sipOrSIPS(text string) error {
	uri, err := sipuri.Parse(text)
	if err == nil && !uri.IsSIP() {
		return errNotSIP
	}
	return err
}

func goodTimers(_ *exchange, t *redirectv1.Target) error {
	for _, timer := range []struct {
		name      string
		is        *durationpb.Duration
		low, high time.Duration
	}{
		{"response_timeout", t.GetResponseTimeout(), 100 * time.Millisecond, 32 * time.Second},
		{"answer_timeout", t.GetAnswerTimeout(), time.Second, 10 * time.Minute},
	} {
		if d := timer.is.AsDuration(); timer.is != nil && (d < timer.low || d > timer.high) {
			return fmt.Errorf(".%s: %s is out of range (%s to %s)", timer.name, d, timer.low, timer.high)
		}
	}
	return nil
}

func contactExists(x *exchange, t *redirectv1.Target) error {
	if t.GetContact() == nil {
		return nil
	}
	if err := refExists(x.req, t.GetContact()); err != nil {
		return fmt.Errorf(".contact: %w", err)
	}
	return nil
}

// place is what makes a target itself (16.5): its Request-URI as it is sent, and
// the way there.
type place struct {
	uri  sipuri.URI
	via  []sipuri.URI
	text string
}

func placeOf(t *redirectv1.Target) place {
	p := place{uri: sent(t.GetUri()), text: t.GetUri()}
	for _, r := range t.GetRoutes() {
		p.via = append(p.via, sent(r))
	}
	if t.GetNextHop() != "" {
		p.via = append(p.via, sent(t.GetNextHop()))
	}
	return p
}

// sent reads a URI as it is sent. One that cannot be read equals its text alone.
func sent(text string) sipuri.URI {
	u, err := sipuri.Parse(text)
	if err == nil {
		u, err = sipuri.Parse(u.RequestURI())
	}
	if err != nil {
		return sipuri.URI{Text: text}
	}
	return u
}

func (p *place) equal(o *place) bool {
	return sipuri.Equal(&p.uri, &o.uri) &&
		slices.EqualFunc(p.via, o.via, func(a, b sipuri.URI) bool { return sipuri.Equal(&a, &b) })
}
