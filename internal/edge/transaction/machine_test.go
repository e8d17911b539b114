package transaction

import (
	"testing"
	"time"
)

const (
	ms    = time.Millisecond
	s     = time.Second
	never = time.Duration(-1)

	udp = false
	tcp = true
)

var epoch = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// machine is what all four have in common.
type machine interface {
	Expire(t *Timers, now time.Time) Action
	Next() time.Time
	State() State
}

// event is one thing that happens to a machine.
type event struct {
	name string
	run  func(m machine, t *Timers, now time.Time) Action
}

var (
	tick = event{"tick", func(m machine, t *Timers, now time.Time) Action { return m.Expire(t, now) }}
	ack  = event{"ack", func(m machine, t *Timers, now time.Time) Action {
		return m.(interface {
			Ack(t *Timers, now time.Time) Action
		}).Ack(t, now)
	}}
	again   = event{"request again", func(m machine, _ *Timers, _ time.Time) Action { return m.(interface{ Request() Action }).Request() }}
	fail    = event{"fail", func(m machine, _ *Timers, _ time.Time) Action { return m.(interface{ Fail() Action }).Fail() }}
	abandon = event{"abandon", func(m machine, _ *Timers, _ time.Time) Action { return m.(interface{ Abandon() Action }).Abandon() }}
)

func received(status int) event {
	return event{"received", func(m machine, t *Timers, now time.Time) Action {
		return m.(interface {
			Response(t *Timers, status int, now time.Time) Action
		}).Response(t, status, now)
	}}
}

func respond(status int) event {
	return event{"respond", func(m machine, t *Timers, now time.Time) Action {
		return m.(interface {
			Respond(t *Timers, status int, now time.Time) Action
		}).Respond(t, status, now)
	}}
}

// step is an event at a time after the start, and what must come of it.
type step struct {
	at    time.Duration
	event event
	want  Action
	state State
	next  time.Duration // after the start; never: no timer runs
}

// walk takes a machine through steps, with the timers of the RFC. Between the
// steps nothing may be due early.
func walk(t *testing.T, m machine, steps []step) {
	t.Helper()
	timers := DefaultTimers
	for i, st := range steps {
		now := epoch.Add(st.at)
		if next := m.Next(); !next.IsZero() && st.at > 0 {
			before, state := min(next.Sub(epoch), st.at)-1, m.State()
			if got := m.Expire(&timers, epoch.Add(before)); got != 0 || m.State() != state || !m.Next().Equal(next) {
				t.Fatalf("step %d: Expire at %v, before the timer at %v: action %05b, state %v", i, before, next.Sub(epoch), got, m.State())
			}
		}
		if got := st.event.run(m, &timers, now); got != st.want {
			t.Fatalf("step %d: %s at %v in %v: action %05b, want %05b", i, st.event.name, st.at, m.State(), got, st.want)
		}
		if m.State() != st.state {
			t.Fatalf("step %d: %s at %v: state %v, want %v", i, st.event.name, st.at, m.State(), st.state)
		}
		want := time.Time{}
		if st.next != never {
			want = epoch.Add(st.next)
		}
		if !m.Next().Equal(want) {
			t.Fatalf("step %d: %s at %v: next at %v, want %v", i, st.event.name, st.at, m.Next().Sub(epoch), st.next)
		}
		if st.want.Has(End) != (st.state == Terminated) && st.want != 0 {
			t.Fatalf("step %d: action %05b and state %v contradict each other", i, st.want, st.state)
		}
	}
}

// schedule runs a machine by its own Next until it ends or falls silent, and
// returns when it wanted to send and when it ended (never: it did not).
func schedule(m machine, timers Timers) (sent []time.Duration, end time.Duration, last Action) {
	for range 1000 {
		now := m.Next()
		if now.IsZero() {
			return sent, never, last
		}
		last = m.Expire(&timers, now)
		if last.Has(Send) {
			sent = append(sent, now.Sub(epoch))
		}
		if last.Has(End) {
			return sent, now.Sub(epoch), last
		}
	}
	return sent, never, last
}
