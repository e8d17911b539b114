package demo

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// event is one datagram of a call, read.
type event struct {
	at       time.Time
	from, to string // names of players, or an address that nobody has
	msg      *sipMessage
	again    bool // the same bytes on the same way as before
}

// trace is what crossed the sockets for one call, in the order of time.
type trace []event

// traceOf returns the datagrams with a Call-ID. One that two players tapped, as
// it went past the edge, is there once.
func traceOf(datagrams []datagram, callID string, names map[netip.AddrPort]string) trace {
	var t trace
	seen := map[string]bool{}
	for _, d := range datagrams {
		msg, err := readSIP(d.bytes)
		if err != nil || msg.header("Call-ID") != callID {
			continue
		}
		remote, known := names[d.remote]
		if !known {
			remote = d.remote.String()
		}
		if d.out && known && remote != edgeName {
			continue // its receiver has it
		}
		e := event{at: d.at, from: remote, to: d.owner, msg: msg}
		if d.out {
			e.from, e.to = d.owner, remote
		}
		way := e.from + " " + e.to + " " + string(d.bytes)
		e.again, seen[way] = seen[way], true
		t = append(t, e)
	}
	slices.SortStableFunc(t, func(a, b event) int { return a.at.Compare(b.at) })
	return t
}

// invites returns the INVITEs that an edge sent.
func (t trace) invites() trace {
	return t.where(func(e *event) bool { return e.from == edgeName && e.msg.method() == "INVITE" })
}

// responses returns the responses to its INVITE that a player received.
func (t trace) responses(to string) trace {
	return t.where(func(e *event) bool { return e.to == to && e.msg.status() > 0 && e.msg.answers() == "INVITE" })
}

// finals returns the final ones of them.
func (t trace) finals(to string) trace {
	return t.responses(to).where(func(e *event) bool { return e.msg.status() >= 200 })
}

// where returns the events for which ok is true, each of them once.
func (t trace) where(ok func(*event) bool) trace {
	var some trace
	for i := range t {
		if e := &t[i]; !e.again && ok(e) {
			some = append(some, *e)
		}
	}
	return some
}

// has reports whether there is such an event.
func (t trace) has(ok func(*event) bool) bool { return len(t.where(ok)) > 0 }

// origin returns who made a response that the edge passed on, by the tag in its
// To; "" if it was the edge.
func (t trace) origin(final *event) string {
	tag := final.msg.toTag()
	made := t.where(func(e *event) bool {
		return e.to == edgeName && e.msg.status() == final.msg.status() && e.msg.toTag() == tag
	})
	if len(made) == 0 {
		return ""
	}
	return made[0].from
}

// invited describes an INVITE as want.invites does.
func invited(e *event) string {
	_, uri := e.msg.requestLine()
	text := e.to + " " + uri
	if routes := e.msg.headers("Route"); len(routes) > 0 {
		text += " Route " + strings.Join(routes, ", ")
	}
	return text
}

// missing says which messages a call still lacks to be complete: what every
// INVITE must lead to, whatever the outcome.
func (t trace) missing(caller string) []string {
	finals := t.finals(caller)
	if len(finals) == 0 {
		return []string{"a final response at " + caller}
	}
	var missing []string
	for _, f := range t.where(func(e *event) bool { return e.msg.status() >= 200 && e.msg.answers() == "INVITE" }) {
		if !t.acknowledged(&f) {
			missing = append(missing, "an ACK from "+f.to+" for the "+strconv.Itoa(f.msg.status())+" of "+f.from)
		}
	}
	if finals[0].msg.status() < 300 && !t.has(func(e *event) bool {
		return e.to == caller && e.msg.status() == 200 && e.msg.answers() == "BYE"
	}) {
		missing = append(missing, "a 200 for the BYE at "+caller)
	}
	return missing
}

// acknowledged reports whether a final response to INVITE got its ACK: that of a
// 3xx to 6xx on the same hop, with its branch (17.1.1.3), that of a 2xx end to
// end, with its tag.
func (t trace) acknowledged(final *event) bool {
	return t.has(func(e *event) bool {
		if e.msg.method() != "ACK" || e.from != final.to || e.to != final.from {
			return false
		}
		if final.msg.status() < 300 {
			return e.msg.toTag() == final.msg.toTag()
		}
		return e.msg.branch() == final.msg.branch()
	})
}
