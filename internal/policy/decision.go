package policy

import (
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// decision is one question on its way to its answer.
type decision struct {
	profile  *Profile
	call     *redirectv1.Call
	edge     *redirectv1.Edge
	attempts []*redirectv1.Attempt // 1 to 64; the last one brought the event
	left     []*redirectv1.Target  // DecideRequest.remaining
	limit    limit
	tried    []identity

	targets []*redirectv1.Target // the target set so far, in order
	ids     []identity           // theirs
}

func newDecision(p *Profile, req *redirectv1.DecideRequest) *decision {
	return &decision{
		profile:  p,
		call:     req.GetCall(),
		edge:     req.GetEdge(),
		attempts: req.GetAttempts(),
		left:     req.GetRemaining(),
		limit:    newLimit(p, req),
		tried:    tried(req.GetAttempts()),
	}
}

func (d *decision) last() *redirectv1.Attempt { return d.attempts[len(d.attempts)-1] }

// can reports whether the edge is able to do more than try plain URIs. One that
// names no feature at all has not said, and is trusted.
func (d *decision) can(feature string) bool {
	features := d.edge.GetFeatures()
	return len(features) == 0 || slices.Contains(features, feature)
}

func (d *decision) take(t *redirectv1.Target, id identity, size int) {
	d.targets = append(d.targets, t)
	d.ids = append(d.ids, id)
	d.limit.bytes -= size
}

// keepRemaining puts the targets of the decision in force after the new ones:
// the search goes depth first. Those that a new contact repeats are tried
// earlier that way. It returns how many it kept, and why not the others.
func (d *decision) keepRemaining() (kept int, dropped []string) {
	for _, t := range d.left {
		id, size := identify(t), proto.Size(t)+targetFraming
		if why := d.dropRemaining(t, &id, size); why != "" {
			dropped = append(dropped, why)
			continue
		}
		d.take(proto.CloneOf(t), id, size)
		kept++
	}
	return kept, dropped
}

// dropRemaining says why a remaining target is not kept; empty if it is.
func (d *decision) dropRemaining(t *redirectv1.Target, id *identity, size int) string {
	uri := t.GetUri()
	if !sendable(id) {
		return clean(uri) + " cannot be sent to"
	}
	if secure := d.secure(t.GetContact().GetAttempt()); secure != "" && id.degrades() {
		return degradesText(uri, secure)
	}
	if n := find(d.tried, id); n >= 0 {
		return d.triedText(uri, id.uri.Text, n)
	}
	if find(d.ids, id) >= 0 {
		return clean(uri) + " comes before"
	}
	if rule, why := d.limit.exceeded(len(d.targets), size); rule != "" {
		return clean(uri) + ": " + why
	}
	return ""
}

// targetFraming is what a target takes in an answer beyond its texts, rounded
// up.
const targetFraming = 32

// sendable reports whether the edge can send to a target: a SIP or SIPS URI, or
// any other that has a way.
func sendable(id *identity) bool {
	return id.uri.IsSIP() || id.uri.Scheme != "" && len(id.via) > 0
}

// maxReasons is of how many dropped targets the explanation says why.
const maxReasons = 3

// remainingText says how many of the remaining targets are kept, and why not the
// first few of the others; empty if none remained.
func (d *decision) remainingText(kept int, dropped []string) string {
	if len(d.left) == 0 {
		return ""
	}
	s := ", " + strconv.Itoa(kept) + " of " + strconv.Itoa(len(d.left)) + " remaining targets kept"
	if len(dropped) == 0 {
		return s
	}
	s += " (" + strings.Join(dropped[:min(len(dropped), maxReasons)], "; ")
	if more := len(dropped) - maxReasons; more > 0 {
		s += "; and " + strconv.Itoa(more) + " more"
	}
	return s + ")"
}
