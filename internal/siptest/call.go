package siptest

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// SDP is the body of an INVITE unless the test says otherwise.
const SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n"

// Call is a request that a peer has sent, and the dialog that may come of it.
type Call struct {
	Raw        string // as it was sent
	CallID     string
	FromTag    string
	Branch     string
	RequestURI string
	To         netip.AddrPort // the next hop of every request of the call

	peer   *Peer
	method string
	routes []string
	cseq   int // of the newest request of ours
	first  int // of the request that Raw is
}

// Option changes a request that [Peer.Invite] sends.
type Option func(*request)

type request struct {
	method      string
	body        string
	maxForwards int
	headers     []field
	variants    []func(string) string
}

type field struct{ name, value string }

// Header adds a header field after the others.
func Header(name, value string) Option {
	return func(r *request) { r.headers = append(r.headers, field{name, value}) }
}

// Method makes it another request than an INVITE, without a body.
func Method(name string) Option {
	return func(r *request) { r.method, r.body = name, "" }
}

// Body is another body than [SDP]; its type stays application/sdp.
func Body(text string) Option {
	return func(r *request) { r.body = text }
}

// MaxForwards is another value than 70; below 0 there is no such field.
func MaxForwards(n int) Option {
	return func(r *request) { r.maxForwards = n }
}

// Variant rewrites the whole text just before it is sent.
func Variant(rewrite func(string) string) Option {
	return func(r *request) { r.variants = append(r.variants, rewrite) }
}

// Invite sends an INVITE, or what [Method] says, outside a dialog, with a fresh
// Call-ID, From tag and branch.
func (p *Peer) Invite(to netip.AddrPort, requestURI string, opts ...Option) *Call {
	p.t.Helper()
	r := request{method: "INVITE", body: SDP, maxForwards: 70}
	for _, o := range opts {
		o(&r)
	}
	c := &Call{
		CallID: token() + "@" + p.addr.Addr().String(), FromTag: token(), Branch: "z9hG4bK" + token(),
		RequestURI: requestURI, To: to, peer: p, method: r.method, cseq: 1, first: 1,
	}
	headers := r.headers
	for _, h := range headers {
		if sameName(h.name, "Route") {
			c.routes = append(c.routes, h.value)
		}
	}
	if r.maxForwards >= 0 {
		headers = append([]field{{"Max-Forwards", fmt.Sprint(r.maxForwards)}}, headers...)
	}
	headers = append(headers, field{"Contact", "<" + p.URI("caller") + ">"})
	if r.body != "" {
		headers = append(headers, field{"Content-Type", "application/sdp"})
	}
	c.Raw = c.build(c.line(r.method, requestURI, c.Branch, c.first), "<"+requestURI+">", headers, r.body)
	for _, rewrite := range r.variants {
		c.Raw = rewrite(c.Raw)
	}
	p.Send(to, c.Raw)
	return c
}

// requestLine is what the requests of a call differ in.
type requestLine struct {
	method, uri, branch string
	cseq                int
}

func (c *Call) line(method, uri, branch string, cseq int) requestLine {
	return requestLine{method, uri, branch, cseq}
}

func (c *Call) build(l requestLine, to string, headers []field, body string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s SIP/2.0\r\n", l.method, l.uri)
	fmt.Fprintf(&b, "Via: SIP/2.0/%s %s;branch=%s;rport\r\n", c.peer.viaName(), c.peer.addr, l.branch)
	fmt.Fprintf(&b, "From: \"Caller, A.\" <%s>;tag=%s\r\nTo: %s\r\n", c.peer.URI("caller"), c.FromTag, to)
	fmt.Fprintf(&b, "Call-ID: %s\r\nCSeq: %d %s\r\n", c.CallID, l.cseq, l.method)
	for _, h := range headers {
		fmt.Fprintf(&b, "%s: %s\r\n", h.name, h.value)
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(body), body)
	return b.String()
}

// Retransmit sends the request once more as it was.
func (c *Call) Retransmit() {
	c.peer.t.Helper()
	c.peer.Send(c.To, c.Raw)
}

// Ack acknowledges a final answer: of a failure or a 3xx hop by hop (RFC 3261
// section 17.1.1.3: the branch, Request-URI and Route of the INVITE), of a 2xx end
// to end (section 13.2.2.4: a new branch, along the route set to the Contact). It
// returns what it sent.
func (c *Call) Ack(final *Msg) string {
	c.peer.t.Helper()
	l := c.line("ACK", c.RequestURI, c.Branch, c.first)
	headers := c.hopByHop()
	if final.Status() < 300 {
		l.uri, headers = c.remote(final)
		l.branch = "z9hG4bK" + token()
	}
	return c.send(l, final.Header("To"), headers)
}

// Cancel cancels the request (RFC 3261 section 9.1) and returns what it sent.
func (c *Call) Cancel() string {
	c.peer.t.Helper()
	return c.send(c.line("CANCEL", c.RequestURI, c.Branch, c.first), "<"+c.RequestURI+">", c.hopByHop())
}

// Bye ends the dialog that ok, a 2xx, has made, and returns what it sent.
func (c *Call) Bye(ok *Msg) string {
	c.peer.t.Helper()
	return c.InDialog("BYE", ok)
}

// InDialog sends a request without a body in the dialog that ok, a 2xx, has
// made, and returns what it sent.
func (c *Call) InDialog(method string, ok *Msg) string {
	c.peer.t.Helper()
	c.cseq++
	target, headers := c.remote(ok)
	if method == "INVITE" {
		headers = append(headers, field{"Contact", "<" + c.peer.URI("caller") + ">"})
	}
	return c.send(c.line(method, target, "z9hG4bK"+token(), c.cseq), ok.Header("To"), headers)
}

func (c *Call) send(l requestLine, to string, headers []field) string {
	c.peer.t.Helper()
	raw := c.build(l, to, headers, "")
	c.peer.Send(c.To, raw)
	return raw
}

func (c *Call) hopByHop() []field {
	headers := []field{{"Max-Forwards", "70"}}
	for _, r := range c.routes {
		headers = append(headers, field{"Route", r})
	}
	return headers
}

// remote is the target and the route set of a dialog (RFC 3261 section 12.1.2).
func (c *Call) remote(ok *Msg) (target string, headers []field) {
	contacts := ok.Values("Contact")
	if len(contacts) == 0 {
		c.peer.t.Fatalf("peer %s: no Contact to send to in:\n%s", c.peer.name, ok.Raw)
	}
	headers = []field{{"Max-Forwards", "70"}}
	for _, r := range slices.Backward(ok.Values("Record-Route")) {
		headers = append(headers, field{"Route", r})
	}
	return uri(contacts[0]), headers
}
