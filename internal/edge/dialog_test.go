package edge

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/redirectd/redirectd/internal/siptest"
)

// side is what one side of a dialog sends its requests with (12.2.1.1).
type side struct {
	peer             *siptest.Peer
	from, to, callID string
	target           string
	routes           []string
}

// callerSide is the caller's, from the 2xx that it received.
func callerSide(p *siptest.Peer, ok *siptest.Msg) side {
	routes := ok.Values("Record-Route")
	slices.Reverse(routes)
	return side{p, ok.Header("From"), ok.Header("To"), ok.Header("Call-ID"), uriOf(ok.Header("Contact")), routes}
}

// calleeSide is the callee's, from the INVITE that it received and the answer
// that it sent.
func calleeSide(p *siptest.Peer, invite *siptest.Msg, answer string) side {
	ok := siptest.Msg{Raw: answer}
	return side{p, ok.Header("To"), ok.Header("From"), ok.Header("Call-ID"), uriOf(invite.Header("Contact")), invite.Values("Record-Route")}
}

// request is the text of a request of that side.
func (s side) request(method string, cseq int, headers ...string) string {
	return requestText(s.peer, method, s.target, append([]string{
		"From: " + s.from, "To: " + s.to, "Call-ID: " + s.callID, fmt.Sprintf("CSeq: %d %s", cseq, method),
		"Max-Forwards: 70",
	}, append(routeLines(s.routes), headers...)...)...)
}

func routeLines(routes []string) (lines []string) {
	for _, r := range routes {
		lines = append(lines, "Route: "+r)
	}
	return lines
}

// requestText is a request without a body with these header fields, and a Via of
// the peer with a branch of its own.
func requestText(p *siptest.Peer, method, uri string, headers ...string) string {
	transport := "UDP"
	if _, name, ok := strings.Cut(p.URI(""), ";transport="); ok {
		transport = strings.ToUpper(name)
	}
	return fmt.Sprintf("%s %s SIP/2.0\r\nVia: SIP/2.0/%s %s;branch=z9hG4bK%x;rport\r\n%s\r\nContent-Length: 0\r\n\r\n",
		method, uri, transport, p.Addr(), rand.Uint64(), strings.Join(headers, "\r\n"))
}

// ofInvite is the CANCEL of an INVITE, or the ACK of its final response: what is
// sent hop by hop (9.1, 17.1.1.3).
func ofInvite(invite, method string, final *siptest.Msg) string {
	m := siptest.Msg{Raw: invite}
	to := m.Header("To")
	if final != nil {
		to = final.Header("To")
	}
	cseq, _, _ := strings.Cut(m.Header("CSeq"), " ")
	lines := append([]string{
		method + " " + m.RequestURI() + " SIP/2.0", "Via: " + m.Values("Via")[0], "From: " + m.Header("From"), "To: " + to,
		"Call-ID: " + m.Header("Call-ID"), "CSeq: " + cseq + " " + method, "Max-Forwards: 70",
	}, routeLines(m.Values("Route"))...)
	return strings.Join(lines, "\r\n") + "\r\nContent-Length: 0\r\n\r\n"
}

func uriOf(value string) string {
	_, value, _ = strings.Cut(value, "<")
	value, _, _ = strings.Cut(value, ">")
	return value
}

// answered is a call that a target has answered, through the edge.
type answered struct {
	caller, callee *siptest.Peer
	call           *siptest.Call
	invite, ok     *siptest.Msg // as the callee and as the caller received them
	answer         string       // as the callee sent it
}

// answer makes a call from caller to callee, which the edge reaches by itself or
// by its next hop, and acknowledges it.
func answer(t *testing.T, e *running, caller, callee *siptest.Peer, uri string, opts ...siptest.Option) *answered {
	t.Helper()
	to := e.udp
	switch _, name, _ := strings.Cut(caller.URI(""), ";transport="); name {
	case "tcp":
		to = e.tcp
	case "tls":
		to = e.tls
	}
	a := &answered{caller: caller, callee: callee}
	a.call = caller.Invite(to, uri, opts...)
	a.invite = callee.Expect("INVITE ")
	a.answer = callee.Respond(a.invite, 200, "OK")
	a.ok = caller.ExpectSkipping100("SIP/2.0 200")
	a.call.Ack(a.ok)
	callee.Expect("ACK ")
	return a
}
