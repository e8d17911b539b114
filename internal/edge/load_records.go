package edge

import (
	"github.com/redirectd/redirectd/internal/callrecord"
	"github.com/redirectd/redirectd/internal/linelog"
	"github.com/redirectd/redirectd/internal/strictyaml"
)

// readRecords reads where call records go.
func readRecords(m *strictyaml.Map, c *callrecord.Config) {
	if m == nil {
		return
	}
	defer m.Done()
	readLines(m, &c.Config)
	redact := string(c.Redact)
	m.Enum("redact", &redact, string(callrecord.RedactNone), string(callrecord.RedactUsers))
	c.Redact = callrecord.Redact(redact)
}

// readLines reads which file lines go to.
func readLines(m *strictyaml.Map, c *linelog.Config) {
	if m.String("file", &c.File) && c.File == "" {
		m.Failf("file", "the name is empty; want a file, or %s", linelog.Stdout)
	}
	m.Require("file")
	compress := string(c.Compress)
	if v, ok := m.Value("max_size"); ok {
		c.MaxSize = readSize(v)
	}
	m.Int("max_backups", &c.MaxBackups, 1, linelog.MaxBackups)
	if v, ok := m.Value("max_age"); ok {
		c.MaxAge = readDays(v)
	}
	m.Enum("compress", &compress, string(linelog.CompressNone), string(linelog.CompressGzip), string(linelog.CompressZstd))
	c.Compress = linelog.Compress(compress)
	if c.File != linelog.Stdout {
		return
	}
	for _, key := range []string{"max_size", "max_backups", "max_age", "compress"} {
		if m.Has(key) {
			m.Failf(key, "of %s nothing is rotated; leave it out", linelog.Stdout)
		}
	}
}

// readSize reads a size in bytes, given in MiB or GiB.
func readSize(v strictyaml.Value) int64 {
	v.Like("^[-+]?[0-9]+(MiB|GiB)$", "100MiB", "1GiB")
	size, err := linelog.ParseSize(v.Text)
	if err != nil {
		v.Failf("%v", err)
	}
	return size
}

// readDays reads a time in days.
func readDays(v strictyaml.Value) int {
	v.Like("^[-+]?[0-9]+d$", "30d")
	days, err := linelog.ParseDays(v.Text)
	if err != nil {
		v.Failf("%v", err)
	}
	return days
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
