// Package message is the one form of a SIP message in the proxy path, on every
// transport: the bytes as they came, cut at Content-Length, and an index of the
// header fields that a proxy acts on.
//
// A header field means the same folded, in compact form, joined by commas or
// split over lines (RFC 3261 section 7.3.1), and it reads the same here.
// Forwarding is the received bytes with a proxy's few edits ([Edit]); nothing
// else changes on its way, so nothing else can be broken on its way. What a
// proxy does not act on is never validated (16.3 step 1).
//
// The files follow a message through: frame cuts it out of a stream; parse,
// startline, field, name, via, scalar and tag index it; list, nameaddr and
// contacts read values on demand; edit, build and received forward it; response
// and hopbyhop make the messages that a proxy answers and cancels with.
package message

import "bytes"

// MaxSize is the largest message in bytes, start line to body; a bigger one is
// [ErrTooLarge].
const MaxSize = 65535

// MaxFields is the most header fields that [Message.Parse] reads; more are 400.
const MaxFields = 256

// Message is a received or sent SIP message. The zero value is ready for
// [Message.Parse], and parsing again into the same Message reuses its memory.
//
// Reading is safe for concurrent use, Parse is not. Strings that the methods
// return stay valid for ever, but may keep the whole message head in memory:
// clone what outlives the message by much. Byte slices are valid as long as
// the bytes given to Parse are.
type Message struct {
	raw    []byte  // start line to the end of the body
	head   string  // a copy of raw up to the body
	fields []field // in order
	first  [idCount]uint16

	maxFields int

	isRequest  bool
	method     string
	uri        string
	uriAt      int
	status     int
	reason     string
	headersEnd int // where the empty line begins
	bodyAt     int

	via           Via
	viaAt         viaSpans
	cseq          uint32
	cseqMethod    string
	maxForwards   int // -1: absent or unreadable
	contentLength int // -1: absent or unreadable
	fromTag       string
	toTag         string
	hasToTag      bool

	readable readable
	unclean  bool // a bare CR or LF, or a NUL, is in the head
	err      *ParseError
}

// readable is the set of header fields that an answer needs and that could be
// read.
type readable uint8

const (
	readVia readable = 1 << iota
	readFrom
	readTo
	readCallID
	readCSeq

	readAll = readVia | readFrom | readTo | readCallID | readCSeq
)

// Answerable reports whether the message can be answered, with an error too: it
// is a request other than ACK with a readable Via, From, To, Call-ID and CSeq.
func (m *Message) Answerable() bool {
	return m.isRequest && m.readable == readAll && m.method != "ACK" && m.cseqMethod != "ACK"
}

// Clone returns a copy with bytes of its own.
func (m *Message) Clone() *Message {
	c := *m
	c.raw = bytes.Clone(m.raw)
	c.fields = append([]field(nil), m.fields...)
	return &c
}

// Raw returns the bytes of the message, start line to the end of the body.
// Leading CRLFs and what follows the body are not part of it.
func (m *Message) Raw() []byte { return m.raw }

// IsRequest reports whether the message is a request.
func (m *Message) IsRequest() bool { return m.isRequest }

// Method returns the method as received (7.1: it is case-sensitive); of a
// response, the one in CSeq.
func (m *Message) Method() string {
	if m.isRequest {
		return m.method
	}
	return m.cseqMethod
}

// RequestURI returns the Request-URI as received; of a response, "".
func (m *Message) RequestURI() string { return m.uri }

// Status returns the status code, 100 to 699; of a request, 0.
func (m *Message) Status() int { return m.status }

// ReasonPhrase returns the reason phrase as received; it may be empty.
func (m *Message) ReasonPhrase() string { return m.reason }

// Body returns the message body.
func (m *Message) Body() []byte {
	if m.bodyAt >= len(m.raw) {
		return nil
	}
	return m.raw[m.bodyAt:]
}

// CallID returns the value of Call-ID (20.8).
func (m *Message) CallID() string { return m.single(idCallID) }

// CSeq returns the number and the method of CSeq (20.16).
func (m *Message) CSeq() (number uint32, method string) { return m.cseq, m.cseqMethod }

// From returns the value of From (20.20), unfolded.
func (m *Message) From() string { return m.single(idFrom) }

// To returns the value of To (20.39), unfolded.
func (m *Message) To() string { return m.single(idTo) }

// FromTag returns the tag of From, "" if it has none (RFC 2543).
func (m *Message) FromTag() string { return m.fromTag }

// ToTag returns the tag of To, "" if it has none.
func (m *Message) ToTag() string { return m.toTag }

// MaxForwards returns the value of Max-Forwards (20.22), 0 to 255; ok is false
// if it is absent.
func (m *Message) MaxForwards() (n int, ok bool) {
	return max(m.maxForwards, 0), m.maxForwards >= 0
}

// HasContentLength reports whether Content-Length is there (20.14).
func (m *Message) HasContentLength() bool { return m.first[idContentLength] != 0 }

// single returns the unfolded value of the first field of that id.
func (m *Message) single(id headerID) string {
	if i := m.first[id]; i != 0 {
		return m.value(&m.fields[i-1])
	}
	return ""
}
