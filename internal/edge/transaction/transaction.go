// Package transaction holds the four state machines of RFC 3261 section 17,
// with the corrections of RFC 6026, for what a proxy needs.
//
// A transaction here is a value without sockets, goroutines or a clock. Each
// method takes an event and the time, changes the state, and returns what is to
// be done as an [Action]; whoever holds the transaction does it. Next says when
// Expire wants to be called; calling it earlier, or more often, does nothing.
// The methods are not safe for concurrent use: a response context calls them
// under its lock.
//
//	invite_client.go      17.1.1, figure 5, and RFC 6026 section 7.2
//	non_invite_client.go  17.1.2, figure 6
//	invite_server.go      17.2.1, figure 7, and RFC 6026 section 7.1
//	non_invite_server.go  17.2.2, figure 8
//	key.go                17.1.3 and 17.2.3: which transaction a message belongs to
//	table.go              the transactions in progress
//	wheel.go              when to call Expire
package transaction

import "time"

// State is a state of any of the four machines.
type State uint8

// The states of RFC 3261 section 17 and RFC 6026.
const (
	Calling State = iota + 1
	Trying
	Proceeding
	Accepted
	Completed
	Confirmed
	Terminated
)

var stateNames = [...]string{"Idle", "Calling", "Trying", "Proceeding", "Accepted", "Completed", "Confirmed", "Terminated"}

// String returns the RFC's word for the state.
func (s State) String() string {
	if int(s) >= len(stateNames) {
		return "Unknown"
	}
	return stateNames[s]
}

// Action is a set of things to do after an event.
type Action uint8

// What a transaction may ask for.
const (
	// Send sends the request, or the last response, to the peer (again).
	Send Action = 1 << iota
	// Ack sends the ACK of a final response other than 2xx (17.1.1.3).
	Ack
	// Deliver hands the message to the proxy core.
	Deliver
	// Timeout tells the core that nothing came in time: Timer B, F or H.
	Timeout
	// End means that the state is Terminated: forget the transaction.
	End
)

// Has reports whether all of b is in a.
func (a Action) Has(b Action) bool { return a&b == b }

// Timers are the base values of RFC 3261 table 4. All other timers follow.
type Timers struct {
	T1 time.Duration // estimate of the round-trip time
	T2 time.Duration // longest interval between retransmissions
	T4 time.Duration // how long a message may stay in the network
}

// DefaultTimers are the values that RFC 3261 section 17 recommends.
var DefaultTimers = Timers{T1: 500 * time.Millisecond, T2: 4 * time.Second, T4: 5 * time.Second}

// Timeout is 64*T1: Timers B, F, H, J, L and M.
func (t *Timers) Timeout() time.Duration { return 64 * t.T1 }

// Trying100 is when a request other than INVITE that has no response yet gets a
// 100, and not earlier: the time after which Timer E of a client is reset to T2
// (RFC 4320 section 4.1). It is 3.5 s.
func (t *Timers) Trying100() (after time.Duration) {
	if t.T1 <= 0 {
		return t.T2
	}
	for interval := t.T1; interval < t.T2; interval *= 2 {
		after += interval
	}
	return after
}

// Due reports whether a timer that is set has run out.
func Due(at, now time.Time) bool { return !at.IsZero() && !now.Before(at) }

// Earlier returns the earlier of two timers, of which a zero one is not set.
func Earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
