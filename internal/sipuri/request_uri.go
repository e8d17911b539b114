package sipuri

import "strings"

// RequestURI returns the URI as it may stand in a request line: without the
// method parameter and the "?headers" part (16.6 step 2, 19.1.1 table 1).
// Everything else stays as it came.
func (u *URI) RequestURI() string {
	if !u.IsSIP() {
		return u.Text
	}
	from := len(u.Scheme) + 1
	if u.HasUser {
		from += strings.IndexByte(u.Text[from:], '@') + 1
	}
	text := u.Text
	if q := strings.IndexByte(text[from:], '?'); q >= 0 {
		text = text[:from+q]
	}
	if _, ok := u.Param("method"); !ok {
		return text
	}
	parts := strings.Split(text[from:], ";")
	kept := parts[:1]
	for _, p := range parts[1:] {
		if name, _, _ := strings.Cut(p, "="); !equalText(name, "method", true) {
			kept = append(kept, p)
		}
	}
	return text[:from] + strings.Join(kept, ";")
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
