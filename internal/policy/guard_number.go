package policy

import (
	"slices"
	"strings"

	"github.com/redirectd/redirectd/internal/policy/expr"
	"github.com/redirectd/redirectd/internal/sipuri"
)

// suspects returns the numbers in E.164 form that a user part may mean: for a deny,
// doubt counts against it. A gateway dials what it finds, with "+" or without, with
// the international prefix 00, with more digits than it needs, or within the
// context that stands beside it (RFC 3966 section 5.1.5).
func suspects(s *subject) []string {
	user := sipuri.Unescape(s.uri.User)
	if user == "" {
		return nil
	}
	numbers := []string{s.number}
	add := func(text string) {
		if n := dialed(text); n != "" && !slices.Contains(numbers, n) {
			numbers = append(numbers, n)
		}
	}
	add(user)
	number, params, _ := strings.Cut(user, ";")
	context, _ := s.uri.Param("phone-context")
	for param := range strings.SplitSeq(params, ";") {
		if name, value, _ := strings.Cut(param, "="); strings.EqualFold(name, "phone-context") {
			context = value
		}
	}
	if context = sipuri.Unescape(context); strings.HasPrefix(context, "+") {
		add(context + number)
	}
	return numbers
}

// maxDialed is how many digits a number of E.164 has at most.
const maxDialed = 15

// dialed returns the digits that a text begins with in E.164 form, separators and
// what follows aside; empty if it is rather a name.
func dialed(text string) string {
	text = strings.ReplaceAll(text, "(0)", "")
	digits, plus := make([]byte, 0, maxDialed+3), false
	for i := range len(text) {
		switch c := text[i]; {
		case c >= '0' && c <= '9':
			if len(digits) < cap(digits) {
				digits = append(digits, c)
			}
			continue
		case strings.IndexByte(" -.()", c) >= 0:
			continue
		case c == '+' && len(digits) == 0:
			plus = true
			continue
		case !plus && (c|0x20 >= 'a' && c|0x20 <= 'z'):
			return "" // 1900bob
		}
		break
	}
	number := strings.TrimPrefix(string(digits), "00")
	return expr.E164("+" + number[:min(len(number), maxDialed)])
}
