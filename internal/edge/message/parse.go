package message

import (
	"bytes"
	"strings"
)

// Parse indexes raw, which the Message keeps and slices into. The body is cut
// at Content-Length and what is beyond is dropped (18.3); without one the body
// is the rest; less than it says is an error. For streams the framer hands over
// exactly one message ([FrameLength]).
//
// Errors are of type [*ParseError]. m then holds what could be read, and a
// request that is [Message.Answerable] should be answered with the error's
// status; a response is dropped.
func (m *Message) Parse(raw []byte) error { return m.parse(raw, MaxFields) }

// ParseSent is Parse of a message that we made of a received one: it may have
// more header fields.
func (m *Message) ParseSent(raw []byte) error { return m.parse(raw, 2*MaxFields+maxOwnFields) }

// maxOwnFields is more than a proxy adds to a message of its own accord.
const maxOwnFields = 16

func (m *Message) parse(raw []byte, maxFields int) error {
	*m = Message{fields: m.fields[:0], maxFields: maxFields, maxForwards: -1, contentLength: -1}
	raw = bytes.TrimLeft(raw, "\r\n") // 7.5: CRLF before the start line
	if len(raw) > MaxSize {
		m.err = errTooLarge
		raw = raw[:MaxSize]
	}
	if len(raw) == 0 {
		m.bad("Bad Request-Line", "message is empty")
	}
	m.raw = raw
	m.head = string(raw[:headEnd(raw)])
	if i := bareNUL(m.head); i >= 0 {
		m.unclean = true
		m.bad("NUL in Header", "a NUL is at byte %d", i)
	}
	m.scan()
	m.check()
	m.cutBody()
	if m.err != nil {
		return m.err
	}
	return nil
}

// bareNUL finds a NUL that is no quoted-pair, or returns -1: after a "\\" within a
// quoted string it is legal (25.1, RFC 4475 section 3.1.1.2).
func bareNUL(head string) int {
	if strings.IndexByte(head, 0) < 0 {
		return -1
	}
	quoted, startLine := false, true
	for i := 0; i < len(head); i++ {
		switch c := head[i]; {
		case c == 0:
			return i
		case c == '\n':
			startLine = false
			quoted = quoted && i+1 < len(head) && isWSP(head[i+1]) // a fold
		case c == '\\' && quoted:
			i++
		case c == '"' && !startLine:
			quoted = !quoted
		}
	}
	return -1
}

// headEnd returns where the body begins, or the length of raw if it is nowhere.
func headEnd(raw []byte) int {
	if i := bytes.Index(raw, []byte("\r\n\r\n")); i >= 0 {
		return i + 4
	}
	return len(raw)
}

// scan reads the head line by line. A bare LF ends a line too: the message is
// refused anyway, and its sender can be told so.
func (m *Message) scan() {
	end, next := m.line(0)
	m.startLine(m.head[:end])
	for next < len(m.head) {
		start := next
		if end, next = m.line(start); end == start {
			m.headersEnd, m.bodyAt = start, next
			return
		}
		folded := false
		for next < len(m.head) && isWSP(m.head[next]) {
			end, next = m.line(next)
			folded = true
		}
		if len(m.fields) == m.maxFields {
			m.bad("Too Many Header Fields", "message has more than %d header fields", m.maxFields)
			break
		}
		m.addField(start, end, next, folded)
	}
	m.bad("Missing Empty Line", "no empty line ends the header fields")
	m.headersEnd, m.bodyAt = len(m.head), len(m.head)
}

// line returns where the line at pos ends and where the next one begins.
func (m *Message) line(pos int) (end, next int) {
	s := m.head[pos:]
	lf := strings.IndexByte(s, '\n')
	if lf < 0 {
		m.bareLineEnd(pos)
		return len(m.head), len(m.head)
	}
	cr := strings.IndexByte(s[:lf], '\r')
	if cr >= 0 && cr == lf-1 {
		return pos + cr, pos + lf + 1
	}
	m.bareLineEnd(pos)
	if lf > 0 && s[lf-1] == '\r' {
		return pos + lf - 1, pos + lf + 1
	}
	return pos + lf, pos + lf + 1
}

func (m *Message) bareLineEnd(pos int) {
	m.unclean = true
	m.bad("Bare CR or LF in Header", "the line at byte %d does not end with CRLF or has a CR in it", pos)
}

// check asks for what every message must have (8.1.1).
func (m *Message) check() {
	for _, id := range [...]headerID{idVia, idFrom, idTo, idCallID, idCSeq} {
		if m.first[id] == 0 {
			m.bad("Missing "+idNames[id], "message has no %s", idNames[id])
		}
	}
	if m.isRequest && m.readable&readCSeq != 0 && m.method != m.cseqMethod {
		m.bad("Bad CSeq", "CSeq has the method %q, the request line %q", clip(m.cseqMethod), clip(m.method))
	}
}

func (m *Message) cutBody() {
	have := len(m.raw) - m.bodyAt
	switch {
	case m.contentLength < 0:
	case m.contentLength > have:
		m.bad("Bad Content-Length", "Content-Length is %d, but the body has %d bytes", m.contentLength, have)
	default:
		m.raw = m.raw[:m.bodyAt+m.contentLength]
	}
}
