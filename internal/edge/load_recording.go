package edge

import (
	"github.com/redirectd/redirectd/internal/policy/record"
	"github.com/redirectd/redirectd/internal/strictyaml"
)

// readRecording reads where questions and answers are recorded.
func readRecording(m *strictyaml.Map, c *record.Config) {
	if m == nil {
		return
	}
	defer m.Done()
	readLines(m, &c.Config)
	if v, ok := m.Value("share"); ok {
		v.Like("^[0-9]+([.][0-9]+)?%$", "5%", "0.5%")
		share, err := record.ParseShare(v.Text)
		if err != nil {
			v.Failf("%v", err)
		}
		c.Share = share
	}
	redact := string(c.Redact)
	m.Enum("redact", &redact, string(record.RedactNone), string(record.RedactUsers))
	c.Redact = record.Redact(redact)
}
