package demo

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	firstLifeline = 10 // its column; the times stand before it
	lastLifeline  = 95
	maxListed     = 4 // header fields shown under a message
)

// ladder draws the messages of a call between lifelines.
type ladder struct {
	names []string
	x     map[string]int // column of each lifeline
	start time.Time
}

// newLadder has a lifeline for each player that took part.
func newLadder(t trace) *ladder {
	l := &ladder{x: map[string]int{}}
	for _, e := range t {
		for _, name := range []string{e.from, e.to} {
			if !slices.Contains(l.names, name) {
				l.names = append(l.names, name)
			}
		}
	}
	slices.SortStableFunc(l.names, func(a, b string) int { return column(a) - column(b) })
	x := firstLifeline
	for i, name := range l.names {
		l.x[name] = x
		x += gap(i, len(l.names))
	}
	if len(t) > 0 {
		l.start = t[0].at
	}
	return l
}

// gap returns the distance from lifeline i of n to the next one. The first two
// gaps carry most of the text; an arrow to a phone crosses the others anyway.
func gap(i, n int) int {
	if n < 2 {
		return 0
	}
	span := lastLifeline - firstLifeline
	outer := min(34, span/(n-1))
	if n > 3 {
		outer = max(span/(n-1), min(30, (span-(n-3)*11)/2))
	}
	if i < 2 || n <= 3 {
		return outer
	}
	return (span - 2*outer) / (n - 3)
}

// draw writes the ladder of a call: its datagrams and its decisions in the order
// of time.
func (l *ladder) draw(s *screen, items []item, ports map[string]string) {
	names, below := newCanvas(), newCanvas()
	names.put(firstLifeline-5, "ms", dim)
	for _, name := range l.names {
		centre(names, l.x[name], name, bold)
		centre(below, l.x[name], ports[name], dim)
	}
	s.line(names.spans()...)
	s.line(below.spans()...)
	for _, it := range items {
		switch {
		case it.event != nil:
			l.message(s, it.event)
		case it.decision != nil:
			l.note(s, it.at, "◆ "+it.decision.by+": "+action(it.decision)+" ("+millis(it.decision.took)+")")
		default:
			l.note(s, it.at, it.fold)
		}
	}
}

func centre(c *canvas, x int, text string, st style) {
	c.put(max(0, min(x-utf8.RuneCountInString(text)/2, width-utf8.RuneCountInString(text))), text, st)
}

// blank is a line with nothing but lifelines.
func (l *ladder) blank() *canvas {
	c := newCanvas()
	for _, name := range l.names {
		c.put(l.x[name], "│", dim)
	}
	return c
}

func (l *ladder) at(at time.Time) *canvas {
	c := l.blank()
	c.put(0, fmt.Sprintf("%7.1f", float64(at.Sub(l.start))/float64(time.Millisecond)), dim)
	return c
}

// message draws an arrow, and under it the header fields that matter for a
// redirect: the contacts of a 3xx, the Route of an INVITE.
func (l *ladder) message(s *screen, e *event) {
	c := l.at(e.at)
	from, to := l.x[e.from], l.x[e.to]
	left, right := min(from, to), max(from, to)
	inner := right - left - 1
	label := cut(e.label(inner-4), inner-4)
	line := " " + label + " "
	dashes := max(0, inner-utf8.RuneCountInString(line)-1)
	line = strings.Repeat("─", dashes/2) + line + strings.Repeat("─", dashes-dashes/2)
	if to > from {
		line += "▶"
	} else {
		line = "◀" + line
	}
	st := e.style()
	c.put(left+1, line, st)
	s.line(c.spans()...)
	for _, f := range e.fields() {
		c := l.blank()
		c.put(left+3, f, st)
		s.line(c.spans()...)
	}
}

// note draws a text at the lifeline of the edge.
func (l *ladder) note(s *screen, at time.Time, text string) {
	c := l.at(at)
	c.put(l.x[edgeName], text, cyan)
	s.line(c.spans()...)
}

// label returns the start line, shortened to n columns in a way that keeps what
// tells most.
func (e *event) label(n int) string {
	suffix := ""
	if e.again {
		suffix = " (again)"
	}
	if e.msg.status() > 0 {
		return e.start() + suffix
	}
	method, uri := e.msg.requestLine()
	user, _, _ := strings.Cut(uri, "@")
	for _, label := range []string{method + " " + uri, method + " " + user + "@…"} {
		if label = printable(label) + suffix; utf8.RuneCountInString(label) <= n {
			return label
		}
	}
	return method + suffix
}

func (e *event) style() style {
	switch s := e.msg.status(); {
	case s == 0 && e.msg.method() == "ACK", s > 0 && s < 200:
		return dim
	case s == 0:
		return none
	case s < 300:
		return green
	case s < 400:
		return yellow
	}
	return red
}

// fields returns the header fields that are shown under a message.
func (e *event) fields() []string {
	name := ""
	switch s := e.msg.status(); {
	case s >= 300 && s < 400:
		name = "Contact"
	case e.from == edgeName && e.msg.method() == "INVITE":
		name = "Route"
	}
	var lines []string
	values := e.msg.headers(name)
	for i, v := range values {
		if i == maxListed-1 && len(values) > maxListed {
			return append(lines, "Contact: … "+strconv.Itoa(len(values)-i)+" more")
		}
		lines = append(lines, printable(name+": "+v))
	}
	return lines
}

func millis(d time.Duration) string {
	return strconv.FormatFloat(float64(d)/float64(time.Millisecond), 'f', 1, 64) + " ms"
}
