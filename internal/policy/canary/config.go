package canary

import "time"

// Config says which calls the second policy decides, and what is doing badly. The
// zero value of a field means the default that its comment names.
type Config struct {
	// Target is where the second policy is. It is not read here: who makes the
	// policies connects it.
	Target string
	// Share of the calls in percent, above 0 to 100. Required.
	Share float64
	// Trunks are the names of those whose calls they are. Default: all, and calls of
	// no trunk.
	Trunks []string
	// Timeout is how long to wait for the second policy. It is part of the time that
	// a decision may take. Default: half of that.
	Timeout time.Duration
	// MaxErrors is how many of its questions may get no decision, in percent, 0 to
	// below 100. Default 5.
	MaxErrors *float64
	// MaxLatency is what 95 of 100 answers must not take longer than. Default: there
	// is no such limit but Timeout.
	MaxLatency time.Duration
	// Window is the time that both limits look back at, 1 s to 1 h. Default 1 min.
	Window time.Duration
	// MinQuestions is how many there must be in it before they count, 1 to 100,000.
	// Default 20.
	MinQuestions int
	// BackAfter is how long after it was left the second policy is tried again, 1 s to
	// 24 h. Default: never, until a restart.
	BackAfter time.Duration
}

const (
	defaultMaxErrors    = 5.0
	defaultWindow       = time.Minute
	defaultMinQuestions = 20
)

func (c *Config) setDefaults() {
	if c.MaxErrors == nil {
		c.MaxErrors = new(defaultMaxErrors)
	}
	if c.Window == 0 {
		c.Window = defaultWindow
	}
	if c.MinQuestions == 0 {
		c.MinQuestions = defaultMinQuestions
	}
}
