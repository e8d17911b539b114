package record

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/redirectd/redirectd/internal/linelog"
)

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

// ParseShare reads a share as people give it, such as 5%. The error says what is
// right.
func ParseShare(text string) (percent float64, err error) {
	digits, ok := strings.CutSuffix(text, "%")
	if !ok || !decimal.MatchString(digits) {
		return 0, fmt.Errorf("%q is no share; want a percentage, as in 5%% or 0.5%%", text)
	}
	percent, err = strconv.ParseFloat(digits, 64)
	if err != nil || percent <= 0 || percent > 100 {
		return 0, fmt.Errorf("%s is out of range (above 0%% to 100%%)", text)
	}
	return percent, nil
}

var decimal = regexp.MustCompile(`^[0-9]{1,9}([.][0-9]{1,9})?$`)
