package edge

import (
	"time"

	"github.com/redirectd/redirectd/internal/edge/message"
	"github.com/redirectd/redirectd/internal/edge/transaction"
	"github.com/redirectd/redirectd/internal/edge/transport"
)

// timerC is how long an INVITE may ring: longer than three minutes, reset by
// every 101 to 199 (16.6 step 11, 16.7 step 2).
const timerC = 3*time.Minute + time.Second

// branch is one attempt: a client transaction, and the flow that its ACK and its
// CANCEL take too.
type branch struct {
	n       int // its number within the response context; it stands in the Via
	attempt int // index into search.attempts
	flow    transport.Flow
	name    string // that the certificate of the peer must be for, if the flow has one
	client  transaction.Client
	ack     []byte // the ACK of its final response (17.1.1.3)

	heard        bool // a response has come
	concluded    bool // its outcome is known
	answered     bool // a 2xx has come
	timedOut     bool // it is being cancelled because its time is over
	cancelWanted bool
	withheld     *withheld   // nil: the target was sent all credentials
	cancel       *cancelling // nil: no CANCEL was sent

	*underway // nil once it has ended and the search too
}

// underway is what a branch needs until its final response.
type underway struct {
	target       *target
	hop          hop    // where the flow leads
	ways         ways   // addresses of the same attempt that are left
	sent         []byte // the request as it was sent
	sentAt       time.Time
	responseTime time.Time // the target's response_timeout
	timerC       time.Time // 16.8
	answerTime   time.Time // the target's answer_timeout
}

// cancelling is the CANCEL of a branch.
type cancelling struct {
	sent   []byte
	client transaction.NonInviteClient
	end    time.Time // 9.1: no final response 64*T1 after the CANCEL
}

// next returns when the branch wants to hear of the time.
func (b *branch) next() time.Time {
	next := b.client.Next()
	if b.cancel != nil {
		next = transaction.Earlier(next, b.cancel.client.Next())
		if b.client.State() != transaction.Terminated {
			next = transaction.Earlier(next, b.cancel.end)
		}
	}
	if b.concluded {
		return next
	}
	next = transaction.Earlier(next, b.responseTime)
	next = transaction.Earlier(next, b.timerC)
	return transaction.Earlier(next, b.answerTime)
}

// gone reports whether nothing of the branch lives any more.
func (b *branch) gone() bool {
	return b.client.State() == transaction.Terminated &&
		(b.cancel == nil || b.cancel.client.State() == transaction.Terminated)
}

// release drops what a branch does not need after the final response upstream:
// one that has not ended still needs its request, to be cancelled.
func (b *branch) release() {
	if b.underway == nil {
		return
	}
	b.ways = ways{}
	if !b.concluded {
		return
	}
	switch b.client.State() {
	case transaction.Calling, transaction.Trying, transaction.Proceeding: // it may have to be cancelled yet
		b.target = nil
	case transaction.Accepted, transaction.Completed, transaction.Confirmed, transaction.Terminated:
		b.underway = nil
	}
}

// destination is where a new connection goes if that of the branch is gone.
func (b *branch) destination() transport.Destination {
	return transport.Destination{Kind: b.flow.Kind, Addr: b.flow.Remote, Name: b.name}
}

// asSent reads the request as it was sent.
func (b *branch) asSent() *message.Message {
	var m message.Message
	_ = m.ParseSent(b.sent) // our own words
	return &m
}

// branch returns the branch with that number, or nil.
func (rc *responseContext) branch(n int) *branch {
	for _, b := range rc.branches {
		if b.n == n {
			return b
		}
	}
	return nil
}

// nextBranch returns a number for a new branch. Who saw one of the context can't
// guess the next one, and forge its responses.
func (rc *responseContext) nextBranch() int {
	for {
		n := int(newID() >> 33)
		if n != 0 && rc.branch(n) == nil {
			return n
		}
	}
}
