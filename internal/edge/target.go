package edge

import (
	"errors"
	"fmt"
	"strings"
	"time"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/edge/message"
	"github.com/redirectd/redirectd/internal/edge/transport"
	"github.com/redirectd/redirectd/internal/sipcontract"
	"github.com/redirectd/redirectd/internal/sipuri"
)

// target is one element of the target set (16.5): the Request-URI as it will be
// sent, and how to get there.
type target struct {
	uri    sipuri.URI // zero if the Request-URI can't be read; then routes or nextHop says where
	routes []sipuri.URI
	// setRoutes says that routes replace what the caller preloaded; otherwise the
	// request keeps its Route fields but for ours.
	setRoutes  bool
	nextHop    sipuri.URI         // zero: by routes and uri
	otherHops  []sipuri.URI       // where else, if nextHop can't be reached
	configured bool               // nextHop and otherHops stand in the configuration
	flow       transport.Flow     // the connection to send it on; zero: one to hop
	proto      *redirectv1.Target // as the policy knows it
	advance    *redirectv1.AdvanceRule
	depth      int // how many 3xx led here
}

// errUnsupportedScheme is 416 for the caller's own Request-URI.
var errUnsupportedScheme = errors.New("scheme is not SIP and there is no next hop")

// errNoRoute is 400: no request can be sent there (16.12, 20.34).
var errNoRoute = errors.New("a Route of another scheme than sip and sips")

var errNoOnward = errors.New("next_hop: the trunk has no onward route")

// firstTarget is the target of a request as it came (16.5): what its routes or
// its Request-URI say, or the next hop of the trunk. The error is for the log.
func firstTarget(r *routed, nextHops []string) (*target, error) {
	t := &target{proto: &redirectv1.Target{Uri: sipcontract.URIText(r.requestURI)}, setRoutes: r.rewritten, flow: r.flow}
	uri, err := sipuri.Parse(r.requestURI)
	if err == nil && len(uri.Headers) > 0 { // must not go on (19.1.1 table 1, RFC 4475 section 3.1.2.11)
		uri, err = sipuri.Parse(uri.RequestURI())
	}
	if err != nil && isSIPScheme(r.requestURI) { // 16.3 step 1; RFC 5118 section 4.2
		return nil, err
	}
	t.uri = uri
	if len(nextHops) > 0 {
		t.setRoutes, t.configured, t.proto.NextHop = true, true, nextHops[0]
		return t, t.takeHops(nextHops)
	}
	if len(r.routes) > 0 {
		return t, t.takeRoutes(r)
	}
	if err != nil {
		return nil, err
	}
	if !uri.IsSIP() {
		return nil, fmt.Errorf("%w: %s", errUnsupportedScheme, uri.Scheme)
	}
	return t, nil
}

func isSIPScheme(text string) bool {
	scheme, _, _ := strings.Cut(text, ":")
	return strings.EqualFold(scheme, "sip") || strings.EqualFold(scheme, "sips")
}

// takeHops sends the request to the first of several hops that are configured;
// the others are tried if that can't be reached.
func (t *target) takeHops(hops []string) error {
	t.configured = true
	for i, text := range hops {
		uri, err := sipuri.Parse(text)
		if err != nil {
			return err
		}
		if i == 0 {
			t.nextHop = uri
			continue
		}
		t.otherHops = append(t.otherHops, uri)
	}
	return nil
}

// takeRoutes keeps the caller's route set. If its first element is a strict
// router, the Request-URI goes to its end (16.6 step 6).
func (t *target) takeRoutes(r *routed) error {
	for i, value := range r.routes {
		uri := sipuri.URI{Text: value}
		route, err := message.ParseNameAddr(value)
		if err == nil {
			uri, err = sipuri.Parse(route.URI)
		}
		if err == nil && !uri.IsSIP() {
			err = errNoRoute
		}
		if err != nil && i == 0 { // the others are whose they are (16.3 step 1)
			return fmt.Errorf("route %q: %w", value, err)
		}
		t.routes = append(t.routes, uri)
		t.proto.Routes = append(t.proto.Routes, sipcontract.URIText(uri.Text))
	}
	if _, loose := t.routes[0].Param("lr"); !loose {
		t.setRoutes = true
		strict := t.routes[0]
		t.nextHop = strict
		t.routes = append(t.routes[1:], t.uri)
		t.uri = strict
	}
	return nil
}

