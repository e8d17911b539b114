// Package messagetest rewrites SIP messages into other forms that mean the same
// (RFC 3261 section 7.3.1), so that a test can show that they are handled the
// same. It reads messages by itself: a test must not believe the code under
// test.
package messagetest

import (
	"slices"
	"strings"
)

// Variants returns the message in five forms: "plain" (as given), "folded",
// "compact", "joined" by commas and "split" over lines. The message is valid,
// its lines end with CRLF, or all with LF; the body is never touched.
func Variants(raw string) map[string]string {
	return map[string]string{
		"plain":   raw,
		"folded":  Fold(raw),
		"compact": Compact(raw),
		"joined":  Join(raw),
		"split":   Split(raw),
	}
}

// Fold puts a line break wherever one may stand, and white space around colon,
// semicolon, slash and equals sign.
func Fold(raw string) string {
	m := read(raw)
	for i, h := range m.headers {
		name := long(h.name)
		fold := m.eol + " "
		switch {
		case name == "cseq":
			h.value = strings.Join(strings.Fields(h.value), fold)
		case slices.Contains(withParams, name):
			h.value = foldParams(h.value, fold, name == "via")
		}
		m.headers[i] = header{h.name + "  ", fold + h.value}
	}
	return m.String()
}

func foldParams(value, fold string, via bool) string {
	if via {
		value = strings.ReplaceAll(value, "/", " / ")
		value = strings.ReplaceAll(value, " / 2.0", fold+"/ 2.0")
	}
	var b strings.Builder
	walk(value, func(c byte, outside bool) {
		switch {
		case outside && c == ';':
			b.WriteString(fold + ";\t")
		case outside && c == ',':
			b.WriteString("," + fold)
		case outside && c == '=':
			b.WriteString(" = ")
		default:
			b.WriteByte(c)
		}
	})
	return b.String()
}

// Compact uses the compact form of every name that has one, and changes the
// case of the others.
func Compact(raw string) string {
	m := read(raw)
	for i, h := range m.headers {
		name := long(h.name)
		for letter, l := range compactForms {
			if l == name {
				name = letter
			}
		}
		m.headers[i].name = name
	}
	return m.String()
}

// Join puts all values of a list header field into its first line.
func Join(raw string) string {
	m := read(raw)
	var kept []header
	for _, h := range m.headers {
		i := slices.IndexFunc(kept, func(k header) bool { return long(k.name) == long(h.name) })
		if i >= 0 && slices.Contains(lists, long(h.name)) {
			kept[i].value += " ,\t" + h.value
			continue
		}
		kept = append(kept, h)
	}
	m.headers = kept
	return m.String()
}

// Split gives every value of a list header field a line of its own.
func Split(raw string) string {
	m := read(raw)
	var split []header
	for _, h := range m.headers {
		if !slices.Contains(lists, long(h.name)) {
			split = append(split, h)
			continue
		}
		for _, v := range values(h.value) {
			split = append(split, header{h.name, v})
		}
	}
	m.headers = split
	return m.String()
}

var compactForms = map[string]string{
	"a": "accept-contact", "b": "referred-by", "c": "content-type", "d": "request-disposition",
	"e": "content-encoding", "f": "from", "i": "call-id", "j": "reject-contact", "k": "supported",
	"l": "content-length", "m": "contact", "n": "identity-info", "o": "event", "r": "refer-to",
	"s": "subject", "t": "to", "u": "allow-events", "v": "via", "x": "session-expires", "y": "identity",
}

var (
	withParams = []string{"via", "from", "to", "contact", "route", "record-route"}
	lists      = []string{
		"via", "contact", "route", "record-route", "require", "proxy-require", "supported", "unsupported",
		"allow", "allow-events", "accept", "accept-encoding", "accept-language", "alert-info", "call-info",
		"error-info", "history-info", "diversion", "in-reply-to", "p-asserted-identity", "path", "reason",
		"service-route", "warning",
	}
)
