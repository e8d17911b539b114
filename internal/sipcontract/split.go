package sipcontract

import (
	"bytes"
	"slices"
	"strings"

	"github.com/redirectd/redirectd/internal/edge/message"
)

// maxMessages is how many messages a text may hold: a request and its response.
const maxMessages = 2

// Message is one message of a text.
type Message struct {
	Raw  []byte // as on the wire: lines end with CRLF, and an empty line ends the head
	Line int    // of the text where it begins, from 1
}

// IsRequest reports whether the message is a request; nothing else of it was
// looked at.
func (m *Message) IsRequest() bool { return !isStatusLine(m.Raw) }

// Split finds the messages of a text, at most two, with blank lines before,
// between and after them. It takes them as people keep them: lines may end with
// LF, and the empty line after the last header field may be missing at the end of
// the text. A body has as many bytes as Content-Length says, counted with CRLF if
// the lines end with LF and that fits; without Content-Length it ends before the
// next start line that stands after an empty line.
//
// Errors are of type [*Error]. Neither the text nor what is returned changes the
// other.
func Split(text []byte) ([]Message, error) {
	s := splitter{text: text, line: 1}
	var messages []Message
	for {
		s.skipBlank()
		if len(s.text) == 0 {
			return messages, nil
		}
		if len(messages) == maxMessages {
			return nil, errorAt(s.line, "a third message begins here; want a request and its response")
		}
		m, err := s.next()
		if err != nil {
			return nil, err
		}
		messages = append(messages, m)
	}
}

// splitter is what is left of a text, and the line that it begins in.
type splitter struct {
	text []byte
	line int
}

// take cuts off the next line and returns it without its end.
func (s *splitter) take() (line []byte, isLF bool) {
	line, rest, found := bytes.Cut(s.text, []byte("\n"))
	s.text, s.line = rest, s.line+1
	line, hasCR := bytes.CutSuffix(line, []byte("\r"))
	return line, found && !hasCR
}

func (s *splitter) skipBlank() {
	for len(s.text) > 0 {
		line, _, _ := bytes.Cut(s.text, []byte("\n"))
		if len(bytes.TrimSpace(line)) > 0 {
			return
		}
		s.take()
	}
}

// next reads the message that begins here.
func (s *splitter) next() (Message, error) {
	start := s.line
	if line, _, _ := bytes.Cut(s.text, []byte("\n")); !isStartLine(line) {
		err := errorAt(start, `%q begins no SIP message; want "INVITE sip:user@host SIP/2.0" or "SIP/2.0 302 Moved Temporarily"`,
			clip(bytes.TrimSpace(line)))
		err.err = ErrNoStartLine
		return Message{}, err
	}
	h := s.head()
	body, err := s.body(h)
	if err != nil {
		return Message{}, err
	}
	raw := slices.Concat(h.raw, body)
	if len(raw) > message.MaxSize {
		return Message{}, errorAt(start, "the message has more than %d bytes", message.MaxSize)
	}
	return Message{Raw: raw, Line: start}, nil
}

// head is a message up to its body.
type head struct {
	raw        []byte // with CRLF, and with the empty line
	hasLF      bool   // a line ended with LF alone
	length     int    // of the body by Content-Length; -1: it does not say
	lengthText string // how it says so
	lengthLine int    // and where
}

func (s *splitter) head() head {
	h := head{length: -1}
	for len(s.text) > 0 {
		at := s.line
		line, isLF := s.take()
		h.hasLF = h.hasLF || isLF
		if len(line) == 0 {
			break
		}
		h.raw = append(append(h.raw, line...), "\r\n"...)
		if name, value, ok := bytes.Cut(line, []byte(":")); ok && isHeader(name, "Content-Length", "l") {
			digits := bytes.TrimSpace(value)
			if n, ok := number(digits); ok {
				h.length, h.lengthText, h.lengthLine = n, clip(digits), at
			}
		}
	}
	h.raw = append(h.raw, "\r\n"...)
	return h
}

// isHeader reports whether the name of a header field, with the blanks before the
// colon, is that one in its long or compact form (7.3.3).
func isHeader(name []byte, long, compact string) bool {
	s := string(bytes.TrimRight(name, " \t"))
	return strings.EqualFold(s, long) || compact != "" && strings.EqualFold(s, compact)
}

// number reads decimal digits; more than a message can be long is just that.
func number(digits []byte) (n int, ok bool) {
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = min(n*10+int(c-'0'), message.MaxSize+1)
	}
	return n, len(digits) > 0
}

// isStartLine reports whether a line looks like the first one of a message, sound
// or not (7.1, 7.2).
func isStartLine(line []byte) bool {
	if isStatusLine(line) {
		return true
	}
	fields := bytes.Fields(line)
	return len(fields) > 2 && isVersion(fields[len(fields)-1])
}

func isStatusLine(line []byte) bool { return isVersion(line) }

func isVersion(s []byte) bool { return len(s) > 4 && bytes.EqualFold(s[:4], []byte("SIP/")) }
