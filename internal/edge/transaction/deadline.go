package transaction

import "time"

// deadline is a time in a third of the memory of a [time.Time]: nanoseconds since
// the start of the process, or 0 for none. There are thousands of finished
// transactions that hold nothing else that matters.
type deadline int64

var start = time.Now()

// deadlineAt returns the deadline at t, by the monotonic clock if t has it.
func deadlineAt(t time.Time) deadline {
	if d := deadline(t.Sub(start)); d != 0 {
		return d
	}
	return 1
}

// time returns the time of a deadline; zero if there is none.
func (d deadline) time() time.Time {
	if d == 0 {
		return time.Time{}
	}
	return start.Add(time.Duration(d))
}

// due reports whether a deadline that is set has passed.
func (d deadline) due(now time.Time) bool { return d != 0 && now.Sub(start) >= time.Duration(d) }
