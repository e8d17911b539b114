package demo

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// grace is what may pass on top of the policy's timeout before a caller has an
// answer.
const grace = 100 * time.Millisecond

// check compares a call with what its row wants and with what every call needs.
// It returns sentences, none if all is well.
func (n *network) check(res *result) []string {
	t, caller, want := res.trace, n.caller.name, &res.row.want
	problems := checkFinal(t, caller, want)
	problems = append(problems, checkUpstream(t, caller)...)
	problems = append(problems, n.checkInvites(t, want)...)
	problems = append(problems, checkWays(t)...)
	for _, m := range t.missing(caller) {
		problems = append(problems, "expected "+m+", got none")
	}
	return append(problems, checkDecisions(res, caller)...)
}

// checkFinal: exactly one final response, the one that the row wants.
func checkFinal(t trace, caller string, want *want) []string {
	finals := t.finals(caller)
	if len(finals) != 1 {
		starts := []string{}
		for _, f := range finals {
			starts = append(starts, strconv.Itoa(f.msg.status()))
		}
		return []string{fmt.Sprintf("expected exactly one final response at %s, got %d [%s]",
			caller, len(finals), strings.Join(starts, ", "))}
	}
	from := t.origin(&finals[0])
	if got := finals[0].msg.status(); got != want.status || from != want.from {
		return []string{fmt.Sprintf("expected %s at %s, got %s", who(want.status, want.from), caller, who(got, from))}
	}
	return nil
}

// who names a final response: "200 from dave".
func who(status int, from string) string {
	if from == "" {
		from = edgeName
	}
	return strconv.Itoa(status) + " from " + from
}

// checkUpstream: one 100 Trying before everything else (16.2), and never a 3xx.
func checkUpstream(t trace, caller string) []string {
	var problems []string
	responses := t.responses(caller)
	if len(responses) > 0 && responses[0].msg.status() != 100 {
		problems = append(problems, "expected 100 Trying at "+caller+" before everything else, got "+responses[0].start())
	}
	if n := len(responses.where(func(e *event) bool { return e.msg.status() == 100 })); n != 1 {
		problems = append(problems, fmt.Sprintf("expected one 100 Trying at %s, got %d", caller, n))
	}
	for _, e := range responses {
		if s := e.msg.status(); s >= 300 && s < 400 {
			problems = append(problems, "expected that no 3xx reaches "+caller+", got "+e.start())
		}
	}
	return problems
}

func (e *event) start() string { return printable(strings.TrimPrefix(e.msg.start, "SIP/2.0 ")) }

// checkInvites: who got an INVITE, in which order, with which Request-URI and
// Route.
func (n *network) checkInvites(t trace, want *want) []string {
	var got, expected []string
	for _, e := range t.invites() {
		got = append(got, printable(invited(&e)))
	}
	for _, i := range want.invites {
		expected = append(expected, n.expand(i))
	}
	if slices.Equal(got, expected) {
		return nil
	}
	for i := range max(len(got), len(expected)) {
		g, e := at(got, i), at(expected, i)
		if g != e {
			return []string{fmt.Sprintf("expected INVITE %d of %d to %s, got %s", i+1, len(expected), e, g)}
		}
	}
	return nil
}

func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return "nobody"
}

// checkWays: everything goes by way of the edge, requests in the dialog too
// (Record-Route, 16.6 step 4).
func checkWays(t trace) []string {
	var problems []string
	for _, e := range t {
		if e.from != edgeName && e.to != edgeName {
			problems = append(problems, fmt.Sprintf("expected everything by way of %s, got %q from %s to %s",
				edgeName, e.start(), e.from, e.to))
		}
	}
	return problems
}

// checkDecisions: asked of whom the row says, one question per 3xx, over the
// wire or without, answered or not - and the caller has an answer in time.
func checkDecisions(res *result, caller string) []string {
	var problems []string
	expect := func(ok bool, format string, args ...any) {
		if !ok {
			problems = append(problems, fmt.Sprintf(format, args...))
		}
	}
	by, wired := byRedirectd, int64(len(res.decisions))
	switch {
	case res.row.edge == embeddedPolicy:
		by, wired = byEmbedded, 0
	case res.row.down:
		wired = 0
	}
	redirects := len(res.trace.where(func(e *event) bool {
		return e.to == edgeName && e.msg.status() >= 300 && e.msg.status() < 400
	}))
	expect(len(res.decisions) == redirects, "expected one question for each 3xx: %d, got %d", redirects, len(res.decisions))
	expect(res.wired == wired, "expected questions to redirectd over gRPC: %d, got %d", wired, res.wired)
	for _, d := range res.decisions {
		expect(d.by == by, "expected a decision by the %s, got one by the %s", by, d.by)
		if !res.row.down {
			expect(d.err == nil, "expected a decision, got: %v", d.err)
			continue
		}
		expect(d.err != nil, "expected no decision from a redirectd that is down, got one")
		finals := res.trace.finals(caller)
		if len(finals) == 0 {
			continue
		}
		if took := finals[0].at.Sub(d.asked); took > policyTimeout+grace {
			expect(false, "expected a final response within %s of the question, got it after %s", policyTimeout+grace, took.Round(time.Millisecond))
		}
	}
	return problems
}

// late finds what came after a row was shown: a second final response, say.
func (n *network) late(res *result) []string {
	now := n.trace(res.callID).where(func(*event) bool { return true })
	before := res.trace.where(func(*event) bool { return true })
	var problems []string
	for _, e := range now {
		if !slices.ContainsFunc(before, func(b event) bool { return b.at.Equal(e.at) && b.from == e.from && b.to == e.to }) {
			problems = append(problems, fmt.Sprintf("expected nothing after the end of the call, got %q from %s to %s", e.start(), e.from, e.to))
		}
	}
	return problems
}

// strays finds what an edge sent or received that belongs to no call: nothing of
// it would stand in any ladder.
func (n *network) strays(results []*result) []string {
	var problems []string
	datagrams, _ := n.wire.all()
	for _, d := range datagrams {
		if n.names[d.remote] != edgeName {
			continue // from outside the network
		}
		msg, err := readSIP(d.bytes)
		if err != nil {
			problems = append(problems, fmt.Sprintf("expected SIP between %s and %s, got %v", edgeName, d.owner, err))
			continue
		}
		if id := msg.header("Call-ID"); !slices.ContainsFunc(results, func(r *result) bool { return r.callID == id }) {
			problems = append(problems, fmt.Sprintf("expected no call but those above, got %q with Call-ID %q between %s and %s",
				msg.start, id, edgeName, d.owner))
		}
	}
	return problems
}
