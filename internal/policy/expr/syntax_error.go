package expr

import (
	"fmt"
	"regexp"
	"strings"

	"cel.dev/cel-go/common"
)

// syntaxError says what is wrong with an expression that cannot be read. The
// parser speaks of tokens; whoever writes a rule wants to know what to write.
func syntaxError(src string, err *common.Error) *Error {
	said := strings.TrimPrefix(err.Message, "Syntax error: ")
	for _, r := range syntaxRules {
		if m := r.said.FindStringSubmatch(said); m != nil {
			return located(src, err.Location, r.say(src, m))
		}
	}
	return located(src, err.Location, said)
}

var syntaxRules = []struct {
	said *regexp.Regexp
	say  func(src string, m []string) string
}{
	{regexp.MustCompile(`(?s)^token recognition error at: '(.*)'$`), func(_ string, m []string) string { return strayToken(m[1]) }},
	{regexp.MustCompile(`^mismatched input '<EOF>'|^no viable alternative at input '<EOF>'`), func(src string, _ []string) string {
		if strings.TrimSpace(src) == "" {
			return `the expression is empty; want one such as contact.uri.host == "a.example"`
		}
		return "the expression ends where a value should stand"
	}},
	{regexp.MustCompile(`(?s)^(?:mismatched|extraneous) input '(.*?)' expecting`), func(_ string, m []string) string { return unexpected(m[1]) }},
	{regexp.MustCompile(`^missing '(.)' at`), func(_ string, m []string) string { return fmt.Sprintf("%q is missing here", m[1]) }},
	{regexp.MustCompile(`(?s)^no viable alternative at input '(\.+)'`), func(string, []string) string { return `the name of a field is missing behind "."` }},
	{regexp.MustCompile(`(?s)^no viable alternative at input '(.*)'`), func(_ string, m []string) string { return unexpected(m[1]) }},
	{regexp.MustCompile(`^invalid (int|uint|double) literal`), func(string, []string) string {
		return "the number is out of range; a whole number has 64 bits, and a telephone number is a text"
	}},
	{regexp.MustCompile(`^reserved identifier: (\S+)`), func(_ string, m []string) string {
		if m[1] == "if" || m[1] == "else" {
			return `there is no "if"; a condition stands alone, and a choice is written condition ? this : that`
		}
		return fmt.Sprintf("%q is reserved and can be no name", m[1])
	}},
	{regexp.MustCompile(`recursion|nesting`), func(string, []string) string {
		return fmt.Sprintf("the expression is nested deeper than %d levels", maxNesting)
	}},
	{regexp.MustCompile(`node`), func(string, []string) string {
		return fmt.Sprintf("the expression has more than %d parts", maxNodes)
	}},
	{regexp.MustCompile(`has\(\) macro`), func(string, []string) string { return "has takes a field, as in has(contact.q_milli)" }},
	{regexp.MustCompile(`argument (must be|is not) a(n)? (simple name|identifier)|iteration variable`), func(string, []string) string {
		return "all, exists, exists_one, map and filter take a name for the element first, as in attempts.exists(a, a.rang)"
	}},
}

// strayToken says what is wrong with characters that mean nothing.
func strayToken(token string) string {
	switch trimmed := strings.TrimSpace(token); {
	case strings.HasPrefix(trimmed, "="):
		return `a single "=" means nothing; "==" compares`
	case strings.HasPrefix(trimmed, "&"):
		return `a single "&" means nothing; "&&" is and`
	case strings.HasPrefix(trimmed, "|"):
		return `a single "|" means nothing; "||" is or`
	case strings.ContainsAny(trimmed[:min(1, len(trimmed))], `"'`):
		if i := strings.IndexByte(trimmed, '\\'); i >= 0 {
			return fmt.Sprintf(`%s is no escape, or the text is not closed; a backslash is written \\, or the text r"..."`, quote(trimmed[i:]))
		}
		return fmt.Sprintf("the text that begins here is not closed by another %s", trimmed[:1])
	case strings.HasPrefix(trimmed, "“"), strings.HasPrefix(trimmed, "”"), strings.HasPrefix(trimmed, "„"), strings.HasPrefix(trimmed, "‘"), strings.HasPrefix(trimmed, "’"):
		return `quotes are straight: "..." or '...'`
	default:
		return quote(trimmed) + " means nothing here"
	}
}

// unexpected says what is wrong with a word that has its meaning elsewhere.
func unexpected(word string) string {
	switch strings.ToLower(word) {
	case "and":
		return `"and" is written &&`
	case "or":
		return `"or" is written ||`
	case "not":
		return `"not" is written !`
	case "+":
		return `"+" stands between two values; a telephone number is a text in quotes`
	}
	return quote(word) + ` is not expected here; an operator such as && may be missing before it`
}
