package transaction

import (
	"slices"
	"testing"
	"time"
)

func startedInviteServer(reliable bool) *InviteServer {
	var sv InviteServer
	sv.Start(reliable)
	return &sv
}

func TestInviteServer(t *testing.T) {
	for _, tt := range []struct {
		name     string
		reliable bool
		steps    []step
	}{
		{"answered", udp, []step{
			{0, respond(100), Send, Proceeding, never},
			{1 * s, again, Send, Proceeding, never},
			{2 * s, respond(180), Send, Proceeding, never},
			{3 * s, again, Send, Proceeding, never},
			{4 * s, ack, 0, Proceeding, never}, // of nothing
			{200 * s, tick, 0, Proceeding, never},
			{200 * s, respond(200), Send, Accepted, 232 * s},
			{201 * s, again, 0, Accepted, 232 * s},
			{202 * s, ack, Deliver, Accepted, 232 * s},
			{203 * s, respond(200), Send, Accepted, 232 * s}, // sent again, or of another fork
			{204 * s, respond(180), 0, Accepted, 232 * s},
			{205 * s, respond(486), 0, Accepted, 232 * s},
			{206 * s, ack, Deliver, Accepted, 232 * s},
			{232 * s, tick, End, Terminated, never}, // Timer L
			{233 * s, respond(200), 0, Terminated, never},
			{233 * s, again, 0, Terminated, never},
			{233 * s, ack, 0, Terminated, never},
			{234 * s, tick, 0, Terminated, never},
		}},
		{"answered over a stream", tcp, []step{
			{1 * s, respond(200), Send, Accepted, 33 * s}, // Timer L: reliable or not
			{2 * s, ack, Deliver, Accepted, 33 * s},
			{33 * s, tick, End, Terminated, never},
		}},
		{"rejected", udp, []step{
			{1 * s, respond(486), Send, Completed, 1500 * ms},
			{1100 * ms, again, Send, Completed, 1500 * ms},
			{1200 * ms, respond(200), 0, Completed, 1500 * ms}, // one final response
			{1300 * ms, respond(180), 0, Completed, 1500 * ms},
			{1400 * ms, respond(603), 0, Completed, 1500 * ms},
			{1500 * ms, tick, Send, Completed, 2500 * ms},
			{2 * s, ack, 0, Confirmed, 7 * s},
			{3 * s, ack, 0, Confirmed, 7 * s}, // Timer I is not set anew
			{4 * s, again, 0, Confirmed, 7 * s},
			{5 * s, respond(486), 0, Confirmed, 7 * s},
			{7 * s, tick, End, Terminated, never},
			{8 * s, again, 0, Terminated, never},
		}},
		{"rejected over a stream", tcp, []step{
			{1 * s, respond(302), Send, Completed, 33 * s}, // no Timer G
			{2 * s, again, Send, Completed, 33 * s},
			{3 * s, ack, End, Terminated, never}, // Timer I is 0
			{4 * s, ack, 0, Terminated, never},
		}},
		{"never acknowledged", udp, []step{
			{0, respond(600), Send, Completed, 500 * ms},
			{32 * s, tick, Timeout | End, Terminated, never},
			{33 * s, ack, 0, Terminated, never},
		}},
		{"never acknowledged over a stream", tcp, []step{
			{0, respond(699), Send, Completed, 32 * s},
			{32 * s, tick, Timeout | End, Terminated, never}, // Timer H: reliable or not
		}},
		{"abandoned", udp, []step{
			{0, respond(100), Send, Proceeding, never},
			{1 * s, abandon, End, Terminated, never},
			{2 * s, respond(200), 0, Terminated, never},
			{2 * s, again, 0, Terminated, never},
		}},
		{"abandoned while it waits for the ACK", udp, []step{
			{0, respond(404), Send, Completed, 500 * ms},
			{1 * ms, abandon, End, Terminated, never},
			{1 * s, tick, 0, Terminated, never},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) { walk(t, startedInviteServer(tt.reliable), tt.steps) })
	}
}

// TestInviteServerTimerG: the interval doubles up to T2; Timer H ends it (17.2.1).
func TestInviteServerTimerG(t *testing.T) {
	timers := DefaultTimers
	sv := startedInviteServer(udp)
	sv.Respond(&timers, 480, epoch)
	sent, end, last := schedule(sv, timers)
	want := []time.Duration{500 * ms, 1500 * ms, 3500 * ms, 7500 * ms, 11500 * ms, 15500 * ms, 19500 * ms, 23500 * ms, 27500 * ms, 31500 * ms}
	if !slices.Equal(sent, want) || end != 32*s || last != Timeout|End {
		t.Errorf("sent at %v, ended at %v with %05b, want %v, 32s, Timeout|End", sent, end, last, want)
	}
}

func TestInviteServerNotStarted(t *testing.T) {
	timers := DefaultTimers
	var sv InviteServer
	if got := sv.Respond(&timers, 200, epoch) | sv.Request() | sv.Ack(&timers, epoch) | sv.Expire(&timers, epoch); got != 0 || sv.State() != 0 {
		t.Errorf("action %05b, state %v, want none", got, sv.State())
	}
}
