package linelog

import (
	"fmt"
	"strconv"
	"strings"
)

// ParseSize reads a size in bytes as people give it, in MiB or GiB. The error says
// what is right.
func ParseSize(text string) (int64, error) {
	for _, unit := range []struct {
		name  string
		bytes int64
	}{{"MiB", 1 << 20}, {"GiB", 1 << 30}} {
		n, ok := countOf(text, unit.name)
		switch {
		case !ok:
		case n*unit.bytes < MinSize || n > MaxSize/unit.bytes:
			return 0, fmt.Errorf("%s is out of range (1MiB to 10GiB)", text)
		default:
			return n * unit.bytes, nil
		}
	}
	return 0, fmt.Errorf("%q is no size with its unit; want 1MiB to 10GiB, as in 100MiB", text)
}

// ParseDays reads a time in days as people give it.
func ParseDays(text string) (int, error) {
	n, ok := countOf(text, "d")
	switch {
	case !ok:
		return 0, fmt.Errorf("%q is no time in days; want 1d to 3650d", text)
	case n < 1 || n > MaxAge:
		return 0, fmt.Errorf("%s is out of range (1d to 3650d)", text)
	}
	return int(n), nil
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
