package expr

import (
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/redirectd/redirectd/internal/strictyaml"
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
	if word == "" || len(word) > 64 {
		return ""
	}
	for _, n := range names {
		if strings.EqualFold(strings.ReplaceAll(word, "_", ""), strings.ReplaceAll(n, "_", "")) {
			return n
		}
	}
	if found := strictyaml.Nearest(word, names); found != "" {
		return found
	}
	for _, n := range names {
		if strings.HasPrefix(n, word+"_") || strings.HasSuffix(n, "_"+word) {
			return n
		}
	}
	return ""
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
