package transaction

import "time"

// NonInviteServer is the server transaction of any other request than INVITE
// and ACK (17.2.2).
type NonInviteServer struct {
	state    State
	reliable bool
	end      deadline // Timer J
}

// Start enters Trying.
func (s *NonInviteServer) Start(reliable bool) {
	*s = NonInviteServer{state: Trying, reliable: reliable}
}

// Request takes the request again. Send means the last response.
func (s *NonInviteServer) Request() Action {
	if s.state == Proceeding || s.state == Completed {
		return Send
	}
	return 0
}

// Respond takes a response of the core. Without Send it must not be sent.
func (s *NonInviteServer) Respond(t *Timers, status int, now time.Time) Action {
	switch {
	case s.state != Trying && s.state != Proceeding:
		return 0
	case status < 200:
		s.state = Proceeding
		return Send
	case s.reliable: // Timer J is 0
		return Send | s.Abandon()
	}
	s.state, s.end = Completed, deadlineAt(now.Add(t.Timeout())) // Timer J
	return Send
}

// Expire runs the timer if it is due.
func (s *NonInviteServer) Expire(_ *Timers, now time.Time) Action {
	if s.end.due(now) {
		return s.Abandon()
	}
	return 0
}

// Abandon ends the transaction at once.
func (s *NonInviteServer) Abandon() Action {
	s.state, s.end = Terminated, 0
	return End
}

// Next returns when Expire wants to be called; zero if never.
func (s *NonInviteServer) Next() time.Time { return s.end.time() }

// State returns the state.
func (s *NonInviteServer) State() State { return s.state }
