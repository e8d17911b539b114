package edge

import (
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/siptest"
)

// timerCOf returns Timer C of the only branch of the only call.
func (r *running) timerCOf(t *testing.T) (at time.Time) {
	t.Helper()
	r.onlyBranch(t, func(b *branch) { at = b.timerC })
	return at
}

// fireTimerC makes Timer C of that branch run out now.
func (r *running) fireTimerC(t *testing.T) {
	t.Helper()
	r.onlyBranch(t, func(b *branch) { b.timerC = time.Now() })
}

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

// TestTimerC: longer than three minutes (16.6 step 11), from the start and from
// every provisional response but 100 (16.7 step 2); of INVITE only.
func TestTimerC(t *testing.T) {
	t.Parallel()
	caller, target := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(target.URI("")))
	began := time.Now()
	caller.Invite(e.udp, "sip:bob@example.com")
	invite := target.Expect("INVITE ")
	caller.Expect("SIP/2.0 100")
	first := e.timerCOf(t)
	if d := first.Sub(began); timerC <= 3*time.Minute || d < timerC || d > timerC+siptest.Timeout {
		t.Errorf("Timer C is %s and runs %s, want longer than 3 min", timerC, d)
	}
	target.Respond(invite, 100, "Trying")
	target.Respond(invite, 183, "Session Progress")
	caller.Expect("SIP/2.0 183")
	second := e.timerCOf(t)
	if !second.After(first) {
		t.Error("a 183 does not reset Timer C")
	}
	target.Respond(invite, 100, "Trying")
	target.SendBytes(e.udp, []byte(target.Response(invite, 200, "")[:40])) // read after the 100
	e.log.find(t, "malformed message")
	if again := e.timerCOf(t); !again.Equal(second) {
		t.Errorf("a 100 resets Timer C: %s later", again.Sub(second))
	}
	target.Respond(invite, 101, "Progress")
	caller.Expect("SIP/2.0 101")
	if again := e.timerCOf(t); !again.After(second) {
		t.Error("a 101 does not reset Timer C")
	}
}

// TestTimerCIsForInvite: any other request has Timer F.
func TestTimerCIsForInvite(t *testing.T) {
	t.Parallel()
	caller, target := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(target.URI("")))
	caller.Invite(e.udp, "sip:bob@example.com", siptest.Method("OPTIONS"))
	target.Expect("OPTIONS ")
	if at := e.timerCOf(t); !at.IsZero() {
		t.Errorf("Timer C of an OPTIONS is at %s", at)
	}
}

// TestTimerCCancels a target that rings, which counts as 408 (16.8).
func TestTimerCCancels(t *testing.T) {
	t.Parallel()
	caller, target := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(target.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	invite := target.Expect("INVITE ")
	target.Respond(invite, 180, "Ringing")
	caller.ExpectSkipping100("SIP/2.0 180")
	e.fireTimerC(t)
	target.Respond(target.Expect("CANCEL "), 200, "OK")
	caller.Silent(20 * time.Millisecond)
	target.Respond(invite, 487, "Request Terminated")
	target.Expect("ACK ")
	call.Ack(caller.Expect("SIP/2.0 408"))
}

// TestTimerCWithoutAProvisional: no CANCEL may be sent (9.1), and it is a 408 at
// once (16.8).
func TestTimerCWithoutAProvisional(t *testing.T) {
	t.Parallel()
	caller, target := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(target.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	target.Expect("INVITE ")
	e.fireTimerC(t)
	call.Ack(caller.ExpectSkipping100("SIP/2.0 408"))
	target.Silent(20 * time.Millisecond)
}