// redirectedTarget reads a target of a decision. The error says why the edge
// refuses it. A redirected request starts from a clean copy: the routes that the
// caller preloaded led to whoever redirected it.
func redirectedTarget(p *redirectv1.Target, in *inbound) (*target, error) {
	t := &target{proto: p, setRoutes: true, advance: p.GetAdvance()}
	uri, err := sipuri.Parse(p.GetUri())
	if err != nil {
		return t, err
	}
	if t.uri, err = sipuri.Parse(uri.RequestURI()); err != nil {
		return t, err
	}
	for _, text := range p.GetRoutes() {
		route, err := parseSIP(text)
		if err == nil {
			route, err = sipuri.Parse(route.WithLR())
		}
		if err != nil {
			return t, fmt.Errorf("route: %w", err)
		}
		t.routes = append(t.routes, route)
	}
	switch hop := p.GetNextHop(); hop {
	case "":
	case onward:
		if err := t.takeOnward(in); err != nil {
			return t, err
		}
	default:
		if t.nextHop, err = parseSIP(hop); err != nil {
			return t, fmt.Errorf("next_hop: %w", err)
		}
	}
	if !t.uri.IsSIP() && len(t.routes) == 0 && t.nextHop.Host == "" {
		return t, fmt.Errorf("scheme %s can't be tried without routes or next_hop (sip, sips)", t.uri.Scheme)
	}
	return t, nil
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

// hop returns the URI that says where the request goes (16.6 step 7).
func (t *target) hop() *sipuri.URI {
	switch {
	case t.nextHop.Host != "":
		return &t.nextHop
	case len(t.routes) > 0:
		return &t.routes[0]
	}
	return &t.uri
}

// routeValues returns the route set for the Route header field. A next hop
// stands in it only if it says so by lr.
func (t *target) routeValues() []string {
	var values []string
	if _, loose := t.nextHop.Param("lr"); loose {
		values = append(values, t.nextHop.Text)
	}
	for i := range t.routes {
		values = append(values, t.routes[i].Text)
	}
	return values
}

// equal reports whether two targets are one: the same Request-URI (19.1.4) by
// the same route set and next hop.
func (t *target) equal(o *target) bool {
	if len(t.routes) != len(o.routes) || !sipuri.Equal(&t.uri, &o.uri) || !equalHop(&t.nextHop, &o.nextHop) {
		return false
	}
	for i := range t.routes {
		if !sipuri.Equal(&t.routes[i], &o.routes[i]) {
			return false
		}
	}
	return true
}

func equalHop(a, b *sipuri.URI) bool {
	if a.Host == "" || b.Host == "" {
		return a.Host == b.Host
	}
	return sipuri.Equal(a, b)
}

// String returns the target for a log line.
func (t *target) String() string {
	text := t.proto.GetUri()
	if t.nextHop.Host != "" {
		text += " via " + t.nextHop.Text
	} else if len(t.routes) > 0 && t.setRoutes {
		text += " via " + strings.Join(t.proto.GetRoutes(), ", ")
	}
	return text
}

// responseTimeout and answerTimeout return the target's own timers, 0 if it has
// none, held within what the contract allows.
func (t *target) responseTimeout() time.Duration {
	if t.proto.GetResponseTimeout() == nil {
		return 0
	}
	return min(max(t.proto.GetResponseTimeout().AsDuration(), 100*time.Millisecond), 32*time.Second)
}

func (t *target) answerTimeout() time.Duration {
	if t.proto.GetAnswerTimeout() == nil {
		return 0
	}
	return min(max(t.proto.GetAnswerTimeout().AsDuration(), time.Second), 10*time.Minute)
}
