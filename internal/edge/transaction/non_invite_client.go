package transaction

import "time"

// NonInviteClient is the client transaction of any other request than INVITE
// and ACK (17.1.2).
type NonInviteClient struct {
	state    State
	reliable bool
	interval time.Duration
	resend   deadline // Timer E
	end      deadline // Timer F or K
}

// Start enters Trying. A timeout of 0 is 64*T1; a shorter one is a Timer F of
// the core's choice.
func (c *NonInviteClient) Start(t *Timers, reliable bool, timeout time.Duration, now time.Time) Action {
	if timeout <= 0 {
		timeout = t.Timeout()
	}
	*c = NonInviteClient{state: Trying, reliable: reliable, interval: t.T1, end: deadlineAt(now.Add(timeout))}
	if !reliable {
		c.resend = deadlineAt(now.Add(t.T1))
	}
	return Send
}

// Response takes a response with that status.
func (c *NonInviteClient) Response(t *Timers, status int, now time.Time) Action {
	if c.state != Trying && c.state != Proceeding {
		return 0 // sent again; absorbed
	}
	if status < 200 {
		c.state = Proceeding
		return Deliver
	}
	c.resend = 0
	if c.reliable { // Timer K is 0
		c.terminate()
		return Deliver | End
	}
	c.state, c.end = Completed, deadlineAt(now.Add(t.T4)) // Timer K
	return Deliver
}

// Expire runs the timers that are due.
func (c *NonInviteClient) Expire(t *Timers, now time.Time) Action {
	if c.end.due(now) {
		timedOut := c.state != Completed
		c.terminate()
		if timedOut {
			return Timeout | End
		}
		return End
	}
	if !c.resend.due(now) {
		return 0
	}
	c.interval = min(2*c.interval, t.T2)
	if c.state == Proceeding {
		c.interval = t.T2
	}
	c.resend = deadlineAt(now.Add(c.interval))
	return Send
}

// Fail ends the transaction after a transport error.
func (c *NonInviteClient) Fail() Action {
	c.terminate()
	return End
}

func (c *NonInviteClient) terminate() {
	c.state, c.resend, c.end = Terminated, 0, 0
}

// Next returns when Expire wants to be called; zero if never.
func (c *NonInviteClient) Next() time.Time { return Earlier(c.resend.time(), c.end.time()) }

// State returns the state.
func (c *NonInviteClient) State() State { return c.state }

// Quiet stops sending the request again; see [InviteClient.Quiet].
func (c *NonInviteClient) Quiet() { c.resend = 0 }
