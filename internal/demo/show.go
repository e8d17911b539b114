package demo

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// introduce names the players and their addresses.
func (n *network) introduce(s *screen) {
	s.line(span{"A telephone network on this machine", bold})
	s.line()
	s.paragraph("", 0, span{"Every call goes from alice to sipedge, and from there to north, a redirect server, which answers it " +
		"with a 3xx. sipedge asks redirectd over gRPC what to do about that, and does it. What you see below is drawn from the bytes " +
		"on these sockets, and from what redirectd answered:", none})
	s.line()
	who := func(name, addr, about string) {
		s.line(span{pad("  "+name, indent), bold}, span{pad(addr, 18), dim}, span{about, none})
	}
	for _, p := range n.players[:1] {
		who(p.name, p.addr().String(), cast[0].about)
	}
	who(edgeName, n.edgeAddr(remotePolicy).String(), "the proxy in front of the redirect server")
	who("", n.edgeAddr(disabled).String(), "the same with a profile that follows no redirect")
	who("", n.edgeAddr(embeddedPolicy).String(), "the same with the policy in its own process")
	who("redirectd", n.redirectd.addr, "the policy: decides where a redirected call goes (gRPC)")
	for i, p := range n.players[1:] {
		who(p.name, p.addr().String(), cast[i+1].about)
	}
}

// show writes one row: its ladder, what the policy said and why, the outcome.
func (n *network) show(s *screen, res *result) {
	s.line()
	title := "── " + res.row.title + " "
	s.line(span{title + strings.Repeat("─", max(0, width-utf8.RuneCountInString(title))), bold})
	s.line()
	l := newLadder(res.trace)
	l.draw(s, items(res.trace, res.decisions), n.ports(res.row))
	s.line()
	for i := range res.decisions {
		explain(s, &res.decisions[i])
	}
	res.outcome(s, n.caller.name)
}

// ports returns what stands under the names of the players: their ports.
func (n *network) ports(r *row) map[string]string {
	ports := map[string]string{edgeName: ":" + strconv.Itoa(int(n.edgeAddr(r.edge).Port()))}
	for _, p := range n.players {
		ports[p.name] = ":" + strconv.Itoa(int(p.addr().Port()))
	}
	return ports
}

// outcome writes how the call ended, and what is wrong with that.
func (res *result) outcome(s *screen, caller string) {
	mark := span{"✓ ", green}
	if len(res.problems) > 0 {
		mark = span{"✗ ", red}
	}
	s.line(span{pad("  outcome", indent), dim}, mark, span{res.ending(caller), bold})
	for _, p := range res.problems {
		s.paragraph("", indent+2, span{p, red})
	}
}

// ending says how the call ended for the caller: "200 OK from dave, after 2
// attempts".
func (res *result) ending(caller string) string {
	finals := res.trace.finals(caller)
	if len(finals) == 0 {
		return "no final response"
	}
	final := &finals[0]
	from := res.trace.origin(final)
	if from == "" {
		from = edgeName + " itself"
	}
	text := final.start() + " from " + from
	switch n := res.attempts(); n {
	case 0:
		text += ", no redirect attempt"
	case 1:
		text += ", after 1 redirect attempt"
	default:
		text += ", after " + strconv.Itoa(n) + " redirect attempts"
	}
	return text + ", in " + millis(final.at.Sub(res.trace[0].at))
}

// attempts counts the INVITEs after the first one, which goes to the next hop.
func (res *result) attempts() int { return max(0, len(res.trace.invites())-1) }
