package compare

import (
	"slices"
	"strings"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/sipuri"
)

// target is a target as an edge takes it.
type target struct {
	*redirectv1.Target

	uri     place
	routes  []place
	nextHop place
	advance string // the rule in force for it
}

// place is a URI, or a text that stands for one.
type place struct {
	text string
	uri  sipuri.URI
	ok   bool // uri is it
}

// readPlace reads a URI as it will be sent: without a method and without headers
// (section 16.6 step 2).
func readPlace(text string) place {
	uri, err := sipuri.Parse(text)
	if err == nil {
		text = uri.RequestURI()
		uri, err = sipuri.Parse(text)
	}
	return place{text, uri, err == nil}
}

// readRoute reads a URI as it will stand in a Route header field.
func readRoute(text string) place {
	if uri, err := sipuri.Parse(text); err == nil {
		text = uri.WithLR()
	}
	return readPlace(text)
}

func (p *place) equal(o *place) bool {
	if !p.ok || !o.ok {
		return p.ok == o.ok && p.text == o.text
	}
	return sipuri.Equal(&p.uri, &o.uri)
}

// equal reports whether two targets are one to an edge (section 16.5): the same
// Request-URI by the same route set or next hop.
func (t *target) equal(o *target) bool {
	return t.uri.equal(&o.uri) && t.nextHop.equal(&o.nextHop) &&
		slices.EqualFunc(t.routes, o.routes, func(a, b place) bool { return a.equal(&b) })
}

func (t *target) String() string {
	var b strings.Builder
	b.WriteString(t.uri.text)
	for i, r := range t.routes {
		if i == 0 {
			b.WriteString(" by route")
		}
		b.WriteString(" " + r.text)
	}
	if t.GetNextHop() != "" {
		b.WriteString(" via " + t.GetNextHop())
	}
	return b.String()
}

// readTargets returns the targets that are tried: none of them twice.
func readTargets(t *redirectv1.TryTargets) []target {
	var all []target
	for _, p := range t.GetTargets() {
		next := target{Target: p, uri: readPlace(p.GetUri()), advance: ruleOf(t, p)}
		if hop := p.GetNextHop(); hop != "" {
			next.nextHop = readPlace(hop)
		}
		for _, r := range p.GetRoutes() {
			next.routes = append(next.routes, readRoute(r))
		}
		if find(all, &next) < 0 {
			all = append(all, next)
		}
	}
	return all
}

func find(in []target, t *target) int {
	return slices.IndexFunc(in, func(o target) bool { return o.equal(t) })
}

func listOf(targets []target) string {
	if len(targets) == 0 {
		return nothing
	}
	var b strings.Builder
	for i := range targets {
		if i > 0 {
			b.WriteString(", ")
		}
		if b.Len() > maxText {
			break // the rest is clipped
		}
		b.WriteString(targets[i].String())
	}
	return b.String()
}
