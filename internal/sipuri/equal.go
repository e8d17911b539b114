package sipuri

import (
	"net/netip"
	"strings"
)

// Equal compares two URIs by RFC 3261 section 19.1.4. The relation is symmetric
// and reflexive but not transitive: compare with every URI that was tried, not
// with a canonical form.
//
// URIs of other schemes than sip and sips are equal if their text is, with the
// scheme in any case; for tel that is stricter than RFC 3966 section 4, so that
// a number is tried once more rather than lost.
func Equal(a, b *URI) bool {
	if a.Scheme != b.Scheme { // sip never equals sips
		return false
	}
	if !a.IsSIP() {
		return a.Text[len(a.Scheme):] == b.Text[len(b.Scheme):]
	}
	return a.HasUser == b.HasUser && a.HasPassword == b.HasPassword &&
		equalText(a.User, b.User, false) &&
		equalText(a.Password, b.Password, false) &&
		equalHost(a.Host, b.Host) &&
		a.Port == b.Port && // an absent port is not the default port
		equalParams(a.Params, b.Params) &&
		equalHeaders(a.Headers, b.Headers)
}

// equalText compares two texts in which an escape equals its character, unless
// that character is reserved (section 19.1.4, RFC 2396 section 2.2).
func equalText(a, b string, fold bool) bool {
	for a != "" && b != "" {
		ca, escA, na := next(a)
		cb, escB, nb := next(b)
		if escA != escB && ca == cb && isReserved(ca) {
			return false
		}
		if fold {
			ca, cb = lower(ca), lower(cb)
		}
		if ca != cb {
			return false
		}
		a, b = a[na:], b[nb:]
	}
	return a == "" && b == ""
}

// next returns the first character of s, whether it was escaped, and how many
// bytes it takes.
func next(s string) (c byte, escaped bool, n int) {
	if s[0] == '%' && len(s) >= 3 && unhex(s[1]) >= 0 && unhex(s[2]) >= 0 {
		return byte(unhex(s[1])<<4 | unhex(s[2])), true, 3
	}
	return s[0], false, 1
}

func isReserved(c byte) bool { return strings.IndexByte(";/?:@&=+$,%", c) >= 0 }

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

func equalHost(a, b string) bool {
	if strings.EqualFold(a, b) {
		return true
	}
	if !strings.Contains(a, ":") || !strings.Contains(b, ":") {
		return false
	}
	x, errX := netip.ParseAddr(a)
	y, errY := netip.ParseAddr(b)
	return errX == nil && errY == nil && x == y
}

// significant names the parameters that make URIs differ when only one has
// them: user, ttl, method and maddr by the rules of section 19.1.4, transport
// by its examples ("can resolve to different transports").
func significant(name string) bool {
	for _, s := range [...]string{"user", "ttl", "method", "maddr", "transport"} {
		if equalText(name, s, true) {
			return true
		}
	}
	return false
}

// equalParams compares parameters, of which no list has one twice.
func equalParams(a, b []Param) bool {
	return coveredBy(a, b) && coveredBy(b, a)
}

func coveredBy(a, b []Param) bool {
	for i, p := range a {
		var q Param
		ok := i < len(b) && equalText(p.Name, b[i].Name, true) // most lists have one order
		if ok {
			q = b[i]
		} else {
			q, ok = find(b, p.Name)
		}
		switch {
		case !ok && significant(p.Name):
			return false
		case ok && !equalText(p.Value, q.Value, true):
			return false
		}
	}
	return true
}

func find(params []Param, name string) (Param, bool) {
	for _, p := range params {
		if equalText(p.Name, name, true) {
			return p, true
		}
	}
	return Param{}, false
}

// equalHeaders compares the "?headers" part, which is never ignored: every
// member of one must have its match in the other, in any order.
func equalHeaders(a, b []Param) bool {
	if len(a) != len(b) {
		return false
	}
	var used uint64 // a bit for each of b; there are at most MaxParams
	for _, p := range a {
		i := matchHeader(p, b, used)
		if i < 0 {
			return false
		}
		used |= 1 << i
	}
	return true
}

func matchHeader(p Param, in []Param, used uint64) int {
	fold := !caseSensitive(p.Name)
	for i, q := range in {
		if used&(1<<i) == 0 && equalText(p.Name, q.Name, true) && equalText(p.Value, q.Value, fold) {
			return i
		}
	}
	return -1
}

// caseSensitive names what is compared byte by byte among headers, whose values
// are otherwise compared in any case (7.3.1): the Call-ID (20.8) and the body.
func caseSensitive(name string) bool {
	return equalText(name, "call-id", true) || equalText(name, "i", true) || equalText(name, "body", true)
}
