package expr

import (
	"strings"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/sipuri"
)

// reading returns a URI with its parts. The text is authoritative: an edge that
// sends nothing but the text has it read here.
func reading(u *redirectv1.SipUri) *redirectv1.SipUri {
	if u == nil || u.GetScheme() != "" || u.GetText() == "" {
		return u
	}
	read := readURI(u.GetText())
	if read == nil {
		return u
	}
	read.DisplayName = u.GetDisplayName()
	return read
}

// readURI reads the text of a URI as the edge does, or returns nil.
func readURI(text string) *redirectv1.SipUri {
	u, err := sipuri.Parse(text)
	if err != nil {
		return nil
	}
	return &redirectv1.SipUri{
		Text: text, Scheme: u.Scheme, User: valid(sipuri.Unescape(u.User)), Host: u.Host, Port: uint32(u.Port),
		Params: readParams(u.Params), Headers: readParams(u.Headers),
	}
}

func readParams(params []sipuri.Param) []*redirectv1.Param {
	var read []*redirectv1.Param
	for _, p := range params {
		read = append(read, &redirectv1.Param{Name: valid(sipuri.Unescape(p.Name)), Value: valid(sipuri.Unescape(p.Value))})
	}
	return read
}

// valid is what protobuf could carry: an escape can stand for any byte.
func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// addrSpec returns the URI of a name-addr (20.10), or the text itself.
func addrSpec(text string) string {
	if _, rest, ok := cutQuoted(text, '<'); ok {
		if uri, _, ok := strings.Cut(rest, ">"); ok {
			return uri
		}
	}
	return strings.TrimSpace(text)
}

// cutQuoted cuts a text at the first c outside of quotes.
func cutQuoted(text string, c byte) (before, after string, found bool) {
	quoted := false
	for i := 0; i < len(text); i++ {
		switch {
		case quoted && text[i] == '\\':
			i++
		case text[i] == '"':
			quoted = !quoted
		case !quoted && text[i] == c:
			return text[:i], text[i+1:], true
		}
	}
	return text, "", false
}

// uriParam returns a parameter of a URI: one behind the host, or of the user
// part as RFC 4694 has it in a sip: URI, "sip:+1555;rn=+1556;npdi@h".
func uriParam(u *redirectv1.SipUri, name string) (value string, ok bool) {
	u = reading(u)
	for _, p := range u.GetParams() {
		if strings.EqualFold(p.GetName(), name) {
			return p.GetValue(), true
		}
	}
	if u.GetScheme() == "tel" {
		return "", false
	}
	_, params, ok := strings.Cut(u.GetUser(), ";")
	if !ok {
		return "", false
	}
	return textParam(params, name)
}

// textParam returns a parameter of "a=b;c;d=e".
func textParam(params, name string) (value string, ok bool) {
	for more := true; more; {
		var p string
		p, params, more = cutQuoted(params, ';')
		n, v, _ := strings.Cut(p, "=")
		if strings.EqualFold(strings.TrimSpace(n), name) {
			return unquoted(strings.TrimSpace(v)), true
		}
	}
	return "", false
}

// headerParam returns a header parameter of a header field that is a name-addr
// or a value with parameters, `"Bob" <sip:bob@h>;reason=unconditional`. Only
// the first value of several is looked at.
func headerParam(value, name string) (string, bool) {
	value, _, _ = cutFirst(value)
	if _, rest, ok := cutQuoted(value, '<'); ok {
		if _, value, ok = strings.Cut(rest, ">"); !ok {
			return "", false
		}
	}
	_, params, ok := cutQuoted(value, ';')
	if !ok {
		return "", false
	}
	return textParam(params, name)
}

// cutFirst cuts behind the first of several values: at a comma that stands in
// neither quotes nor angle brackets.
func cutFirst(value string) (first, rest string, found bool) {
	quoted, angle := false, false
	for i := 0; i < len(value); i++ {
		c := value[i]
		switch {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '<':
			angle = true
		case c == '>':
			angle = false
		case c == ',' && !angle:
			return value[:i], value[i+1:], true
		}
	}
	return value, "", false
}

// unquoted takes the quotes and escapes off a quoted string (25.1).
func unquoted(s string) string {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return s
	}
	s = s[1 : len(s)-1]
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
