package policy

import (
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// decision is one question on its way to its answer.
type decision struct {
	req      *redirectv1.DecideRequest
	profile  *Profile
	call     *redirectv1.Call
	edge     *redirectv1.Edge
	attempts []*redirectv1.Attempt // 1 to 64; the last one brought the event
	left     []*redirectv1.Target  // DecideRequest.remaining
	askedAt  *timestamppb.Timestamp
	limit    limit
	tried    []identity
	asked    asked

	historyDone  bool
	historySoFar *history // nil if it cannot be read

	targets []*redirectv1.Target // the target set so far, in order
	ids     []identity           // theirs
	notes   []string             // what a person should know beside the decision
}

func newDecision(p *Profile, req *redirectv1.DecideRequest) *decision {
	return &decision{
		req:      req,
		profile:  p,
		call:     req.GetCall(),
		edge:     req.GetEdge(),
		attempts: req.GetAttempts(),
		left:     req.GetRemaining(),
		askedAt:  req.GetAskedAt(),
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
// earlier that way. With nested: after they come first. It returns how many it
// kept, and why not the others.
func (d *decision) keepRemaining() (kept int, dropped []string) {
	for _, t := range d.left {
		t = proto.CloneOf(t)
		d.shortenTimer(t)
		if d.profile.HistoryInfo {
			d.renewHistory(t)
		}
		id, size := identify(t), sizeOf(t)
		if why := d.dropRemaining(t, &id, size); why != "" {
			dropped = append(dropped, why)
			continue
		}
		d.take(t, id, size)
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

// maxReasons is how many of several reasons an explanation gives.
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
	return s + " (" + strings.Join(firstFew(dropped), "; ") + ")"
}

// firstFew returns the first reasons, and how many more there are.
func firstFew(reasons []string) []string {
	if more := len(reasons) - maxReasons; more > 0 {
		return append(slices.Clone(reasons[:maxReasons]), "and "+strconv.Itoa(more)+" more")
	}
	return reasons
}
