package transaction

import (
	"slices"
	"testing"
	"time"
)

func startedNonInviteClient(reliable bool, timeout time.Duration) *NonInviteClient {
	c := new(NonInviteClient)
	timers := DefaultTimers
	c.Start(&timers, reliable, timeout, epoch)
	return c
}

func TestNonInviteClient(t *testing.T) {
	for _, tt := range []struct {
		name     string
		reliable bool
		timeout  time.Duration
		steps    []step
	}{
		{"answered", udp, 0, []step{
			{100 * ms, received(200), Deliver, Completed, 5100 * ms},
			{200 * ms, received(200), 0, Completed, 5100 * ms},
			{300 * ms, received(100), 0, Completed, 5100 * ms},
			{400 * ms, received(500), 0, Completed, 5100 * ms},
			{5100 * ms, tick, End, Terminated, never}, // Timer K
			{5200 * ms, received(200), 0, Terminated, never},
			{5300 * ms, tick, 0, Terminated, never},
		}},
		{"answered over a stream", tcp, 0, []step{ // Timer K is 0
			{100 * ms, received(200), Deliver | End, Terminated, never},
			{200 * ms, received(200), 0, Terminated, never},
		}},
		{"rejected", udp, 0, []step{{100 * ms, received(404), Deliver, Completed, 5100 * ms}}},
		{"rejected over a stream", tcp, 0, []step{{100 * ms, received(302), Deliver | End, Terminated, never}}},
		{"provisional", udp, 0, []step{
			{100 * ms, received(100), Deliver, Proceeding, 500 * ms}, // Timer E goes on
			{200 * ms, received(180), Deliver, Proceeding, 500 * ms},
			{500 * ms, tick, Send, Proceeding, 4500 * ms}, // and is T2 from now on
			{4500 * ms, tick, Send, Proceeding, 8500 * ms},
			{5 * s, received(486), Deliver, Completed, 10 * s},
			{10 * s, tick, End, Terminated, never},
		}},
		{"provisional over a stream", tcp, 0, []step{
			{100 * ms, received(183), Deliver, Proceeding, 32 * s},
			{1 * s, received(200), Deliver | End, Terminated, never},
		}},
		{"nothing after a provisional", udp, 0, []step{
			{100 * ms, received(100), Deliver, Proceeding, 500 * ms},
			{32 * s, tick, Timeout | End, Terminated, never}, // Timer F runs in Proceeding too
		}},
		{"silence over a stream", tcp, 0, []step{
			{31 * s, tick, 0, Trying, 32 * s},
			{32 * s, tick, Timeout | End, Terminated, never},
		}},
		{"a short Timer F", udp, 700 * ms, []step{
			{500 * ms, tick, Send, Trying, 700 * ms},
			{700 * ms, tick, Timeout | End, Terminated, never},
		}},
		{"a short Timer F goes on after a provisional", udp, 700 * ms, []step{
			{100 * ms, received(100), Deliver, Proceeding, 500 * ms},
			{500 * ms, tick, Send, Proceeding, 700 * ms},
			{700 * ms, tick, Timeout | End, Terminated, never},
		}},
		{"transport error", udp, 0, []step{
			{100 * ms, fail, End, Terminated, never},
			{200 * ms, received(200), 0, Terminated, never},
			{1 * s, tick, 0, Terminated, never},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) { walk(t, startedNonInviteClient(tt.reliable, tt.timeout), tt.steps) })
	}
}

// TestNonInviteClientTimerE: the interval doubles up to T2; in Proceeding it is
// T2 (17.1.2.2).
func TestNonInviteClientTimerE(t *testing.T) {
	timers := DefaultTimers
	trying := startedNonInviteClient(udp, 0)
	sent, end, last := schedule(trying, timers)
	want := []time.Duration{500 * ms, 1500 * ms, 3500 * ms, 7500 * ms, 11500 * ms, 15500 * ms, 19500 * ms, 23500 * ms, 27500 * ms, 31500 * ms}
	if !slices.Equal(sent, want) || end != 32*s || last != Timeout|End {
		t.Errorf("Trying: sent at %v, ended at %v with %05b, want %v, 32s, Timeout|End", sent, end, last, want)
	}
	proceeding := startedNonInviteClient(udp, 0)
	proceeding.Response(&timers, 100, epoch.Add(10*ms))
	sent, end, last = schedule(proceeding, timers)
	want = []time.Duration{500 * ms, 4500 * ms, 8500 * ms, 12500 * ms, 16500 * ms, 20500 * ms, 24500 * ms, 28500 * ms}
	if !slices.Equal(sent, want) || end != 32*s || last != Timeout|End {
		t.Errorf("Proceeding: sent at %v, ended at %v with %05b, want %v, 32s, Timeout|End", sent, end, last, want)
	}
}

func TestNonInviteClientStart(t *testing.T) {
	timers := DefaultTimers
	var c NonInviteClient
	if c.State() != 0 || !c.Next().IsZero() || c.Response(&timers, 200, epoch) != 0 || c.Expire(&timers, epoch) != 0 {
		t.Error("a client that was not started does something")
	}
	if got := c.Start(&timers, udp, 0, epoch); got != Send || c.State() != Trying || c.Next().Sub(epoch) != 500*ms {
		t.Errorf("over UDP: action %05b, state %v, next %v", got, c.State(), c.Next().Sub(epoch))
	}
	if got := c.Start(&timers, tcp, 0, epoch); got != Send || c.State() != Trying || c.Next().Sub(epoch) != 32*s {
		t.Errorf("over TCP: action %05b, state %v, next %v", got, c.State(), c.Next().Sub(epoch))
	}
}
