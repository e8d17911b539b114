package transaction

import (
	"testing"
	"time"
)

func TestStateString(t *testing.T) {
	for state, want := range map[State]string{
		0: "Idle", Calling: "Calling", Trying: "Trying", Proceeding: "Proceeding", Accepted: "Accepted",
		Completed: "Completed", Confirmed: "Confirmed", Terminated: "Terminated", Terminated + 1: "Unknown", 255: "Unknown",
	} {
		if got := state.String(); got != want {
			t.Errorf("State(%d) is %q, want %q", uint8(state), got, want)
		}
	}
}

func TestActionHas(t *testing.T) {
	all := Send | Ack | Deliver | Timeout | End
	for _, a := range []Action{Send, Ack, Deliver, Timeout, End} {
		if !all.Has(a) || (all &^ a).Has(a) || (all &^ a).Has(all) {
			t.Errorf("action %05b is not a bit of its own", a)
		}
	}
}

func TestDueAndEarlier(t *testing.T) {
	var unset time.Time
	a, b := epoch, epoch.Add(1)
	for _, tt := range []struct {
		at, now time.Time
		want    bool
	}{{unset, a, false}, {a, a, true}, {a, b, true}, {b, a, false}} {
		if got := Due(tt.at, tt.now); got != tt.want {
			t.Errorf("Due(%v, %v) = %v", tt.at, tt.now, got)
		}
	}
	for _, tt := range []struct{ x, y, want time.Time }{
		{unset, unset, unset},
		{a, unset, a},
		{unset, a, a},
		{a, b, a},
		{b, a, a},
		{a, a, a},
	} {
		if got := Earlier(tt.x, tt.y); !got.Equal(tt.want) {
			t.Errorf("Earlier(%v, %v) = %v, want %v", tt.x, tt.y, got, tt.want)
		}
	}
}
