package edge

import (
	"strings"

	"github.com/redirectd/redirectd/internal/decision"
	"github.com/redirectd/redirectd/internal/edge/message"
)

// realmOf reads the realm of a challenge or of credentials, such as
// `Digest realm="example.com", nonce="..."` (RFC 7616 section 3.3, RFC 3261
// section 25.1), without quotes and escapes. It is to be compared byte by byte.
// ok is false if there is none, as in Basic credentials, if there are two, or if
// the value can't be read to its end: then nobody knows whose it is.
func realmOf(value string) (realm string, ok bool) {
	scheme, rest := cutToken(value)
	if scheme == "" || rest == "" || !isBlank(rest[0]) {
		return "", false
	}
	for rest = skipCommas(rest); rest != ""; {
		var name, text string
		var good bool
		if name, text, rest, good = authParam(rest); !good {
			return "", false
		}
		if !strings.EqualFold(name, "realm") {
			continue
		}
		if ok {
			return "", false
		}
		realm, ok = message.Unquote(text), true
	}
	return realm, ok
}

// authParam reads one parameter, its value as it came, and the commas after it.
func authParam(s string) (name, value, rest string, ok bool) {
	name, rest = cutToken(s)
	rest, ok = strings.CutPrefix(skipBlanks(rest), "=")
	if name == "" || !ok {
		return "", "", "", false
	}
	rest = skipBlanks(rest)
	end := plainEnd(rest)
	if strings.HasPrefix(rest, `"`) {
		end = quotedEnd(rest)
	}
	if end <= 0 {
		return "", "", "", false
	}
	value, rest = rest[:end], skipBlanks(rest[end:])
	return name, value, skipCommas(rest), rest == "" || rest[0] == ','
}

// plainEnd returns the length of the value without quotes that s begins with, -1
// if it has one all the same.
func plainEnd(s string) int {
	for i := range len(s) {
		switch s[i] {
		case ',', ' ', '\t':
			return i
		case '"', '\\':
			return -1
		}
	}
	return len(s)
}

// quotedEnd returns the length of the quoted string that s begins with, -1 if it
// does not end.
func quotedEnd(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}

func cutToken(s string) (token, rest string) {
	n := 0
	for n < len(s) && decision.IsToken(s[n:n+1]) {
		n++
	}
	return s[:n], s[n:]
}

func skipBlanks(s string) string { return strings.TrimLeft(s, " \t") }

// skipCommas skips empty elements of a list too.
func skipCommas(s string) string { return strings.TrimLeft(s, " \t,") }

func isBlank(c byte) bool { return c == ' ' || c == '\t' }
