package shadow

import "time"

// Config says which questions a second policy is asked, too. The zero value of a
// field means the default that its comment names.
type Config struct {
	// Target is where the second policy is. It is not read here: who makes the
	// policies connects it.
	Target string
	// Share of the calls in percent, above 0 to 100. Default 100.
	Share float64
	// Timeout is how long to wait for the second policy, 10 ms to 10 s. Default 1 s.
	Timeout time.Duration
	// Concurrency is how many questions it is asked at once, 1 to 1,000. Default 16.
	Concurrency int
	// Queue is how many more may wait, 1 to 100,000. Default 1,000; all of them have
	// at most 16 MiB together.
	Queue int
	// File is where records of disagreements go. Not read here either. Default: where
	// call records go.
	File string
}

const (
	defaultShare       = 100
	defaultTimeout     = time.Second
	defaultConcurrency = 16
	defaultQueue       = 1000
	maxBytes           = 16 << 20 // of all that waits
)

func (c *Config) setDefaults() {
	if c.Share == 0 {
		c.Share = defaultShare
	}
	if c.Timeout == 0 {
		c.Timeout = defaultTimeout
	}
	if c.Concurrency == 0 {
		c.Concurrency = defaultConcurrency
	}
	if c.Queue == 0 {
		c.Queue = defaultQueue
	}
}
