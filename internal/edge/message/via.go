package message

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// Via is a reading of one Via value (20.42, RFC 3581, RFC 5923).
type Via struct {
	Transport string // in upper case
	Host      string // of sent-by; an IPv6 address without brackets
	Port      uint16 // of sent-by; 0 if absent
	Branch    string
	Received  string // an IPv6 address without brackets
	Maddr     string // an IPv6 address without brackets
	RPort     uint16 // 0 if it has no value
	HasRPort  bool
	HasAlias  bool // RFC 5923 section 5
}

// viaSpans is where MarkReceived works in the top Via. A span begins at the
// ";"; an empty one means that the parameter is absent.
type viaSpans struct {
	received, rport span
	end             int
}

type span struct{ start, end int }

// TopVia returns the topmost Via value.
func (m *Message) TopVia() Via { return m.via }

func (m *Message) readTopVia(f *field) {
	p := viaParser{s: m.head, pos: int(f.val), end: int(f.valEnd)}
	err := p.sentBy()
	if err == nil {
		m.readable |= readVia
		p.spans.end = p.valueEnd
		err = p.params()
	}
	if err == nil && !p.isSIP2 {
		err = errViaProtocol
	}
	m.via, m.viaAt = p.via, p.spans
	if err != nil {
		m.bad("Bad Via", "Via %q: %v", clip(m.value(f)), err)
	}
}

var (
	errViaProtocol = errors.New("want SIP/2.0/ and a transport")
	errViaHost     = errors.New("want a host after the transport")
	errViaBracket  = errors.New("host has [ without ]")
	errViaParam    = errors.New("a parameter has no name")
	errViaQuote    = errors.New("a quote does not close")
)

// viaParser reads one Via value where it stands. No part of it can be folded
// but for quoted strings, so that nothing need be copied.
type viaParser struct {
	s        string
	pos, end int
	valueEnd int // after the last thing read

	isSIP2 bool
	via    Via
	spans  viaSpans
}

func (p *viaParser) skipLWS() {
	for p.pos < p.end && isLWS(p.s[p.pos]) {
		p.pos++
	}
}

// next returns the next byte that is no white space, 0 at the end.
func (p *viaParser) next() byte {
	p.skipLWS()
	if p.pos >= p.end {
		return 0
	}
	return p.s[p.pos]
}

func (p *viaParser) token() string {
	p.skipLWS()
	start := p.pos
	for p.pos < p.end && tokenChar[p.s[p.pos]] {
		p.pos++
	}
	p.valueEnd = p.pos
	return p.s[start:p.pos]
}

// sentBy reads "SIP/2.0/UDP host:port". Another protocol is refused only after
// all was read, so that the refusal finds its way.
func (p *viaParser) sentBy() error {
	name, ok := p.token(), p.slash()
	version, okVersion := p.token(), p.slash()
	p.via.Transport = upperTransport(p.token())
	if !ok || !okVersion || p.via.Transport == "" {
		return errViaProtocol
	}
	p.isSIP2 = strings.EqualFold(name, "SIP") && version == "2.0"
	if err := p.host(); err != nil || p.next() != ':' {
		return err
	}
	p.pos++
	return p.port()
}

func (p *viaParser) slash() bool {
	if p.next() != '/' {
		return false
	}
	p.pos++
	return true
}

func (p *viaParser) host() error {
	if p.next() == '[' {
		start := p.pos + 1
		length := strings.IndexByte(p.s[start:p.end], ']')
		if length < 0 {
			return errViaBracket
		}
		p.via.Host = p.s[start : start+length]
		p.pos = start + length + 1
		p.valueEnd = p.pos
		if a, err := netip.ParseAddr(p.via.Host); err != nil || !a.Is6() {
			return fmt.Errorf("host [%s] is no IPv6 address", clip(p.via.Host))
		}
		return nil
	}
	host := p.token()
	for i := range len(host) {
		if c := host[i]; !isAlphanumeric(c) && c != '.' && c != '-' && c != '_' {
			return fmt.Errorf("host %q has the character %q", clip(host), c)
		}
	}
	if host == "" {
		return errViaHost
	}
	p.via.Host = host
	return nil
}

func (p *viaParser) port() error {
	text := p.token()
	n, ok := digits(text)
	if !ok || n == 0 || n > 65535 {
		return fmt.Errorf("port is %q, want 1 to 65535", clip(text))
	}
	p.via.Port = uint16(n)
	return nil
}

func (p *viaParser) params() error {
	for {
		switch p.next() {
		case 0, ',':
			p.spans.end = p.valueEnd
			return nil
		case ';':
		default:
			return fmt.Errorf("parameters are followed by %q", p.s[p.pos])
		}
		start := p.pos
		p.pos++
		name := p.token()
		if name == "" {
			return errViaParam
		}
		value := ""
		if p.next() == '=' {
			p.pos++
			var err error
			if value, err = p.value(); err != nil {
				return err
			}
		}
		p.param(name, value, span{start, p.valueEnd})
	}
}

// value reads what follows "=": a token, an address with or without brackets,
// or a quoted string.
func (p *viaParser) value() (string, error) {
	c := p.next()
	start := p.pos
	if c == '"' {
		p.pos = quoteEnd(p.s, p.pos, p.end)
		if p.pos > p.end {
			return "", errViaQuote
		}
	}
	for p.pos < p.end && !isLWS(p.s[p.pos]) && p.s[p.pos] != ';' && p.s[p.pos] != ',' {
		p.pos++
	}
	p.valueEnd = p.pos
	return p.s[start:p.pos], nil
}

// param keeps the first of each parameter that a proxy acts on.
func (p *viaParser) param(name, value string, at span) {
	switch {
	case strings.EqualFold(name, "branch") && p.via.Branch == "":
		p.via.Branch = value
	case strings.EqualFold(name, "received") && p.spans.received.end == 0:
		p.via.Received, p.spans.received = unbracket(value), at
	case strings.EqualFold(name, "maddr") && p.via.Maddr == "":
		p.via.Maddr = unbracket(value)
	case strings.EqualFold(name, "alias"):
		p.via.HasAlias = true
	case strings.EqualFold(name, "rport") && p.spans.rport.end == 0:
		p.via.HasRPort, p.spans.rport = true, at
		if n, ok := digits(value); ok && n <= 65535 {
			p.via.RPort = uint16(n)
		}
	}
}

func unbracket(s string) string {
	if len(s) >= 2 && s[0] == '[' && s[len(s)-1] == ']' {
		return s[1 : len(s)-1]
	}
	return s
}

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

func upperTransport(s string) string {
	for _, known := range [...]string{"UDP", "TCP", "TLS", "WS", "WSS", "SCTP"} {
		if strings.EqualFold(s, known) {
			return known
		}
	}
	return strings.ToUpper(s)
}
