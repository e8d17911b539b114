package edge

import (
	"context"
	"time"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/edge/message"
	"github.com/redirectd/redirectd/internal/edge/transaction"
	"github.com/redirectd/redirectd/internal/policy"
)

// search is the search for the target that answers a request: all that is needed
// until the final response, and not after it.
type search struct {
	request    *message.Message // as received; every attempt starts from it
	receivedAt time.Time
	in         *inbound
	mac        string // of our Record-Route, once it was made

	tried          []*target // one per attempt
	attempts       []*redirectv1.Attempt
	contacts       map[int][]*redirectv1.Contact // of each 3xx, by attempt
	decision       *redirectv1.TryTargets        // in force; nil before the first one
	explanations   []string
	notes          *notes               // for the record; nil: none is made, or not yet
	trace          *callTrace           // nil: there is none, or not yet
	remaining      []*redirectv1.Target // of the decision, not yet tried
	policyState    []byte
	memory         *policy.Memory // what Options.Policy keeps of this call; nil if it was not asked
	questions      int
	redirectedFrom int              // the attempt that was redirected last, or -1
	redirectStatus int              // the status of that 3xx
	redirect       *message.Message // the 3xx itself, to pass it upstream
	best           bestResponse
	challenges     []challenge     // of every 401 and 407, in the order that they came
	previousCall   *challengedCall // nil: not looked up yet

	tryingAt   time.Time          // when a request other than INVITE gets its 100 (RFC 4320)
	generation uint64             // rises when what is being waited for is worthless
	abort      context.CancelFunc // ends what is being waited for
	waitingFor string             // "policy", "network" or ""
	decideBy   time.Time          // when a remote policy has been waited for long enough
	question   *question          // the one being asked

	ended     bool // a 6xx came while another target rang: no further one
	cancelled bool
	reasons   []string  // Reason values of the caller's CANCEL (RFC 3326)
	cancelEnd time.Time // when the branches have been waited for long enough
}

// nextTimer returns when the search wants to hear of the time.
func (s *search) nextTimer() time.Time {
	return transaction.Earlier(transaction.Earlier(s.decideBy, s.cancelEnd), s.tryingAt)
}

// supersede makes the answer that is being waited for worthless.
func (s *search) supersede() {
	s.generation++
	if s.abort != nil {
		s.abort()
	}
	s.abort, s.waitingFor, s.decideBy, s.question = nil, "", time.Time{}, nil
}

// release ends the search. What is left absorbs retransmissions and repeats the
// final response.
func (rc *responseContext) release() {
	rc.final = true
	if rc.search != nil {
		rc.supersede()
		rc.search = nil
	}
	for _, b := range rc.branches {
		b.release()
	}
}
