package policy

import (
	"strconv"

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

func (d *decision) take(t *redirectv1.Target, id identity, size int) {
	d.targets = append(d.targets, t)
	d.ids = append(d.ids, id)
	d.limit.bytes -= size
}

// keepRemaining puts the targets of the decision in force after the new ones:
// the search goes depth first. It returns how many it kept. Those that a new
// contact repeats are tried earlier that way.
func (d *decision) keepRemaining() int {
	kept := 0
	for _, t := range d.left {
		id, size := identify(t), proto.Size(t)+targetFraming
		if !sendable(&id) || find(d.tried, &id) >= 0 || find(d.ids, &id) >= 0 {
			continue
		}
		if d.secure(t.GetContact().GetAttempt()) != "" && id.degrades() {
			continue
		}
		if rule, _ := d.limit.exceeded(len(d.targets), size); rule != "" {
			continue
		}
		d.take(proto.CloneOf(t), id, size)
		kept++
	}
	return kept
}

// targetFraming is what a target takes in an answer beyond its texts, rounded
// up.
const targetFraming = 32

// sendable reports whether the edge can send to a target: a SIP or SIPS URI, or
// any other that has a way.
func sendable(id *identity) bool {
	return id.uri.IsSIP() || id.uri.Scheme != "" && len(id.via) > 0
}

// remainingText says how many of the remaining targets are kept; empty if there
// are none.
func (d *decision) remainingText(kept int) string {
	if len(d.left) == 0 {
		return ""
	}
	return ", " + strconv.Itoa(kept) + " of " + strconv.Itoa(len(d.left)) + " remaining targets kept"
}
