package sipuri

import (
	"slices"
	"strings"
)

// RequestURI returns the URI as it may stand in a request line: without the
// method parameter and the "?headers" part (16.6 step 2, 19.1.1 table 1).
// Everything else stays as it came.
func (u *URI) RequestURI() string {
	if !u.IsSIP() {
		return u.Text
	}
	from, text := u.hostAt(), u.Text
	if q := strings.IndexByte(text[from:], '?'); q >= 0 {
		text = text[:from+q]
	}
	if _, ok := u.Param("method"); !ok {
		return text
	}
	return text[:from] + withoutParams(text[from:], "method")
}

// WithLR returns the URI as it may stand in a Route header field: with the lr
// parameter (19.1.1), and without method and headers. A URI of another scheme
// than sip and sips has no such parameter and comes back as it is.
func (u *URI) WithLR() string {
	text := u.RequestURI()
	if _, ok := u.Param("lr"); ok || !u.IsSIP() {
		return text
	}
	return strings.TrimRight(text, ";") + ";lr"
}

// Without returns the URI without those parameters, and without its port if that
// is to go too.
func (u *URI) Without(port bool, params ...string) string {
	if !u.IsSIP() {
		return u.Text
	}
	from := u.hostAt()
	rest, headers, hasHeaders := strings.Cut(u.Text[from:], "?")
	host, tail := cutAt(withoutParams(rest, params...), ";")
	if port && u.Port != 0 {
		host = host[:strings.LastIndexByte(host, ':')]
	}
	if hasHeaders {
		tail += "?" + headers
	}
	return u.Text[:from] + host + tail
}

// cutAt cuts before the first sep.
func cutAt(s, sep string) (before, rest string) {
	if i := strings.Index(s, sep); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

// hostAt returns where in its text the host begins.
func (u *URI) hostAt() int {
	from := len(u.Scheme) + 1
	if u.HasUser {
		from += strings.IndexByte(u.Text[from:], '@') + 1
	}
	return from
}

// withoutParams removes parameters from what begins with a host.
func withoutParams(text string, names ...string) string {
	parts := strings.Split(text, ";")
	kept := parts[:1]
	for _, p := range parts[1:] {
		name, _, _ := strings.Cut(p, "=")
		if !slices.ContainsFunc(names, func(n string) bool { return equalText(name, n, true) }) {
			kept = append(kept, p)
		}
	}
	return strings.Join(kept, ";")
}
