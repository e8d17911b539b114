package expr

import (
	"strings"
	"testing"
	"time"
)

func TestWindows(t *testing.T) {
	for _, c := range []struct {
		windows string
		in, out []string // times of the week of Monday, 5 January 2026
	}{
		{"Mo-Fr 08:00-18:00", []string{"Mon 08:00", "Fri 17:59"}, []string{"Mon 07:59", "Mon 18:00", "Sat 10:00", "Sun 10:00"}},
		{"Mo-Fr 08:00-12:00,13:00-18:00; Sa 9:00-13:00", []string{"Tue 11:59", "Tue 13:00", "Sat 12:00"}, []string{"Tue 12:30", "Sat 13:00"}},
		{"22:00-06:00", []string{"Mon 23:00", "Tue 05:59", "Sun 22:00", "Mon 00:00"}, []string{"Mon 06:00", "Mon 21:59"}},
		{"Su 22:00-02:00", []string{"Sun 23:59", "Mon 01:59"}, []string{"Mon 02:00", "Sun 01:00", "Tue 01:00"}},
		{"Fr-Mo", []string{"Fri 00:00", "Sun 12:00", "Mon 23:59"}, []string{"Tue 00:00", "Thu 23:59"}},
		{"Sa,Su", []string{"Sat 00:00", "Sun 23:59"}, []string{"Mon 00:00", "Fri 23:59"}},
		{"monday, Wed 00:00 - 24:00", []string{"Mon 00:00", "Wed 23:59"}, []string{"Tue 00:00", "Thu 00:00"}},
		{"00:00-24:00", []string{"Mon 00:00", "Sun 23:59"}, nil},
		{"Mo 18:00-00:00", []string{"Mon 23:59"}, []string{"Tue 00:00"}},
	} {
		w, err := parseWindows(c.windows)
		if err != nil {
			t.Errorf("%s: %v", c.windows, err)
			continue
		}
		for _, at := range c.in {
			if !w.contain(weekday(t, at)) {
				t.Errorf("%s: %s is not in it", c.windows, at)
			}
		}
		for _, at := range c.out {
			if w.contain(weekday(t, at)) {
				t.Errorf("%s: %s is in it", c.windows, at)
			}
		}
	}
}

func weekday(t *testing.T, s string) time.Time {
	t.Helper()
	for d := 5; d < 12; d++ {
		day := time.Date(2026, 1, d, 0, 0, 0, 0, time.UTC)
		if day.Format("Mon") == s[:3] {
			clock, err := time.Parse("15:04", s[4:])
			if err != nil {
				t.Fatal(err)
			}
			return day.Add(clock.Sub(clock.Truncate(24 * time.Hour)))
		}
	}
	t.Fatalf("no day %q", s)
	return time.Time{}
}

// TestWindowsByTheClockOnTheWall: when the clocks change, so do the windows.
func TestWindowsByTheClockOnTheWall(t *testing.T) {
	berlin, err := parseZone("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	w, err := parseWindows("08:00-09:00")
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[string]bool{
		"2026-03-28T07:30:00Z": true, "2026-03-28T06:30:00Z": false, // winter
		"2026-03-29T06:30:00Z": true, "2026-03-29T07:30:00Z": false, // summer, from that night on
	} {
		moment, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := w.contain(moment.In(berlin)); got != want {
			t.Errorf("%s: %v", at, got)
		}
	}
}

func TestBadWindows(t *testing.T) {
	for windows, want := range map[string]string{
		"": "a window is empty", "Mo;": "a window is empty", "Xx": `"Xx" is no day of Mo`, "M": `"M" is no day`, "Mo-": `"" is no day`,
		"Mo 8-18": `"8" is no time from 00:00 to 24:00`, "25:00-26:00": `"25:00" is no time`, "24:01-03:00": `"24:01" is no time`,
		"08:00": `"08:00" is no time from and to`, "08:60-09:00": `"08:60" is no time`, "08:00-08:00": `is no time at all; the whole day is "00:00-24:00"`,
		"24:00-02:00": "begins at 00:00", "Mo 08:00-09:00 Tu": `"Tu" is too much`, "08:00-09:00,": `"" is no time from and to`, "-1:00-02:00": "is no day",
		strings.Repeat("Mo-Su,", 30) + "Mo": "there are more than 200 windows in it",
		strings.Repeat("Mo-Su;", 30) + "Mo": "there are more than 200 windows in it",
	} {
		if _, err := parseWindows(windows); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", windows, err, want)
		}
	}
	for _, zone := range []string{"", "Local", "local", "Mars/Olympus", "../etc/passwd", "/etc/localtime"} {
		if _, err := parseZone(zone); err == nil || !strings.Contains(err.Error(), `want a name such as "Europe/Berlin" or "UTC"`) {
			t.Errorf("%q: %v", zone, err)
		}
	}
}
