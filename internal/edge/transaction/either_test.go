package transaction

import "testing"

func TestClientChoosesByMethod(t *testing.T) {
	for method, steps := range map[string][]step{
		"INVITE": {
			{500 * ms, tick, Send, Calling, 1500 * ms},
			{1 * s, received(180), Deliver, Proceeding, never},
			{2 * s, received(486), Ack | Deliver, Completed, 34 * s},
			{3 * s, fail, End, Terminated, never},
		},
		"BYE": {
			{500 * ms, tick, Send, Trying, 1500 * ms},
			{1 * s, received(180), Deliver, Proceeding, 1500 * ms},
			{2 * s, received(486), Deliver, Completed, 7 * s},
			{3 * s, fail, End, Terminated, never},
		},
		"invite": { // methods are case-sensitive (7.1)
			{2 * s, received(200), Deliver, Completed, 7 * s},
		},
	} {
		t.Run(method, func(t *testing.T) {
			var c Client
			timers := DefaultTimers
			if got := c.Start(&timers, method, udp, 0, epoch); got != Send {
				t.Fatalf("Start: %05b, want Send", got)
			}
			walk(t, &c, steps)
		})
	}
}

func TestServerChoosesByMethod(t *testing.T) {
	for method, steps := range map[string][]step{
		"INVITE": {
			{0, again, Send, Proceeding, never},
			{0, respond(100), Send, Proceeding, never},
			{1 * s, respond(404), Send, Completed, 1500 * ms},
			{1500 * ms, tick, Send, Completed, 2500 * ms},
			{2 * s, ack, 0, Confirmed, 7 * s},
			{3 * s, abandon, End, Terminated, never},
		},
		"OPTIONS": {
			{0, again, 0, Trying, never},
			{1 * s, respond(404), Send, Completed, 33 * s},
			{2 * s, ack, 0, Completed, 33 * s},
			{2 * s, again, Send, Completed, 33 * s},
			{3 * s, abandon, End, Terminated, never},
		},
	} {
		t.Run(method, func(t *testing.T) {
			var sv Server
			sv.Start(method, udp)
			walk(t, &sv, steps)
		})
	}
	var sv Server
	timers := DefaultTimers
	sv.Start("OPTIONS", udp)
	sv.Respond(&timers, 200, epoch)
	if got := sv.Expire(&timers, epoch.Add(32*s)); got != End {
		t.Errorf("Timer J: %05b, want End", got)
	}
}
