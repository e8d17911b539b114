package sipcontract

import (
	"bytes"
	"fmt"
)

// body cuts off the body of a message and returns it as on the wire.
func (s *splitter) body(h head) ([]byte, error) {
	if h.length < 0 {
		return s.cut(unsized(s.text)), nil
	}
	// The text says which of the two countings was meant: after the body comes
	// nothing, or a message.
	plain, wired := min(h.length, len(s.text)), lfLength(s.text, h.length)
	if h.hasLF && wired >= 0 && atEnd(s.text[wired:]) {
		return withCRLF(s.cut(wired), h.length), nil
	}
	if plain == h.length && atEnd(s.text[plain:]) {
		return s.cut(plain), nil
	}
	return nil, s.wrongLength(h)
}

// wrongLength says how long the body is that ends before the next message.
func (s *splitter) wrongLength(h head) *Error {
	end := unsized(s.text)
	body := bytes.TrimRight(s.text[:end], "\r\n")
	if len(body) > 0 && len(body) < end { // its last line has an end
		body = append(bytes.Clone(body), "\r\n"...)
	}
	if h.hasLF {
		body = withCRLF(body, 0)
	}
	where := ""
	if end < len(s.text) {
		where = fmt.Sprintf(" up to the message in line %d", s.line+bytes.Count(s.text[:end], []byte("\n")))
	}
	return errorAt(h.lengthLine, "Content-Length is %s, but the body%s has %d %s", h.lengthText, where, len(body), plural(len(body)))
}

func plural(n int) string {
	if n == 1 {
		return "byte"
	}
	return "bytes"
}

// cut takes n bytes off the text.
func (s *splitter) cut(n int) []byte {
	b := s.text[:n]
	s.text, s.line = s.text[n:], s.line+bytes.Count(b, []byte("\n"))
	return b
}

// unsized returns the length of a body that nobody has counted.
func unsized(text []byte) int {
	empty := true // the line before: the one that ended the head
	for pos := 0; pos < len(text); {
		line, _, _ := bytes.Cut(text[pos:], []byte("\n"))
		if empty && isStartLine(line) {
			return pos
		}
		empty = len(bytes.TrimSpace(line)) == 0
		pos = min(pos+len(line)+1, len(text))
	}
	return len(text)
}

// lfLength returns how many bytes are a body of n bytes if its lines, which end
// with LF, end with CRLF on the wire; -1 if none are.
func lfLength(text []byte, n int) int {
	count := 0
	for i, c := range text {
		if count == n {
			return i
		}
		if c == '\n' && (i == 0 || text[i-1] != '\r') {
			count++
		}
		count++
	}
	if count == n || count == n-2 { // an editor ends the last line, YAML does not
		return len(text)
	}
	return -1
}

// withCRLF is a body of n bytes on the wire whose lines end with LF in the text.
func withCRLF(body []byte, n int) []byte {
	body = bytes.ReplaceAll(body, []byte("\r\n"), []byte("\n"))
	body = bytes.ReplaceAll(body, []byte("\n"), []byte("\r\n"))
	if len(body) < n {
		body = append(body, "\r\n"...)
	}
	return body
}

// atEnd reports whether nothing more follows but blank lines, or a message.
func atEnd(text []byte) bool {
	s := splitter{text: text}
	s.skipBlank()
	line, _ := s.take()
	return len(line) == 0 || isStartLine(line)
}
