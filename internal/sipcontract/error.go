package sipcontract

import (
	"errors"
	"fmt"
)

// Parts of a question that an [Error] can be in.
const (
	InRequest  = "request"
	InResponse = "response"
)

// In the chain of an [Error].
var (
	// ErrAdvice: the response is from 400 to 699, and [Options.Advice] is not set.
	ErrAdvice = errors.New("advice")
	// ErrNoStartLine: a text begins like no SIP message.
	ErrNoStartLine = errors.New("no start line")
)

// Error says what makes a text no question, and where.
type Error struct {
	In   string // InRequest or InResponse; empty: in the text as a whole
	Line int    // of that message, or of the text, from 1
	Text string // what was seen and what would be right
	err  error
}

// Error returns the part, the line and the text.
func (e *Error) Error() string {
	if e.In == "" {
		return fmt.Sprintf("line %d: %s", e.Line, e.Text)
	}
	return fmt.Sprintf("%s, line %d: %s", e.In, e.Line, e.Text)
}

// Unwrap returns [ErrAdvice], [ErrNoStartLine] or nil.
func (e *Error) Unwrap() error { return e.err }

func errorAt(line int, format string, args ...any) *Error {
	return &Error{Line: line, Text: fmt.Sprintf(format, args...)}
}

// clip keeps a value short enough for a line.
func clip[T string | []byte](s T) string {
	const most = 64
	if len(s) <= most {
		return string(s)
	}
	return string(s[:most]) + "..."
}
