package edge

import (
	"strconv"
	"strings"

	"github.com/redirectd/redirectd/internal/callrecord"
	"github.com/redirectd/redirectd/internal/strictyaml"
)

// readRecords reads where call records go.
func readRecords(m *strictyaml.Map, c *callrecord.Config) {
	if m == nil {
		return
	}
	defer m.Done()
	if m.String("file", &c.File) && c.File == "" {
		m.Failf("file", "the name is empty; want a file, or %s", callrecord.Stdout)
	}
	m.Require("file")
	redact, compress := string(c.Redact), string(c.Compress)
	if v, ok := m.Value("max_size"); ok {
		c.MaxSize = readSize(v)
	}
	m.Int("max_backups", &c.MaxBackups, 1, 1000)
	if v, ok := m.Value("max_age"); ok {
		c.MaxAge = readDays(v)
	}
	m.Enum("compress", &compress, string(callrecord.CompressNone), string(callrecord.CompressGzip), string(callrecord.CompressZstd))
	m.Enum("redact", &redact, string(callrecord.RedactNone), string(callrecord.RedactUsers))
	c.Compress, c.Redact = callrecord.Compress(compress), callrecord.Redact(redact)
	if c.File != callrecord.Stdout {
		return
	}
	for _, key := range []string{"max_size", "max_backups", "max_age", "compress"} {
		if m.Has(key) {
			m.Failf(key, "of %s nothing is rotated; leave it out", callrecord.Stdout)
		}
	}
}

// readSize reads a size in bytes, given in MiB or GiB.
func readSize(v strictyaml.Value) int64 {
	v.Like("^[-+]?[0-9]+(MiB|GiB)$", "100MiB", "1GiB")
	for _, unit := range []struct {
		name  string
		bytes int64
	}{{"MiB", 1 << 20}, {"GiB", 1 << 30}} {
		n, ok := countOf(v.Text, unit.name)
		switch {
		case !ok:
		case n*unit.bytes < callrecord.MinSize || n > callrecord.MaxSize/unit.bytes:
			v.Failf("%s is out of range (1MiB to 10GiB)", v.Text)
			return 0
		default:
			return n * unit.bytes
		}
	}
	v.Failf("%q is no size with its unit; want 1MiB to 10GiB, as in 100MiB", v.Text)
	return 0
}

// readDays reads a time in days.
func readDays(v strictyaml.Value) int {
	v.Like("^[-+]?[0-9]+d$", "30d")
	n, ok := countOf(v.Text, "d")
	switch {
	case !ok:
		v.Failf("%q is no time in days; want 1d to 3650d", v.Text)
	case n < 1 || n > 3650:
		v.Failf("%s is out of range (1d to 3650d)", v.Text)
	default:
		return int(n)
	}
	return 0
}

// countOf reads a whole number before a unit.
func countOf(text, unit string) (n int64, ok bool) {
	digits, ok := strings.CutSuffix(text, unit)
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(digits, 10, 32)
	return n, err == nil
}

// readTracing reads what spans show.
func readTracing(m *strictyaml.Map, c *TracingConfig) {
	if m == nil {
		return
	}
	defer m.Done()
	redact := string(c.Redact)
	m.Enum("redact", &redact, string(callrecord.RedactNone), string(callrecord.RedactUsers))
	c.Redact = callrecord.Redact(redact)
}
