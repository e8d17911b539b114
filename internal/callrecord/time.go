package callrecord

import "time"

// Time is a time as a record has it: RFC 3339 in UTC, with nine digits of a second,
// so that the texts sort as the times do.
type Time string

// At is the time t.
func At(t time.Time) Time { return Time(t.UTC().Format("2006-01-02T15:04:05.000000000Z")) }

// Milliseconds is a duration as a record has it: to the microsecond.
func Milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
