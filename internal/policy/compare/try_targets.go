package compare

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/types/known/durationpb"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// nothing stands for what is not there.
const nothing = "nothing"

func (c *comparison) tryTargets(a, b *redirectv1.TryTargets) {
	if a == nil || b == nil { // the action is another one
		return
	}
	first, second := readTargets(a), readTargets(b)
	c.targets(first, second)
	c.texts(OtherDetails, "consult_on_failure", strconv.FormatBool(a.GetConsultOnFailure()), strconv.FormatBool(b.GetConsultOnFailure()))
	c.exhausted(a, b)
}

// targets compares lists of targets, and those that stand in both each with its
// like.
func (c *comparison) targets(a, b []target) {
	pairs, onlyA, onlyB := pair(a, b)
	switch {
	case len(onlyA)+len(onlyB) > 0:
		c.differ(OtherTarget, "targets of only one", listOf(onlyA), listOf(onlyB))
	case !slices.IsSortedFunc(pairs, func(p, q [2]int) int { return p[1] - q[1] }):
		c.differ(OtherOrder, "order", listOf(a), listOf(b))
	}
	for _, p := range pairs {
		c.target(&a[p[0]], &b[p[1]])
	}
}

// pair finds each target of a in b. Equality of URIs is not transitive (section
// 19.1.4): each is taken by the first that equals it.
func pair(a, b []target) (pairs [][2]int, onlyA, onlyB []target) {
	taken := make([]bool, len(b))
	for i := range a {
		j := -1
		for k := 0; k < len(b) && j < 0; k++ {
			if !taken[k] && b[k].equal(&a[i]) {
				j = k
			}
		}
		if j < 0 {
			onlyA = append(onlyA, a[i])
			continue
		}
		taken[j] = true
		pairs = append(pairs, [2]int{i, j})
	}
	for j := range b {
		if !taken[j] {
			onlyB = append(onlyB, b[j])
		}
	}
	return pairs, onlyA, onlyB
}

// target compares what is done with one target.
func (c *comparison) target(a, b *target) {
	where := "target " + clip(a.String()) + ": "
	c.headerOps(where, a.GetHeaderOps(), b.GetHeaderOps())
	c.texts(OtherDetails, where+"response_timeout", durationOf(a.GetResponseTimeout()), durationOf(b.GetResponseTimeout()))
	c.texts(OtherDetails, where+"answer_timeout", durationOf(a.GetAnswerTimeout()), durationOf(b.GetAnswerTimeout()))
	c.texts(OtherDetails, where+"advance", a.advance, b.advance)
	c.texts(OtherDetails, where+"label", quoted(a.GetLabel()), quoted(b.GetLabel()))
	c.texts(OtherDetails, where+"contact", contactOf(a.GetContact()), contactOf(b.GetContact()))
}

// exhausted compares what the caller gets when no target answers.
func (c *comparison) exhausted(a, b *redirectv1.TryTargets) {
	x, y := a.GetExhausted(), b.GetExhausted()
	if x == nil || y == nil {
		if x != y {
			c.differ(OtherCode, "exhausted", finalOf(x), finalOf(y))
		}
		return
	}
	c.final("exhausted: ", x, y)
	c.texts(OtherCode, "exhausted_only_if_none", strconv.FormatBool(a.GetExhaustedOnlyIfNone()), strconv.FormatBool(b.GetExhaustedOnlyIfNone()))
}

func finalOf(r *redirectv1.FinalResponse) string {
	if r == nil {
		return "the best response"
	}
	return strconv.Itoa(int(r.GetStatus()))
}

func durationOf(d *durationpb.Duration) string {
	if d == nil {
		return nothing
	}
	return d.AsDuration().String()
}

func quoted(s string) string {
	if s == "" {
		return nothing
	}
	return strconv.Quote(s)
}

func contactOf(r *redirectv1.ContactRef) string {
	if r == nil {
		return nothing
	}
	return fmt.Sprintf("%d of attempt %d", r.GetIndex(), r.GetAttempt())
}

// ruleOf says which failures of a target go on to the next one.
func ruleOf(t *redirectv1.TryTargets, target *redirectv1.Target) string {
	rule := target.GetAdvance()
	if rule == nil {
		rule = t.GetAdvance()
	}
	if rule == nil {
		rule = defaultAdvance
	}
	parts := statuses(rule.GetStatuses())
	for _, part := range []struct {
		set  bool
		name string
	}{{rule.GetTimeout(), "timeout"}, {rule.GetTransportError(), "transport_error"}, {rule.GetStopAfterRinging(), "stop_after_ringing"}} {
		if part.set {
			parts = append(parts, part.name)
		}
	}
	if len(parts) == 0 {
		return nothing
	}
	return strings.Join(parts, " ")
}

// defaultAdvance is what an unset rule says (TryTargets.advance).
var defaultAdvance = &redirectv1.AdvanceRule{
	Statuses: []*redirectv1.StatusRange{{First: 400, Last: 400}, {First: 402, Last: 406}, {First: 408, Last: 599}},
	Timeout:  true, TransportError: true,
}

// statuses writes ranges in one way, however they were given.
func statuses(ranges []*redirectv1.StatusRange) (parts []string) {
	const first, last = 400, 599
	var in [last + 2]bool // one more, that ends the last range
	for _, r := range ranges {
		for s := max(r.GetFirst(), first); s <= min(r.GetLast(), last); s++ {
			in[s] = true
		}
	}
	from := 0
	for s := first; s < len(in); s++ {
		switch {
		case in[s] && from == 0:
			from = s
		case !in[s] && from == s-1:
			parts, from = append(parts, strconv.Itoa(from)), 0
		case !in[s] && from > 0:
			parts, from = append(parts, fmt.Sprintf("%d-%d", from, s-1)), 0
		}
	}
	return parts
}
