package expr

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// quote quotes a text for people, clipped.
func quote(s string) string { return strconv.Quote(clip(s, 64)) }

// clip makes a text short: at most n bytes, whole characters.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	cut := n - len("...")
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "..."
}

// plain makes a text fit for one line: no control characters, valid UTF-8.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
}

// didYouMean returns ` (did you mean "x"?)` for the name that was probably
// meant, or nothing.
func didYouMean(word string, names []string) string {
	if n := nearest(word, names); n != "" {
		return " (did you mean " + strconv.Quote(n) + "?)"
	}
	return ""
}

// nearest returns the name that was probably meant: the same but for case and
// "_", one of which the word is the first or last part, or one that is at most
// two letters away and less than half of the word.
func nearest(word string, names []string) string {
	if len(word) > 64 {
		return ""
	}
	best, found := min(3, (len(word)+1)/2+1), ""
	for _, n := range names {
		if strings.EqualFold(strings.ReplaceAll(word, "_", ""), strings.ReplaceAll(n, "_", "")) {
			return n
		}
		if d := distance(word, n); d < best {
			best, found = d, n
		}
	}
	if found == "" && word != "" {
		i := slices.IndexFunc(names, func(n string) bool {
			return strings.HasPrefix(n, word+"_") || strings.HasSuffix(n, "_"+word)
		})
		if i >= 0 {
			found = names[i]
		}
	}
	return found
}

// distance counts the letters to insert, delete, change or swap with the next
// one to get from a to b.
func distance(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}

// sortedKeys returns the keys of a map in order.
func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
