package record

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/redirectd/redirectd/internal/pseudonym"
)

// minNumber is how many digits make a number that stands alone in a text: with
// fewer it is a port, a code or a count.
const minNumber = 7

// opaqueHeaders are header fields whose value says who, in words of its own.
var opaqueHeaders = map[string]bool{
	"identity": true, "authorization": true, "proxy-authorization": true, "authentication-info": true,
	"proxy-authentication-info": true, "subject": true, "s": true, "organization": true, "geolocation": true,
	"p-access-network-info": true, "p-charging-vector": true, "user-to-user": true,
}

// callIDHeaders are header fields that name calls.
var callIDHeaders = map[string]bool{"call-id": true, "i": true, "in-reply-to": true, "replaces": true}

// countHeaders have a number that is nobody's.
var countHeaders = map[string]bool{"cseq": true, "rseq": true, "rack": true, "timestamp": true}

// display finds a display name before the URI that it belongs to.
var display = regexp.MustCompile(`(?i)("(?:[^"\\]|\\.)*"|[^\s",;:<>][^",;:<>]*?)(\s*<[a-z][a-z0-9+.-]*:)`)

// headerValue changes the value of a header field.
func (r *redactor) headerValue(name, value string) string {
	switch name = strings.ToLower(name); {
	case opaqueHeaders[name] && name == "identity": // info, alg and ppt say nothing of the caller
		token, params := cut(value, ";")
		return r.mapper.Of(token) + r.text(params)
	case opaqueHeaders[name]:
		return r.mapper.Of(value)
	case callIDHeaders[name]:
		ids := strings.Split(value, ",")
		for i, id := range ids {
			id, params := cut(id, ";")
			trimmed := strings.TrimLeft(id, " \t")
			ids[i] = id[:len(id)-len(trimmed)] + r.callID(trimmed) + params
		}
		return strings.Join(ids, ",")
	case countHeaders[name]:
		return value
	}
	return r.named(value)
}

// named changes a text with display names.
func (r *redactor) named(value string) string {
	var b strings.Builder
	end := 0
	for _, m := range display.FindAllStringSubmatchIndex(value, -1) {
		name := value[m[2]:m[3]]
		b.WriteString(r.text(value[end:m[2]]))
		if inner, quoted := strings.CutPrefix(name, `"`); quoted {
			b.WriteString(`"` + r.name(strings.TrimSuffix(inner, `"`)) + `"`)
		} else {
			b.WriteString(r.name(name))
		}
		end = m[3]
	}
	return b.String() + r.text(value[end:])
}

// uriInText finds where a URI begins in a text.
var uriInText = regexp.MustCompile(`(?i)^(?:sips?|tel|urn|mailto|im|pres|xmpp|h323):[^\s<>"]+`)

// text changes, in any text, the users of URIs, users and names that are known,
// and numbers.
func (r *redactor) text(s string) string {
	return r.scan(s, func(rest string) (n int, as string) {
		if uri := uriInText.FindString(rest); uri != "" {
			if whole := strings.TrimRight(uri, ".\u2026"); strings.HasSuffix(uri, "...") || strings.HasSuffix(uri, "\u2026") {
				// It was cut: what looks like a host may be a user.
				scheme, rest := cut(whole, ":")
				return len(whole), scheme + r.mapper.Of(rest)
			}
			// What ends a sentence or a list is hardly part of the URI.
			uri = strings.TrimRight(uri, ".,;:!?)")
			return len(uri), r.uri(uri, r.made)
		}
		return r.wordAt(rest)
	})
}

// words changes users and names that are known, and numbers.
func (r *redactor) words(s string) string { return r.scan(s, r.wordAt) }

// scan rewrites a text from left to right: at asks at the beginning of each word
// how many bytes become what. What was rewritten is not looked at again.
func (r *redactor) scan(s string, at func(rest string) (n int, as string)) string {
	var b strings.Builder
	inWord := false
	for i := 0; i < len(s); {
		if !inWord && (isWord(s[i]) || s[i] == '+') {
			if n, as := at(s[i:]); n > 0 {
				b.WriteString(as)
				inWord = isWord(s[i+n-1])
				i += n
				continue
			}
		}
		inWord = isWord(s[i])
		b.WriteByte(s[i])
		i++
	}
	return b.String()
}

// wordAt returns the user, name or number that a text begins with, and its
// pseudonym; 0 if it begins with none.
func (r *redactor) wordAt(rest string) (n int, as string) {
	for _, word := range r.known.words {
		if strings.HasPrefix(rest, word) && ends(rest, len(word)) && !strings.HasPrefix(rest[len(word):], "=") {
			return len(word), r.known.pseudonyms[word]
		}
	}
	digits := strings.TrimPrefix(rest, "+")
	n = len(digits) - len(strings.TrimLeft(digits, "0123456789"))
	if n < minNumber {
		return 0, ""
	}
	n += len(rest) - len(digits)
	if !ends(rest, n) {
		return 0, ""
	}
	number := rest[:n]
	if !pseudonym.IsNumber(number) {
		return 0, ""
	}
	return n, r.learn(number, r.made(number))
}

// ends reports whether a word may end after n bytes of a text.
func ends(s string, n int) bool { return n == len(s) || !isWord(s[n]) || !isWord(s[n-1]) }

// isWord reports whether a byte is of a word. Bytes beyond ASCII are.
func isWord(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= utf8.RuneSelf
}
