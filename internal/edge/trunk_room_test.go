package edge

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/redirectd/redirectd/internal/siptest"
)

// counted returns the value of a counter.
func counted(t *testing.T, c prometheus.Counter) float64 {
	t.Helper()
	var m dto.Metric
	if err := c.Write(&m); err != nil {
		t.Fatal(err)
	}
	return m.GetCounter().GetValue()
}

// taken returns how many places of a trunk are taken.
func (r *running) taken(trunk int) int { return int(r.rooms[&r.cfg.Trunks[trunk]].taken.Load()) }

// TestTransactionsOfATrunk are refused at its limit, and no other trunk's, nor
// what is within a dialog.
func TestTransactionsOfATrunk(t *testing.T) {
	t.Parallel()
	caller, callee, other := siptest.New(t, "udp", "127.0.0.2"), siptest.New(t, "udp", "127.0.0.9"), siptest.New(t, "udp", "127.0.0.3")
	e := startEdge(t, nextHop(callee.URI("")), trunks(
		Trunk{Name: "a", From: from("127.0.0.2/32"), Limits: TrunkLimits{Transactions: 2}}, Trunk{Name: "b", From: from("127.0.0.3/32")},
	))
	call := answer(t, e, caller, callee, "sip:bob@example.com") // one that still absorbs retransmissions
	caller.Invite(e.udp, "sip:bob@example.com", siptest.Method("MESSAGE"))
	message := callee.Expect("MESSAGE ")
	third := caller.Invite(e.udp, "sip:bob@example.com")
	if m := caller.Expect("SIP/2.0 503 "); m.Header("Retry-After") != "5" {
		t.Errorf("no Retry-After:\n%s", m.Raw)
	}
	third.Retransmit()
	caller.Expect("SIP/2.0 503 ")
	if got := counted(t, e.metrics.dropped.WithLabelValues("trunk_transaction_limit")); got != 2 {
		t.Errorf("%v were counted, want 2", got)
	}
	other.Invite(e.udp, "sip:bob@example.com", siptest.Method("MESSAGE"))
	callee.Respond(callee.Expect("MESSAGE "), 200, "OK")
	other.Expect("SIP/2.0 200 ")
	call.call.Bye(call.ok)
	callee.Respond(callee.Expect("BYE "), 200, "OK")
	caller.Expect("SIP/2.0 200 ")
	callee.Respond(message, 200, "OK")
	caller.Expect("SIP/2.0 200 ")
	if got := e.taken(0); got != 2 {
		t.Errorf("%d places are taken, want 2: of the INVITE and the MESSAGE", got)
	}
}

// TestNoPlaceIsLost ends requests of a trunk in every way, and it has all its
// places again; while they last it has as many as there are contexts.
func TestNoPlaceIsLost(t *testing.T) {
	t.Parallel()
	caller, callee, gone := siptest.New(t, "udp", "127.0.0.2"), siptest.New(t, "udp", "127.0.0.9"), siptest.UDP(t)
	gone.Close()
	e := startEdge(t, nextHop(callee.URI("")), trunks(Trunk{Name: "a", From: from("127.0.0.2/32"), Limits: TrunkLimits{Transactions: 40}}),
		func(o *Options) {
			o.Config.Limits.Transactions = 30
			o.Config.Timers.T1, o.Config.Timers.T2, o.Config.Timers.T4 = 10*time.Millisecond, 40*time.Millisecond, 50*time.Millisecond
		})
	other := siptest.Method("MESSAGE")
	for _, status := range []int{200, 302, 404, 503, 603} {
		call := caller.Invite(e.udp, "sip:bob@example.com", other)
		m := callee.Expect("MESSAGE ")
		call.Retransmit()
		headers := []string{}
		if status == 302 {
			headers = append(headers, "Contact: <"+gone.URI("bob")+">")
		}
		callee.Respond(m, status, "So", headers...)
		caller.Expect("SIP/2.0 ")
		call.Retransmit()
		caller.Expect("SIP/2.0 ")
	}
	caller.Invite(e.udp, "sip:bob@example.com", other, siptest.MaxForwards(0)) // refused before it begins
	caller.Expect("SIP/2.0 483 ")
	for range 60 { // the table is full before the trunk is; nobody answers them
		caller.Invite(e.udp, "sip:bob@example.com", other)
	}
	eventually(t, "the table is full", func() bool {
		return counted(t, e.metrics.dropped.WithLabelValues("transaction_limit")) > 0 && e.taken(0) == e.InProgress()
	})
	var late []*responseContext
	e.table.Each(func(rc *responseContext) { late = append(late, rc) })
	eventually(t, "all is forgotten", func() bool { return e.InProgress() == 0 })
	for _, rc := range late { // an event that had found it before
		rc.mu.Lock()
		rc.leave()
	}
	if got := e.taken(0); got != 0 {
		t.Errorf("%d places are taken by nobody", got)
	}
}

// TestNoPlaceIsLostByCalls counts calls as long as the edge knows of them.
func TestNoPlaceIsLostByCalls(t *testing.T) {
	t.Parallel()
	caller, callee := siptest.New(t, "udp", "127.0.0.2"), siptest.New(t, "udp", "127.0.0.9")
	var c clock
	e := startEdge(t, withClock(&c), nextHop(callee.URI("")), trunks(Trunk{Name: "a", From: from("127.0.0.2/32"), Limits: TrunkLimits{Transactions: 4}}))
	for range 3 {
		answer(t, e, caller, callee, "sip:bob@example.com")
	}
	call := caller.Invite(e.udp, "sip:bob@example.com")
	invite := callee.Expect("INVITE ")
	callee.Respond(invite, 180, "Ringing")
	caller.ExpectSkipping100("SIP/2.0 180")
	call.Cancel()
	caller.Expect("SIP/2.0 200 ")
	callee.Respond(callee.Expect("CANCEL "), 200, "OK")
	callee.Respond(invite, 487, "Request Terminated")
	call.Ack(caller.Expect("SIP/2.0 487 "))
	callee.Expect("ACK ")
	if got, contexts := e.taken(0), e.InProgress(); got != 4 || contexts != 4 {
		t.Errorf("%d places are taken and %d contexts are there, want 4", got, contexts)
	}
	eventually(t, "the calls are forgotten", func() bool {
		c.forward(time.Second) // Timers D, I, L and M
		return e.taken(0) == 0 && e.InProgress() == 0
	})
}

// TestFullTableWithinADialog has no room for a re-INVITE: no answer, which could
// only be one whose ACK goes to the callee.
func TestFullTableWithinADialog(t *testing.T) {
	t.Parallel()
	caller, callee := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(callee.URI("")), func(o *Options) { o.Config.Limits.Transactions = 1 })
	a := answer(t, e, caller, callee, "sip:bob@example.com")
	caller.Send(e.udp, callerSide(caller, a.ok).request("INVITE", 2))
	eventually(t, "the re-INVITE is dropped", func() bool {
		return counted(t, e.metrics.dropped.WithLabelValues("transaction_limit")) == 1
	})
	caller.Silent(10 * time.Millisecond)
	callee.Silent(10 * time.Millisecond)
}
