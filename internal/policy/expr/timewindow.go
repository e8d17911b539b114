package expr

import (
	"errors"
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // a container from scratch has no zones
)

// windows are time windows of a week, in minutes from Monday 00:00: each begins
// within the week and may end in the next one.
type windows []window

type window struct{ from, to int }

const (
	minutesOfDay  = 24 * 60
	minutesOfWeek = 7 * minutesOfDay
	maxWindows    = 200
)

// parseWindows reads "Mo-Fr 08:00-12:00,13:00-18:00; Sa 09:00-13:00". Days and
// times can each be left out: every day, the whole day. A time that ends before
// it begins ends on the next day.
func parseWindows(text string) (windows, error) {
	var all windows
	for rule := range strings.SplitSeq(text, ";") {
		days, times, err := parseRule(strings.TrimSpace(rule))
		if err != nil {
			return nil, err
		}
		if len(all)+len(days)*len(times) > maxWindows {
			return nil, fmt.Errorf("there are more than %d windows in it", maxWindows)
		}
		for _, d := range days {
			for _, t := range times {
				all = append(all, window{d*minutesOfDay + t.from, d*minutesOfDay + t.to})
			}
		}
	}
	return all, nil
}

// contain tells whether a time falls into a window, by the clock on the wall of
// its zone. A window holds its first minute and not its last.
func (w windows) contain(t time.Time) bool {
	day := (int(t.Weekday()) + 6) % 7 // Monday is 0
	at := day*minutesOfDay + t.Hour()*60 + t.Minute()
	for _, x := range w {
		if at >= x.from && at < x.to || at+minutesOfWeek < x.to {
			return true
		}
	}
	return false
}

const wantWindow = `; want days and times, such as "Mo-Fr 08:00-18:00" or "Mo-Fr 08:00-12:00,13:00-18:00; Sa 22:00-02:00"`

func parseRule(rule string) (days []int, times []window, err error) {
	if rule == "" {
		return nil, nil, errors.New("a window is empty" + wantWindow)
	}
	fields := strings.Fields(joinLists(rule))
	if c := fields[0][0]; c < '0' || c > '9' {
		if days, err = parseDays(fields[0]); err != nil {
			return nil, nil, err
		}
		fields = fields[1:]
	} else {
		days = []int{0, 1, 2, 3, 4, 5, 6}
	}
	switch len(fields) {
	case 0:
		return days, []window{{0, minutesOfDay}}, nil
	case 1:
		times, err = parseTimes(fields[0])
		return days, times, err
	}
	return nil, nil, fmt.Errorf("%s is too much%s", quote(fields[1]), wantWindow)
}

// joinLists takes the space out of lists and ranges: "Mo, We 08:00 - 09:00".
func joinLists(s string) string {
	for _, sep := range []string{",", "-"} {
		for strings.Contains(s, " "+sep) || strings.Contains(s, sep+" ") {
			s = strings.ReplaceAll(strings.ReplaceAll(s, " "+sep, sep), sep+" ", sep)
		}
	}
	return s
}

func parseDays(list string) ([]int, error) {
	var days []int
	for item := range strings.SplitSeq(list, ",") {
		first, last, isRange := strings.Cut(item, "-")
		from, err := parseDay(first)
		if err != nil {
			return nil, err
		}
		to := from
		if isRange {
			if to, err = parseDay(last); err != nil {
				return nil, err
			}
		}
		for d := from; ; d = (d + 1) % 7 { // "Sa-Mo" goes over the end of the week
			days = append(days, d)
			if d == to {
				break
			}
		}
	}
	return days, nil
}

var dayNames = [...]string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}

func parseDay(word string) (int, error) {
	low := strings.ToLower(word)
	for i, name := range dayNames {
		if len(low) >= 2 && strings.HasPrefix(name, low) {
			return i, nil
		}
	}
	return 0, fmt.Errorf("%s is no day of Mo, Tu, We, Th, Fr, Sa and Su%s", quote(word), wantWindow)
}

func parseTimes(list string) ([]window, error) {
	var times []window
	for item := range strings.SplitSeq(list, ",") {
		first, last, ok := strings.Cut(item, "-")
		if !ok {
			return nil, fmt.Errorf("%s is no time from and to%s", quote(item), wantWindow)
		}
		from, err := parseClock(first)
		if err != nil {
			return nil, err
		}
		to, err := parseClock(last)
		if err != nil {
			return nil, err
		}
		switch {
		case from == minutesOfDay:
			return nil, errors.New(`a window begins at 00:00 and not at 24:00` + wantWindow)
		case from == to:
			return nil, fmt.Errorf(`%s is no time at all; the whole day is "00:00-24:00"`, quote(item))
		case to < from:
			to += minutesOfDay
		}
		times = append(times, window{from, to})
	}
	return times, nil
}

// parseClock reads "08:00" to "24:00" as minutes.
func parseClock(s string) (int, error) {
	h, m, ok := strings.Cut(s, ":")
	hour, okH := twoDigits(h)
	minute, okM := twoDigits(m)
	if !ok || !okH || !okM || minute > 59 || hour > 24 || hour == 24 && minute > 0 {
		return 0, fmt.Errorf("%s is no time from 00:00 to 24:00%s", quote(s), wantWindow)
	}
	return hour*60 + minute, nil
}

// twoDigits reads one or two digits.
func twoDigits(s string) (int, bool) {
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, len(s) == 1 || len(s) == 2
}

// parseZone reads the name of a time zone, "Europe/Berlin" or "UTC".
func parseZone(name string) (*time.Location, error) {
	const want = `; want a name such as "Europe/Berlin" or "UTC"`
	if name == "" || strings.EqualFold(name, "local") {
		// The zone of the machine is no part of the question.
		return nil, errors.New("it names no time zone" + want)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, errors.New("there is no such time zone" + want)
	}
	return zone, nil
}
