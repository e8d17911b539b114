package edge

import (
	"fmt"
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/edge/transaction"
	"github.com/redirectd/redirectd/internal/siptest"
)

// twoTicks is long enough for what is due to have fired.
const twoTicks = 2*transaction.Tick + 10*time.Millisecond

func (r *running) onlyBranch(t *testing.T, look func(*branch)) {
	t.Helper()
	found := 0
	r.table.Each(func(rc *responseContext) {
		rc.mu.Lock()
		defer rc.leave()
		for _, b := range rc.branches {
			found++
			look(b)
		}
	})
	if found != 1 {
		t.Fatalf("%d branches, want one", found)
	}
}

// hasHeard waits until that many provisional responses have been taken.
func (r *running) hasHeard(t *testing.T, n float64) {
	t.Helper()
	eventually(t, "the provisional response has come", func() bool {
		return counted(t, r.metrics.responses.WithLabelValues("1xx")) == n
	})
	r.onlyBranch(t, func(*branch) {}) // whoever counted it has let go of the branch
}

// TestTimerC: longer than three minutes from the INVITE (16.6 step 11), whatever
// 100 comes meanwhile (16.7 step 2).
func TestTimerC(t *testing.T) {
	t.Parallel()
	var c clock
	caller, target := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, withClock(&c), nextHop(target.URI("")))
	caller.Invite(e.udp, "sip:bob@example.com")
	invite := target.Expect("INVITE ")
	target.Respond(invite, 100, "Trying") // no Timer B any more
	e.hasHeard(t, 1)
	c.forward(time.Minute)
	target.Respond(invite, 100, "Trying")
	e.hasHeard(t, 2)
	c.forward(2 * time.Minute)
	target.Silent(twoTicks)
	c.forward(timerC - 3*time.Minute)
	target.Respond(target.Expect("CANCEL "), 200, "OK")
}

// TestTimerCIsReset by every provisional response but 100 (16.7 step 2).
func TestTimerCIsReset(t *testing.T) {
	t.Parallel()
	var c clock
	caller, target := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, withClock(&c), nextHop(target.URI("")))
	caller.Invite(e.udp, "sip:bob@example.com")
	invite := target.Expect("INVITE ")
	for _, status := range []int{183, 101, 199} {
		target.Respond(invite, status, "Progress")
		caller.ExpectSkipping100(fmt.Sprintf("SIP/2.0 %d ", status))
		c.forward(3 * time.Minute)
		target.Silent(twoTicks)
	}
	c.forward(timerC - 3*time.Minute)
	target.Respond(target.Expect("CANCEL "), 200, "OK")
}

// TestTimerCIsForInvite: any other request has Timer F.
func TestTimerCIsForInvite(t *testing.T) {
	t.Parallel()
	caller, target := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(target.URI("")))
	caller.Invite(e.udp, "sip:bob@example.com", siptest.Method("OPTIONS"))
	target.Expect("OPTIONS ")
	e.onlyBranch(t, func(b *branch) {
		if !b.timerC.IsZero() {
			t.Errorf("Timer C of an OPTIONS is at %s", b.timerC)
		}
	})
}

// TestTimerCCancels a target that rings, which counts as 408 (16.8).
func TestTimerCCancels(t *testing.T) {
	t.Parallel()
	var c clock
	caller, target := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, withClock(&c), nextHop(target.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	invite := target.Expect("INVITE ")
	target.Respond(invite, 180, "Ringing")
	caller.ExpectSkipping100("SIP/2.0 180")
	c.forward(timerC)
	target.Respond(target.Expect("CANCEL "), 200, "OK")
	caller.Silent(20 * time.Millisecond)
	target.Respond(invite, 487, "Request Terminated")
	target.Expect("ACK ")
	call.Ack(caller.Expect("SIP/2.0 408"))
}

// TestTimerCWithoutAProvisional: no CANCEL may be sent (9.1), and it is a 408 at
// once (16.8). Timer B is longer here, and nothing is sent again on a stream.
func TestTimerCWithoutAProvisional(t *testing.T) {
	t.Parallel()
	var c clock
	caller, target := siptest.UDP(t), siptest.TCP(t)
	e := startEdge(t, withClock(&c), patient, nextHop(target.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	target.Expect("INVITE ")
	c.forward(timerC)
	call.Ack(caller.ExpectSkipping100("SIP/2.0 408"))
	target.Silent(twoTicks)
}
