package transaction

import (
	"slices"
	"testing"
	"time"
)

func startedInviteClient(reliable bool, timeout time.Duration) *InviteClient {
	c := new(InviteClient)
	timers := DefaultTimers
	c.Start(&timers, reliable, timeout, epoch)
	return c
}

func TestInviteClient(t *testing.T) {
	for _, tt := range []struct {
		name     string
		reliable bool
		timeout  time.Duration
		steps    []step
	}{
		{"answered", udp, 0, []step{
			{100 * ms, received(100), Deliver, Proceeding, never},
			{200 * ms, received(180), Deliver, Proceeding, never},
			{300 * ms, received(183), Deliver, Proceeding, never},
			{400 * ms, received(180), Deliver, Proceeding, never},
			{200 * s, tick, 0, Proceeding, never}, // Timer C is the core's
			{300 * s, received(200), Deliver, Accepted, 332 * s},
			{301 * s, received(180), 0, Accepted, 332 * s},
			{302 * s, received(200), Deliver, Accepted, 332 * s}, // sent again: Timer M is not
			{303 * s, received(202), Deliver, Accepted, 332 * s}, // of another fork
			{304 * s, received(486), 0, Accepted, 332 * s},       // RFC 6026 section 7.2
			{332 * s, tick, End, Terminated, never},
			{333 * s, received(200), 0, Terminated, never},
			{334 * s, tick, 0, Terminated, never},
		}},
		{"answered at once", udp, 0, []step{
			{100 * ms, received(299), Deliver, Accepted, 32100 * ms},
			{32100 * ms, tick, End, Terminated, never},
		}},
		{"answered over a stream", tcp, 0, []step{
			{100 * ms, received(200), Deliver, Accepted, 32100 * ms}, // Timer M: reliable or not
			{32100 * ms, tick, End, Terminated, never},
		}},
		{"redirected", udp, 0, []step{
			{1 * ms, received(300), Ack | Deliver, Completed, 32001 * ms},
			{2 * ms, received(300), Ack, Completed, 32001 * ms},
			{3 * ms, received(200), 0, Completed, 32001 * ms},
			{4 * ms, received(180), 0, Completed, 32001 * ms},
			{32 * s, received(486), Ack, Completed, 32001 * ms},
			{32001 * ms, tick, End, Terminated, never},
			{32002 * ms, received(300), 0, Terminated, never},
		}},
		{"rejected after ringing", udp, 0, []step{
			{1 * s, tick, Send, Calling, 2 * s},
			{1500 * ms, received(101), Deliver, Proceeding, never},
			{2 * s, received(699), Ack | Deliver, Completed, 34 * s},
			{34 * s, tick, End, Terminated, never},
		}},
		{"rejected over a stream", tcp, 0, []step{ // Timer D is 0
			{1 * s, received(180), Deliver, Proceeding, never},
			{2 * s, received(486), Ack | Deliver | End, Terminated, never},
			{3 * s, received(486), 0, Terminated, never},
		}},
		{"rejected at once over a stream", tcp, 0, []step{
			{2 * s, received(302), Ack | Deliver | End, Terminated, never},
		}},
		{"silence", udp, 0, []step{
			{500 * ms, tick, Send, Calling, 1500 * ms},
			{1500 * ms, tick, Send, Calling, 3500 * ms},
			{3500 * ms, tick, Send, Calling, 7500 * ms},
			{7500 * ms, tick, Send, Calling, 15500 * ms},
			{15500 * ms, tick, Send, Calling, 31500 * ms},
			{31500 * ms, tick, Send, Calling, 32 * s},
			{32 * s, tick, Timeout | End, Terminated, never},
			{33 * s, tick, 0, Terminated, never},
			{34 * s, received(200), 0, Terminated, never},
		}},
		{"silence over a stream", tcp, 0, []step{
			{31 * s, tick, 0, Calling, 32 * s},
			{32 * s, tick, Timeout | End, Terminated, never},
		}},
		{"a short Timer B", udp, 900 * ms, []step{
			{500 * ms, tick, Send, Calling, 900 * ms},
			{900 * ms, tick, Timeout | End, Terminated, never},
		}},
		{"a Timer B shorter than Timer A", udp, 100 * ms, []step{
			{100 * ms, tick, Timeout | End, Terminated, never},
		}},
		{"a short Timer B over a stream", tcp, 900 * ms, []step{
			{900 * ms, tick, Timeout | End, Terminated, never},
		}},
		{"a short Timer B ends with the first response", udp, 900 * ms, []step{
			{800 * ms, received(100), Deliver, Proceeding, never},
			{900 * ms, tick, 0, Proceeding, never},
		}},
		{"both timers late", udp, 0, []step{ // no retransmission after Timer B
			{40 * s, tick, Timeout | End, Terminated, never},
		}},
		{"transport error", udp, 0, []step{
			{1 * ms, fail, End, Terminated, never},
			{2 * ms, received(200), 0, Terminated, never},
			{1 * s, tick, 0, Terminated, never},
		}},
		{"transport error of the ACK", udp, 0, []step{
			{1 * ms, received(486), Ack | Deliver, Completed, 32001 * ms},
			{2 * ms, fail, End, Terminated, never},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) { walk(t, startedInviteClient(tt.reliable, tt.timeout), tt.steps) })
	}
}

func TestInviteClientStart(t *testing.T) {
	timers := DefaultTimers
	for _, tt := range []struct {
		reliable bool
		timeout  time.Duration
		next     time.Duration
	}{{udp, 0, 500 * ms}, {tcp, 0, 32 * s}, {udp, -1, 500 * ms}, {tcp, 2 * s, 2 * s}, {udp, 2 * s, 500 * ms}} {
		var c InviteClient
		if c.State() != 0 || !c.Next().IsZero() || c.Response(&timers, 200, epoch) != 0 || c.Expire(&timers, epoch) != 0 {
			t.Error("a client that was not started does something")
		}
		if got := c.Start(&timers, tt.reliable, tt.timeout, epoch); got != Send || c.State() != Calling || c.Next().Sub(epoch) != tt.next {
			t.Errorf("Start(reliable %v, timeout %v): action %05b, state %v, next %v, want Send, Calling, %v",
				tt.reliable, tt.timeout, got, c.State(), c.Next().Sub(epoch), tt.next)
		}
	}
}

// TestInviteClientTimerA: the interval doubles without a limit (17.1.1.2).
func TestInviteClientTimerA(t *testing.T) {
	timers := Timers{T1: 1 * s, T2: 2 * s, T4: 5 * s}
	var c InviteClient
	c.Start(&timers, udp, 0, epoch)
	sent, end, last := schedule(&c, timers)
	if want := []time.Duration{1 * s, 3 * s, 7 * s, 15 * s, 31 * s, 63 * s}; !slices.Equal(sent, want) || end != 64*s || last != Timeout|End {
		t.Errorf("sent at %v, ended at %v with %05b, want %v, 1m4s, Timeout|End", sent, end, last, want)
	}
}

// TestInviteClientTimerD: at least 32 s, however short T1 (17.1.1.2).
func TestInviteClientTimerD(t *testing.T) {
	for t1, want := range map[time.Duration]time.Duration{10 * ms: 32 * s, 500 * ms: 32 * s, 1 * s: 64 * s} {
		timers := Timers{T1: t1, T2: 4 * s, T4: 5 * s}
		var c InviteClient
		c.Start(&timers, udp, 0, epoch)
		c.Response(&timers, 404, epoch)
		if got := c.Next().Sub(epoch); got != want {
			t.Errorf("T1 %v: Timer D %v, want %v", t1, got, want)
		}
	}
}
