package message

import (
	"fmt"
	"strconv"
)

// ParseError says why a message is refused.
type ParseError struct {
	Status int    // what a request is answered with: 400, 505 or 513
	Reason string // the reason phrase for the peer, such as "Bad CSeq"
	Detail string // for the log: the value seen and what would be right
}

// Error returns the status, the reason and the detail.
func (e *ParseError) Error() string {
	return strconv.Itoa(e.Status) + " " + e.Reason + ": " + e.Detail
}

// ErrTooLarge is the error of a message of more than [MaxSize] bytes (21.5.7).
var ErrTooLarge error = errTooLarge

var errTooLarge = &ParseError{
	Status: 513, Reason: "Message Too Large",
	Detail: "message has more than " + strconv.Itoa(MaxSize) + " bytes",
}

// bad notes a 400. The first error stands, and reading goes on, so that as much
// as possible is known of the message that is refused.
func (m *Message) bad(reason, format string, args ...any) {
	if m.err == nil {
		m.err = badRequest(reason, format, args...)
	}
}

func badRequest(reason, format string, args ...any) *ParseError {
	return &ParseError{Status: 400, Reason: reason, Detail: fmt.Sprintf(format, args...)}
}

// clip keeps a value short enough for a log line.
func clip(s string) string {
	const most = 64
	if len(s) <= most {
		return s
	}
	return s[:most] + "..."
}
