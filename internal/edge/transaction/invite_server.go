package transaction

import "time"

// InviteServer is the server transaction of an INVITE (17.2.1, RFC 6026
// section 7.1).
type InviteServer struct {
	state    State
	reliable bool
	interval time.Duration
	resend   deadline // Timer G
	end      deadline // Timer H, I or L
}

// Start enters Proceeding. The core sends its 100 at once.
func (s *InviteServer) Start(reliable bool) {
	*s = InviteServer{state: Proceeding, reliable: reliable}
}

// Request takes the INVITE again. Send means the last response, if there is
// one.
func (s *InviteServer) Request() Action {
	if s.state == Proceeding || s.state == Completed {
		return Send
	}
	return 0 // absorbed: a 2xx is the callee's to repeat (RFC 6026 section 7.1)
}

// Respond takes a response of the core. Without Send it must not be sent.
func (s *InviteServer) Respond(t *Timers, status int, now time.Time) Action {
	switch {
	case s.state == Accepted && status/100 == 2:
		return Send
	case s.state != Proceeding:
		return 0
	case status < 200:
		return Send
	case status < 300:
		s.state, s.end = Accepted, deadlineAt(now.Add(t.Timeout())) // Timer L
		return Send
	}
	s.state, s.end = Completed, deadlineAt(now.Add(t.Timeout())) // Timer H
	if !s.reliable {
		s.interval = t.T1
		s.resend = deadlineAt(now.Add(t.T1)) // Timer G
	}
	return Send
}

// Ack takes an ACK that matches this transaction. Deliver means that it belongs
// to a 2xx, and goes to the callee.
func (s *InviteServer) Ack(t *Timers, now time.Time) Action {
	switch s.state {
	case Accepted:
		return Deliver
	case Completed:
		s.resend = 0
		if s.reliable { // Timer I is 0
			return s.Abandon()
		}
		s.state, s.end = Confirmed, deadlineAt(now.Add(t.T4))
	case Calling, Trying, Proceeding, Confirmed, Terminated:
	}
	return 0
}

// Expire runs the timers that are due.
func (s *InviteServer) Expire(t *Timers, now time.Time) Action {
	if s.end.due(now) {
		unacknowledged := s.state == Completed
		action := s.Abandon()
		if unacknowledged {
			action |= Timeout
		}
		return action
	}
	if s.state == Completed && s.resend.due(now) {
		s.interval = min(2*s.interval, t.T2)
		s.resend = deadlineAt(now.Add(s.interval))
		return Send
	}
	return 0
}

// Abandon ends the transaction at once.
func (s *InviteServer) Abandon() Action {
	s.state, s.resend, s.end = Terminated, 0, 0
	return End
}

// Next returns when Expire wants to be called; zero if never.
func (s *InviteServer) Next() time.Time { return Earlier(s.resend.time(), s.end.time()) }

// State returns the state.
func (s *InviteServer) State() State { return s.state }
