package transaction

import "time"

// Client is the client transaction of any request that a proxy forwards: an
// [InviteClient] or a [NonInviteClient].
type Client struct {
	isInvite bool
	invite   InviteClient
	other    NonInviteClient
}

// Start begins the transaction of a request of that method. See
// [InviteClient.Start].
func (c *Client) Start(t *Timers, method string, reliable bool, timeout time.Duration, now time.Time) Action {
	c.isInvite = method == "INVITE"
	if c.isInvite {
		return c.invite.Start(t, reliable, timeout, now)
	}
	return c.other.Start(t, reliable, timeout, now)
}

// Response takes a response with that status.
func (c *Client) Response(t *Timers, status int, now time.Time) Action {
	if c.isInvite {
		return c.invite.Response(t, status, now)
	}
	return c.other.Response(t, status, now)
}

// Expire runs the timers that are due.
func (c *Client) Expire(t *Timers, now time.Time) Action {
	if c.isInvite {
		return c.invite.Expire(t, now)
	}
	return c.other.Expire(t, now)
}

// Fail ends the transaction after a transport error.
func (c *Client) Fail() Action {
	if c.isInvite {
		return c.invite.Fail()
	}
	return c.other.Fail()
}

// Quiet stops sending the request again; see [InviteClient.Quiet].
func (c *Client) Quiet() {
	if c.isInvite {
		c.invite.Quiet()
		return
	}
	c.other.Quiet()
}

// Next returns when Expire wants to be called; zero if never.
func (c *Client) Next() time.Time {
	if c.isInvite {
		return c.invite.Next()
	}
	return c.other.Next()
}

// State returns the state.
func (c *Client) State() State {
	if c.isInvite {
		return c.invite.State()
	}
	return c.other.State()
}

// Server is the server transaction of any request: an [InviteServer] or a
// [NonInviteServer].
type Server struct {
	isInvite bool
	invite   InviteServer
	other    NonInviteServer
}

// Start begins the transaction of a request of that method.
func (s *Server) Start(method string, reliable bool) {
	s.isInvite = method == "INVITE"
	if s.isInvite {
		s.invite.Start(reliable)
		return
	}
	s.other.Start(reliable)
}

// Request takes the request again.
func (s *Server) Request() Action {
	if s.isInvite {
		return s.invite.Request()
	}
	return s.other.Request()
}

// Respond takes a response of the core.
func (s *Server) Respond(t *Timers, status int, now time.Time) Action {
	if s.isInvite {
		return s.invite.Respond(t, status, now)
	}
	return s.other.Respond(t, status, now)
}

// Ack takes an ACK; of an INVITE only.
func (s *Server) Ack(t *Timers, now time.Time) Action {
	if s.isInvite {
		return s.invite.Ack(t, now)
	}
	return 0
}

// Expire runs the timers that are due.
func (s *Server) Expire(t *Timers, now time.Time) Action {
	if s.isInvite {
		return s.invite.Expire(t, now)
	}
	return s.other.Expire(t, now)
}

// Abandon ends the transaction at once.
func (s *Server) Abandon() Action {
	if s.isInvite {
		return s.invite.Abandon()
	}
	return s.other.Abandon()
}

// Next returns when Expire wants to be called; zero if never.
func (s *Server) Next() time.Time {
	if s.isInvite {
		return s.invite.Next()
	}
	return s.other.Next()
}

// State returns the state.
func (s *Server) State() State {
	if s.isInvite {
		return s.invite.State()
	}
	return s.other.State()
}
