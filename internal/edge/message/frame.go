package message

import (
	"bytes"
	"strings"
)

// MaxHead is the largest head, start line to the empty line, in bytes that
// [FrameLength] takes from a stream.
const MaxHead = 32 << 10

// FrameLength looks at the start of a stream buffer: n > 0 says that a whole
// message of n bytes is there, leading CRLFs included (7.5); n == 0 that more
// is needed. An error says that nobody can know where the message ends, and is
// of type [*ParseError]: no Content-Length (18.3: a MUST on streams), an
// unreadable or a second one, a bare LF, a head of more than [MaxHead] or a
// message of more than [MaxSize] bytes.
func FrameLength(b []byte) (n int, err error) {
	start := len(b) - len(bytes.TrimLeft(b, "\r\n"))
	head, err := headLength(b[start:])
	if err != nil || head == 0 {
		return 0, err
	}
	body, err := bodyLength(b[start : start+head])
	if err != nil {
		return 0, err
	}
	switch n = head + body; {
	case n > MaxSize:
		return 0, ErrTooLarge
	case start+n > len(b):
		return 0, nil
	}
	return start + n, nil
}

// headLength returns where the body begins, 0 if the empty line is not there
// yet.
func headLength(b []byte) (int, error) {
	for pos := 0; pos <= MaxHead; {
		lf := bytes.IndexByte(b[pos:], '\n')
		if lf < 0 {
			if len(b) > MaxHead {
				break
			}
			return 0, nil
		}
		if lf == 0 || b[pos+lf-1] != '\r' {
			return 0, badRequest("Bare CR or LF in Header", "the line at byte %d does not end with CRLF", pos)
		}
		pos += lf + 1
		if lf == 1 && pos <= MaxHead {
			return pos, nil
		}
	}
	return 0, badRequest("Header Too Large", "the header fields have more than %d bytes", MaxHead)
}

// bodyLength returns the value of Content-Length in a whole head.
func bodyLength(head []byte) (int, error) {
	length := -1
	for rest := head[fieldLength(head):]; len(rest) > 0; { // after the start line
		field := rest[:fieldLength(rest)]
		rest = rest[len(field):]
		name, value, ok := bytes.Cut(field, []byte(":"))
		if !ok || !isContentLength(bytes.TrimRight(name, " \t")) {
			continue
		}
		if length >= 0 {
			return 0, badRequest("Repeated Content-Length", "message has more than one Content-Length")
		}
		text := bytes.Trim(value, " \t\r\n")
		n, ok := digits(text)
		if !ok {
			return 0, badRequest("Bad Content-Length", "Content-Length is %q, want a number", clip(string(text)))
		}
		length = int(min(n, MaxSize+1))
	}
	if length < 0 {
		return 0, badRequest("Missing Content-Length", "message on a stream has no Content-Length (18.3)")
	}
	return length, nil
}

// fieldLength returns the length of the field at the start of b with all its
// folded lines. Every line of b ends with an LF.
func fieldLength(b []byte) int {
	n := 0
	for {
		n += bytes.IndexByte(b[n:], '\n') + 1
		if n >= len(b) || !isWSP(b[n]) {
			return n
		}
	}
}

func isContentLength(name []byte) bool {
	switch len(name) {
	case 1:
		return name[0]|0x20 == 'l'
	case len("Content-Length"):
		return strings.EqualFold(string(name), "Content-Length")
	}
	return false
}
