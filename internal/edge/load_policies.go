package edge

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redirectd/redirectd/internal/linelog"
	"github.com/redirectd/redirectd/internal/policy/canary"
	"github.com/redirectd/redirectd/internal/policy/shadow"
	"github.com/redirectd/redirectd/internal/strictyaml"
)

// readShadow reads the policy that is asked, too; nil if there is none.
func readShadow(m *strictyaml.Map) (c *shadow.Config) {
	m.TextOrMap("shadow", func(v strictyaml.Value) {
		v.Like("", "127.0.0.1:50052")
		c = &shadow.Config{}
		if m.String("shadow", &c.Target) && c.Target == "" {
			v.Failf("the target is empty")
		}
	}, func(m *strictyaml.Map) {
		c = &shadow.Config{}
		readTarget(m, &c.Target)
		readShare(m, "share", &c.Share)
		m.Duration("timeout", &c.Timeout, 10*time.Millisecond, 10*time.Second)
		m.Int("concurrency", &c.Concurrency, 1, 1000)
		m.Int("queue", &c.Queue, 1, 100_000)
		if m.String("file", &c.File) && c.File == "" {
			m.Failf("file", "the name is empty; want a file, or %s", linelog.Stdout)
		}
		m.Done()
	})
	return c
}

// readCanary reads the policy that decides a share; nil if there is none.
func readCanary(m *strictyaml.Map, trunks []Trunk) *canary.Config {
	if m == nil {
		return nil
	}
	c := &canary.Config{}
	readTarget(m, &c.Target)
	if m.Require("share") {
		readShare(m, "share", &c.Share)
	}
	m.Some("trunks", func(v strictyaml.Value) {
		checkTrunkName(v, trunks)
		c.Trunks = append(c.Trunks, v.Text)
	})
	m.Duration("timeout", &c.Timeout, 10*time.Millisecond, 10*time.Second)
	if v, ok := m.Value("max_errors"); ok {
		if percent, ok := percentOf(v); ok && (percent < 0 || percent >= 100) {
			v.Failf("%s is out of range (0%% to below 100%%)", v.Text)
		} else if ok {
			c.MaxErrors = &percent
		}
	}
	m.Duration("max_latency", &c.MaxLatency, time.Millisecond, 10*time.Second)
	m.Duration("window", &c.Window, time.Second, time.Hour)
	m.Int("min_questions", &c.MinQuestions, 1, 100_000)
	m.Duration("back_after", &c.BackAfter, time.Second, 24*time.Hour)
	m.Done()
	return c
}

func readTarget(m *strictyaml.Map, into *string) {
	if m.Require("target") && m.String("target", into) && *into == "" {
		m.Failf("target", "the target is empty")
	}
}

func checkTrunkName(v strictyaml.Value, trunks []Trunk) {
	v.Like("", "carrier-a")
	names := make([]string, len(trunks))
	for i := range trunks {
		names[i] = trunks[i].Name
	}
	switch near := strictyaml.Nearest(v.Text, names); {
	case slices.Contains(names, v.Text):
	case len(names) == 0:
		v.Failf("there is no trunk %q: none is configured", v.Text)
	case near != "":
		v.Failf("there is no trunk %q; did you mean %q?", v.Text, near)
	default:
		v.Failf("there is no trunk %q; there are %s", v.Text, strings.Join(names, ", "))
	}
}

// readShare reads a share of the calls, above 0 % to 100 %.
func readShare(m *strictyaml.Map, key string, into *float64) {
	v, ok := m.Value(key)
	if !ok {
		return
	}
	percent, ok := percentOf(v)
	switch {
	case !ok:
	case percent <= 0 || percent > 100:
		v.Failf("%s is out of range (above 0%% to 100%%)", v.Text)
	default:
		*into = percent
	}
}

// percentOf reads a number before a percent sign.
func percentOf(v strictyaml.Value) (percent float64, ok bool) {
	v.Like("^[0-9]+([.][0-9]+)?%$", "5%", "0.5%")
	digits, ok := strings.CutSuffix(v.Text, "%")
	whole, fraction, hasFraction := strings.Cut(digits, ".")
	if !ok || !isDecimal(whole) || hasFraction && !isDecimal(fraction) {
		v.Failf("%q is no share; want a percentage, as in 5%% or 0.5%%", v.Text)
		return 0, false
	}
	percent, err := strconv.ParseFloat(digits, 64)
	return percent, err == nil // never: they are digits, and few
}

func isDecimal(s string) bool {
	return s != "" && len(s) <= 9 && strings.Trim(s, "0123456789") == ""
}
