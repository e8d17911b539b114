package transaction

import "time"

// InviteClient is the client transaction of an INVITE (17.1.1, RFC 6026
// section 7.2). There is no timer in Proceeding: the proxy core has Timer C.
type InviteClient struct {
	state    State
	reliable bool
	interval time.Duration
	resend   deadline // Timer A
	end      deadline // Timer B, D or M
}

// Start enters Calling. A timeout of 0 is 64*T1; a shorter one is a Timer B of
// the core's choice.
func (c *InviteClient) Start(t *Timers, reliable bool, timeout time.Duration, now time.Time) Action {
	if timeout <= 0 {
		timeout = t.Timeout()
	}
	*c = InviteClient{state: Calling, reliable: reliable, interval: t.T1, end: deadlineAt(now.Add(timeout))}
	if !reliable {
		c.resend = deadlineAt(now.Add(t.T1))
	}
	return Send
}

// Response takes a response with that status.
func (c *InviteClient) Response(t *Timers, status int, now time.Time) Action {
	switch c.state {
	case Calling, Proceeding:
		return c.first(t, status, now)
	case Accepted:
		if status/100 == 2 { // of another fork, or sent again (16.7 step 5)
			return Deliver
		}
	case Completed:
		if status >= 300 {
			return Ack
		}
	case Trying, Confirmed, Terminated:
	}
	return 0
}

func (c *InviteClient) first(t *Timers, status int, now time.Time) Action {
	c.resend = 0
	switch {
	case status < 200:
		c.state, c.end = Proceeding, 0
		return Deliver
	case status < 300:
		c.state, c.end = Accepted, deadlineAt(now.Add(t.Timeout())) // Timer M
		return Deliver
	case c.reliable: // Timer D is 0
		c.state, c.end = Terminated, 0
		return Ack | Deliver | End
	}
	c.state, c.end = Completed, deadlineAt(now.Add(max(32*time.Second, t.Timeout()))) // Timer D
	return Ack | Deliver
}

// Expire runs the timers that are due.
func (c *InviteClient) Expire(_ *Timers, now time.Time) Action {
	if c.end.due(now) {
		timedOut := c.state == Calling
		c.terminate()
		if timedOut {
			return Timeout | End
		}
		return End
	}
	if c.state == Calling && c.resend.due(now) {
		c.interval *= 2 // Timer A doubles without a limit; Timer B ends it
		c.resend = deadlineAt(now.Add(c.interval))
		return Send
	}
	return 0
}

// Fail ends the transaction after a transport error.
func (c *InviteClient) Fail() Action {
	c.terminate()
	return End
}

func (c *InviteClient) terminate() {
	c.state, c.resend, c.end = Terminated, 0, 0
}

// Next returns when Expire wants to be called; zero if never.
func (c *InviteClient) Next() time.Time { return Earlier(c.resend.time(), c.end.time()) }

// State returns the state.
func (c *InviteClient) State() State { return c.state }

// Quiet stops sending the request again: the core no longer waits for an answer,
// but knows what to do with one that comes before Timer B.
func (c *InviteClient) Quiet() { c.resend = 0 }
