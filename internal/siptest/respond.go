package siptest

import (
	"fmt"
	"strings"
)

// Respond answers a request, to where it came from, and returns what it sent:
// Via, From, Call-ID, CSeq as they came, To with this peer's tag for this request
// unless it has one or the status is 100, Record-Route if the answer makes a
// dialog, and for a 2xx to an INVITE a Contact unless headers have one. headers
// are whole lines: "Contact: <sip:b@127.0.0.1>".
func (p *Peer) Respond(req *Msg, status int, reason string, headers ...string) string {
	p.t.Helper()
	raw := p.Response(req, status, reason, headers...)
	p.Reply(req, raw)
	return raw
}

// Response is what [Peer.Respond] sends, not sent.
func (p *Peer) Response(req *Msg, status int, reason string, headers ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "SIP/2.0 %d %s\r\n", status, reason)
	copied := func(name string) {
		for _, v := range req.Headers(name) {
			fmt.Fprintf(&b, "%s: %s\r\n", name, v)
		}
	}
	copied("Via")
	if status > 100 && status < 300 {
		copied("Record-Route")
	}
	copied("From")
	to := req.Header("To")
	if status > 100 && !req.HasParam("To", "tag") {
		to += ";tag=" + p.tag(req)
	}
	fmt.Fprintf(&b, "To: %s\r\n", to)
	copied("Call-ID")
	copied("CSeq")
	hasContact := false
	for _, h := range headers {
		name, _, _ := strings.Cut(h, ":")
		hasContact = hasContact || sameName(name, "Contact")
		fmt.Fprintf(&b, "%s\r\n", h)
	}
	if !hasContact && status >= 200 && status < 300 && req.Method() == "INVITE" {
		fmt.Fprintf(&b, "Contact: <%s>\r\n", p.URI("callee"))
	}
	b.WriteString("Content-Length: 0\r\n\r\n")
	return b.String()
}
