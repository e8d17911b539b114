package transaction

import "testing"

func TestNonInviteServer(t *testing.T) {
	for _, tt := range []struct {
		name     string
		reliable bool
		steps    []step
	}{
		{"answered", udp, []step{
			{0, again, 0, Trying, never}, // there is nothing to send yet
			{1 * s, tick, 0, Trying, never},
			{2 * s, respond(200), Send, Completed, 34 * s},
			{3 * s, again, Send, Completed, 34 * s},
			{4 * s, respond(404), 0, Completed, 34 * s}, // one final response
			{5 * s, respond(183), 0, Completed, 34 * s},
			{33 * s, again, Send, Completed, 34 * s}, // Timer J is not set anew
			{34 * s, tick, End, Terminated, never},
			{35 * s, again, 0, Terminated, never},
			{35 * s, respond(200), 0, Terminated, never},
			{36 * s, tick, 0, Terminated, never},
		}},
		{"provisional", udp, []step{
			{1 * s, respond(183), Send, Proceeding, never},
			{2 * s, again, Send, Proceeding, never},
			{3 * s, respond(182), Send, Proceeding, never},
			{4 * s, respond(302), Send, Completed, 36 * s},
			{36 * s, tick, End, Terminated, never},
		}},
		{"answered over a stream", tcp, []step{ // Timer J is 0
			{1 * s, respond(200), Send | End, Terminated, never},
			{2 * s, respond(200), 0, Terminated, never},
		}},
		{"provisional over a stream", tcp, []step{
			{1 * s, respond(100), Send, Proceeding, never},
			{2 * s, respond(503), Send | End, Terminated, never},
		}},
		{"abandoned", udp, []step{ // RFC 4320 section 4.2
			{1 * s, abandon, End, Terminated, never},
			{2 * s, respond(408), 0, Terminated, never},
			{2 * s, again, 0, Terminated, never},
		}},
		{"abandoned after the final response", udp, []step{
			{1 * s, respond(200), Send, Completed, 33 * s},
			{2 * s, abandon, End, Terminated, never},
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var sv NonInviteServer
			sv.Start(tt.reliable)
			walk(t, &sv, tt.steps)
		})
	}
}

func TestNonInviteServerNotStarted(t *testing.T) {
	timers := DefaultTimers
	var sv NonInviteServer
	if got := sv.Respond(&timers, 200, epoch) | sv.Request() | sv.Expire(&timers, epoch); got != 0 || sv.State() != 0 {
		t.Errorf("action %05b, state %v, want none", got, sv.State())
	}
}
