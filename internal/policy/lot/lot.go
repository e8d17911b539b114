// Package lot draws lots for calls: which ones are of a share. The same call draws
// the same lot everywhere and at each question, and lots under different names
// have nothing to do with each other.
package lot

import "github.com/cespare/xxhash/v2"

// Draw returns a number from 0 to below 1 that belongs to a name and a Call-ID:
// xxHash64 of the name, a NUL and the Call-ID, as a fraction of its range. Whoever
// computes the same elsewhere comes to the same calls.
func Draw(name, callID string) float64 {
	var d xxhash.Digest
	d.Reset()
	_, _ = d.WriteString(name)
	_, _ = d.WriteString("\x00")
	_, _ = d.WriteString(callID)
	const bits = 53 // that a float64 holds exactly
	return float64(d.Sum64()>>(64-bits)) / (1 << bits)
}

// Within reports whether a call is of a share of so many percent: of none at 0,
// always at 100, and of every larger share if it is of a smaller one.
func Within(percent float64, name, callID string) bool {
	return Draw(name, callID)*100 < percent
}
