package record

import "github.com/redirectd/redirectd/internal/linelog"

// Config says what is recorded, and where. The zero value of a field but File
// means the default that its comment names.
type Config struct {
	// Config says which file. Without one nothing is recorded.
	linelog.Config

	// Share is how many of a hundred calls are recorded, more than 0 to 100, each
	// with all its questions or with none. Default 100.
	Share float64
	// Redact says what is not recorded as it is. Default [RedactNone].
	Redact Redact
}

// Redact says what is not recorded as it is.
type Redact string

// What may be redacted.
const (
	RedactNone  Redact = "none"
	RedactUsers Redact = "users" // users and their names become pseudonyms
)
