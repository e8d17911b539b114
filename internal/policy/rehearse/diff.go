package rehearse

import "slices"

// Difference is one thing that was decided otherwise than expected.
type Difference struct {
	What     string   // "targets", "reject", "contact sip:a@h"
	Expected []string // as the test says it
	Decided  []string // as it is
	// Lines are both, aligned: "- " stands before what was expected only, "+ " before
	// what was decided only, two blanks before what both have.
	Lines []string
}

// different aligns lines that are the same.
func different(what string, expected, decided []string) *Difference {
	return differentBy(what, expected, decided, func(i, j int) bool { return expected[i] == decided[j] })
}

// differentBy aligns lines of which same says whether expected[i] is decided[j].
func differentBy(what string, expected, decided []string, same func(i, j int) bool) *Difference {
	d := &Difference{What: what, Expected: expected, Decided: decided}
	lengths := commonLengths(len(expected), len(decided), same)
	i, j := 0, 0
	for i < len(expected) || j < len(decided) {
		switch {
		case i < len(expected) && j < len(decided) && same(i, j):
			d.Lines = append(d.Lines, "  "+decided[j])
			i, j = i+1, j+1
		case j == len(decided) || i < len(expected) && lengths[i+1][j] >= lengths[i][j+1]:
			d.Lines = append(d.Lines, "- "+expected[i])
			i++
		default:
			d.Lines = append(d.Lines, "+ "+decided[j])
			j++
		}
	}
	return d
}

// commonLengths returns how long the longest common subsequence is of what is left
// from i and j on. There are at most 64 targets, or a test's few lines.
func commonLengths(n, m int, same func(i, j int) bool) [][]int {
	lengths := make([][]int, n+1)
	for i := range lengths {
		lengths[i] = make([]int, m+1)
	}
	for i := range slices.Backward(lengths[:n]) {
		for j := range slices.Backward(lengths[i][:m]) {
			if same(i, j) {
				lengths[i][j] = lengths[i+1][j+1] + 1
			} else {
				lengths[i][j] = max(lengths[i+1][j], lengths[i][j+1])
			}
		}
	}
	return lengths
}
