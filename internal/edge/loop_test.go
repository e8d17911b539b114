package edge

import (
	"strings"
	"testing"

	"github.com/redirectd/redirectd/internal/siptest"
)

// lap is a request as a proxy sends it back to the edge, with other routes.
func lap(p *siptest.Peer, m *siptest.Msg, routes ...string) string {
	lines := []string{m.StartLine(), "Via: SIP/2.0/UDP " + p.Addr().String() + ";branch=z9hG4bKlap"}
	lines = append(lines, routeLines(routes)...)
	for _, line := range strings.Split(m.Raw, "\r\n")[1:] {
		if !strings.HasPrefix(line, "Route:") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\r\n")
}

// TestSpiralByAnotherRoute comes back with the same Request-URI, and goes on by its
// Route to somewhere else: no loop (16.3 step 4, RFC 5393 section 4.2).
func TestSpiralByAnotherRoute(t *testing.T) {
	t.Parallel()
	caller, x, y := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t)
	toX, toY := "<"+x.URI("")+";lr>", "<"+y.URI("")+";lr>"
	caller.Invite(e.udp, "sip:bob@example.com", siptest.Header("Route", toX+", "+toY))
	m := x.Expect("INVITE sip:bob@example.com ")
	x.Send(e.udp, lap(x, m, toY))
	second := y.Expect("INVITE sip:bob@example.com ")
	y.Send(e.udp, lap(y, second, toY))
	y.ExpectSkipping100("SIP/2.0 482 ")
}

// TestLoopWhateverTheRoute: with a next hop no Route makes a difference.
func TestLoopWhateverTheRoute(t *testing.T) {
	t.Parallel()
	caller, proxy := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(proxy.URI("")))
	caller.Invite(e.udp, "sip:bob@example.com")
	m := proxy.Expect("INVITE sip:bob@example.com ")
	proxy.Send(e.udp, lap(proxy, m, "<sip:elsewhere.example.com;lr>"))
	proxy.Expect("SIP/2.0 482 ")
}
