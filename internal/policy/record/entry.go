package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/encoding/protojson"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

const (
	// Schema is the version of the lines. It rises when a field goes away or means
	// something else.
	Schema = 1
	// MaxLine is how long a line can be, its end included, in bytes.
	MaxLine = 1 << 20
)

// Entry is one question, and what came of it.
type Entry struct {
	// Asked is when the question was asked, by the clock of who recorded it.
	Asked time.Time
	// Run is of one run of one program alone: 8 hexadecimal digits. Within one a
	// user has one pseudonym.
	Run string
	// Policy is who was asked: "embedded", "redirectd" or the TARGET of an edge.
	Policy string
	// Question is what was asked.
	Question *redirectv1.DecideRequest
	// Answer is what was answered; nil if there was no answer.
	Answer *redirectv1.DecideResponse
	// Error is why there was no answer; nil if there was one.
	Error *Error
	// Duration is how long it took, to the microsecond.
	Duration time.Duration
	// Redacted says what is not as it was.
	Redacted Redact
	// StateRemoved says that the question had a policy_state, which was not
	// recorded.
	StateRemoved bool
}

// Error is why there was no answer.
type Error struct {
	Kind ErrorKind `json:"kind"`
	Text string    `json:"text"` // for people
}

// ErrorKind is why there was no answer, in a word.
type ErrorKind string

// The kinds of errors. The first two are the policy's own word about a question.
const (
	UnknownProfile ErrorKind = "unknown_profile"
	InvalidRequest ErrorKind = "invalid_request"
	Timeout        ErrorKind = "timeout"
	Cancelled      ErrorKind = "cancelled" // the call was over
	Failed         ErrorKind = "failed"
)

// line is an [Entry] as JSON has it.
type line struct {
	Schema       int             `json:"schema"`
	Asked        time.Time       `json:"asked"`
	Run          string          `json:"run"`
	Policy       string          `json:"policy"`
	Redacted     Redact          `json:"redacted,omitempty"`
	StateRemoved bool            `json:"state_removed,omitempty"`
	DurationUS   int64           `json:"duration_us"`
	Error        *Error          `json:"error,omitempty"`
	Question     json.RawMessage `json:"question"`
	Answer       json.RawMessage `json:"answer,omitempty"`
}

// Encode returns the line of an entry, with its end. It is never longer than
// [MaxLine]: then there is an error.
func (e *Entry) Encode() ([]byte, error) {
	l := line{
		Schema: Schema, Asked: e.Asked.UTC(), Run: e.Run, Policy: e.Policy,
		Redacted: e.Redacted, StateRemoved: e.StateRemoved,
		DurationUS: e.Duration.Microseconds(), Error: e.Error,
	}
	if e.Redacted == RedactNone {
		l.Redacted = "" // the ordinary case goes without saying
	}
	var err error
	if l.Question, err = protojson.Marshal(e.Question); err != nil {
		return nil, fmt.Errorf("question: %w", err)
	}
	if e.Answer != nil {
		if l.Answer, err = protojson.Marshal(e.Answer); err != nil {
			return nil, fmt.Errorf("answer: %w", err)
		}
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false) // <sip:a@b> shall be found by who greps for it
	if err := encoder.Encode(&l); err != nil {
		return nil, err
	}
	if out.Len() > MaxLine {
		return nil, fmt.Errorf("the line has %d bytes, more than %d", out.Len(), MaxLine)
	}
	return out.Bytes(), nil
}

// Decode reads a line. Fields that it does not know are ignored: a newer program
// has written them. The error says what is wrong, without a place.
func Decode(data []byte) (*Entry, error) {
	var l line
	if err := json.Unmarshal(data, &l); err != nil {
		return nil, err
	}
	switch {
	case l.Schema == 0:
		return nil, errors.New("it is no record: schema is missing")
	case l.Schema > Schema:
		return nil, fmt.Errorf("schema is %d; this program knows %d", l.Schema, Schema)
	case len(l.Question) == 0:
		return nil, errors.New("question is missing")
	case (len(l.Answer) == 0) == (l.Error == nil):
		return nil, errors.New("want an answer or an error, and not both")
	}
	e := &Entry{
		Asked: l.Asked, Run: l.Run, Policy: l.Policy, Redacted: l.Redacted, StateRemoved: l.StateRemoved,
		Duration: time.Duration(l.DurationUS) * time.Microsecond, Error: l.Error,
		Question: &redirectv1.DecideRequest{},
	}
	read := protojson.UnmarshalOptions{DiscardUnknown: true}
	if err := read.Unmarshal(l.Question, e.Question); err != nil {
		return nil, fmt.Errorf("question: %w", err)
	}
	if len(l.Answer) > 0 {
		e.Answer = &redirectv1.DecideResponse{}
		if err := read.Unmarshal(l.Answer, e.Answer); err != nil {
			return nil, fmt.Errorf("answer: %w", err)
		}
	}
	return e, nil
}
