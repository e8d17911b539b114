package message

import (
	"errors"
	"strings"
	"testing"
)

// invite has every header field that the package acts on, in one joined list
// and one split one.
const invite = "INVITE sip:bob@example.com;user=phone SIP/2.0\r\n" +
	"Via: SIP/2.0/UDP 192.0.2.1:5070;rport;branch=z9hG4bKtop, SIP/2.0/TCP [2001:db8::1];branch=z9hG4bKsecond\r\n" +
	"Via: SIP/2.0/TLS a.example.com;branch=z9hG4bKthird\r\n" +
	"Max-Forwards: 70\r\n" +
	"Route: <sip:p1.example.com;lr>, \"P, 2\" <sip:p2.example.com;lr>;x=\"a,b\"\r\n" +
	"Route: <sip:p3.example.com;lr>\r\n" +
	"Record-Route: <sip:r1.example.com;lr>\r\n" +
	"From: \"Alice, \\\"A\\\";tag=no\" <sip:alice@example.com;tag=no>;x=\";tag=no\";tag=from-1\r\n" +
	"To: sip:bob@example.com;tag=to-1\r\n" +
	"Call-ID: 4711@192.0.2.1\r\n" +
	"CSeq: 17 INVITE\r\n" +
	"Contact: <sip:alice@192.0.2.1:5070;transport=udp>\r\n" +
	"Supported: 100rel, timer\r\n" +
	"Supported: histinfo\r\n" +
	"Content-Type: application/sdp\r\n" +
	"Content-Length: 5\r\n" +
	"\r\n" +
	"v=0\r\n"

// redirect is a 302 as carriers send it.
const redirect = "SIP/2.0 302 Moved, for now\r\n" +
	"Via: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKours\r\n" +
	"Via: SIP/2.0/UDP 192.0.2.1:5070;rport=5070;branch=z9hG4bKtop;received=192.0.2.1\r\n" +
	"From: <sip:alice@example.com>;tag=from-1\r\n" +
	"To: <sip:bob@example.com>;tag=to-302\r\n" +
	"Call-ID: 4711@192.0.2.1\r\n" +
	"CSeq: 17 INVITE\r\n" +
	"Contact: \"One, two\" <sip:+1;rn=2;npdi@h1.example.com;transport=tcp>;q=0.99;expires=60, sip:b@h2.example.com;q=0.5\r\n" +
	"Contact: <sips:c@[2001:db8::1]:5061>\r\n" +
	"Content-Length: 0\r\n" +
	"\r\n"

// request builds a small valid request with lines added, in which tests break
// one thing at a time.
func request(lines ...string) string {
	return "OPTIONS sip:bob@example.com SIP/2.0\r\n" +
		"Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n" +
		"From: <sip:a@example.com>;tag=1\r\n" +
		"To: <sip:b@example.com>\r\n" +
		"Call-ID: x\r\n" +
		"CSeq: 1 OPTIONS\r\n" +
		strings.Join(append(lines, ""), "\r\n") + "\r\n"
}

func mustParse(tb testing.TB, raw string) *Message {
	tb.Helper()
	m := new(Message)
	if err := m.Parse([]byte(raw)); err != nil {
		tb.Fatalf("Parse: %v\n%s", err, raw)
	}
	return m
}

// parseError parses what must be refused.
func parseError(t *testing.T, raw string) (*Message, *ParseError) {
	t.Helper()
	m := new(Message)
	err := m.Parse([]byte(raw))
	parse, ok := errors.AsType[*ParseError](err)
	if !ok {
		t.Fatalf("Parse: error %v, want a *ParseError\n%q", err, raw)
	}
	return m, parse
}

// show makes the text of a message readable in a test's output.
func show(s string) string { return strings.ReplaceAll(s, "\r\n", "|\n") }
