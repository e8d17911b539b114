package callrecord

import "github.com/redirectd/redirectd/internal/linelog"

// Config says where records go.
type Config struct {
	// Config says which file. Without one there are none.
	linelog.Config

	// Redact says what is masked. Default [RedactNone].
	Redact Redact
}

// Redact says what is masked in records.
type Redact string

// What may be masked.
const (
	RedactNone  Redact = "none"
	RedactUsers Redact = "users" // the user parts of URIs, and numbers in texts
)
