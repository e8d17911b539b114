package transaction

import "time"

// InviteClient is the client transaction of an INVITE (17.1.1, RFC 6026
// section 7.2). There is no timer in Proceeding: the proxy core has Timer C.
type InviteClient struct {
	state    State
	reliable bool
	interval time.Duration
	resend   time.Time // Timer A
	end      time.Time // Timer B, D or M
}

// Start enters Calling. A timeout of 0 is 64*T1; a shorter one is a Timer B of
// the core's choice.
func (c *InviteClient) Start(t *Timers, reliable bool, timeout time.Duration, now time.Time) Action {
	if timeout <= 0 {
		timeout = t.Timeout()
	}
	*c = InviteClient{state: Calling, reliable: reliable, interval: t.T1, end: now.Add(timeout)}
	if !reliable {
		c.resend = now.Add(t.T1)
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
	c.resend = time.Time{}
	switch {
	case status < 200:
		c.state, c.end = Proceeding, time.Time{}
		return Deliver
	case status < 300:
		c.state, c.end = Accepted, now.Add(t.Timeout()) // Timer M
		return Deliver
	case c.reliable: // Timer D is 0
		c.state, c.end = Terminated, time.Time{}
		return Ack | Deliver | End
	}
	c.state, c.end = Completed, now.Add(max(32*time.Second, t.Timeout())) // Timer D
	return Ack | Deliver
}

// Expire runs the timers that are due.
func (c *InviteClient) Expire(_ *Timers, now time.Time) Action {
	if Due(c.end, now) {
		timedOut := c.state == Calling
		c.terminate()
		if timedOut {
			return Timeout | End
		}
		return End
	}
	if c.state == Calling && Due(c.resend, now) {
		c.interval *= 2 // Timer A doubles without a limit; Timer B ends it
		c.resend = now.Add(c.interval)
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
	c.state, c.resend, c.end = Terminated, time.Time{}, time.Time{}
}

// Next returns when Expire wants to be called; zero if never.
func (c *InviteClient) Next() time.Time { return Earlier(c.resend, c.end) }

// State returns the state.
func (c *InviteClient) State() State { return c.state }

// Quiet stops sending the request again: the core no longer waits for an answer,
// but knows what to do with one that comes before Timer B.
func (c *InviteClient) Quiet() { c.resend = time.Time{} }
