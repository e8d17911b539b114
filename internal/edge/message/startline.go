package message

import "strings"

// startLine reads the first line (7.1, 7.2). Only a response begins with "SIP/":
// no method has a slash.
func (m *Message) startLine(line string) {
	if len(line) >= 4 && strings.EqualFold(line[:4], "SIP/") {
		m.statusLine(line)
		return
	}
	m.isRequest = true
	first, last := strings.IndexByte(line, ' '), strings.LastIndexByte(line, ' ')
	if first < 0 || first == last {
		m.bad("Bad Request-Line", "request line %q: want method, URI and SIP/2.0 with one space between", clip(line))
		return
	}
	m.method, m.uri, m.uriAt = intern(line[:first]), line[first+1:last], first+1
	if !isToken(m.method) {
		m.bad("Bad Method", "method %q is no token", clip(m.method))
	}
	m.version(line[last+1:])
	if i := badURIChar(m.uri); i >= 0 || m.uri == "" {
		m.bad("Bad Request-URI", "Request-URI %q is empty or has a space, < or > in it", clip(m.uri))
	}
}

// badURIChar finds what would end a Request-URI early for somebody else
// (RFC 4475 3.1.2.6 and 3.1.2.7).
func badURIChar(s string) int {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c == '<' || c == '>' || c == 0x7f {
			return i
		}
	}
	return -1
}

func (m *Message) version(s string) {
	switch {
	case strings.EqualFold(s, "SIP/2.0"):
	case len(s) > 4 && strings.EqualFold(s[:4], "SIP/"):
		if m.err == nil {
			m.err = &ParseError{505, "Version Not Supported", "version is " + clip(s) + ", want SIP/2.0"}
		}
	default:
		m.bad("Bad Request-Line", "version is %q, want SIP/2.0", clip(s))
	}
}

func (m *Message) statusLine(line string) {
	version, rest, _ := strings.Cut(line, " ")
	m.version(version)
	code, reason, _ := strings.Cut(rest, " ")
	n, ok := digits(code)
	if !ok || len(code) != 3 || n < 100 || n > 699 {
		m.bad("Bad Status-Line", "status code is %q, want 100 to 699", clip(code))
		return
	}
	m.status, m.reason = int(n), reason
}

// intern returns a standard method without a reference to the message.
func intern(method string) string {
	for _, s := range [...]string{
		"INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "REGISTER", "PRACK", "UPDATE",
		"INFO", "SUBSCRIBE", "NOTIFY", "REFER", "MESSAGE", "PUBLISH",
	} {
		if method == s {
			return s
		}
	}
	return method
}
