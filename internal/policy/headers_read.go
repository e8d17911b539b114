package policy

import (
	"slices"
	"strings"

	"github.com/redirectd/redirectd/internal/strictyaml"
)

// maxCopies bounds the header fields that a profile copies: with those of its
// rules they stay below the 64 operations of a target.
const maxCopies = 16

// readHeaders reads which header fields a request gets that the caller's did not
// have.
func readHeaders(m *strictyaml.Map, p *Profile) {
	if m.Has("copy_headers") {
		p.Copy = nil
	}
	m.EachOrMap("copy_headers", func(v strictyaml.Value) {
		if checkHeaderName(v, v.Text) {
			p.Copy = append(p.Copy, HeaderCopy{Name: v.Text})
		}
	}, func(m *strictyaml.Map) {
		var c HeaderCopy
		if m.Require("name") {
			c.Name = readHeaderName(m, "name")
		}
		c.As = readHeaderName(m, "as")
		m.Bool("replace", &c.Replace)
		m.Done()
		p.Copy = append(p.Copy, c)
	})
	if len(p.Copy) > maxCopies {
		m.Failf("copy_headers", "%d header fields are more than %d", len(p.Copy), maxCopies)
	}
	if m.Has("contact_headers") {
		p.ContactHeaders = nil
		m.Each("contact_headers", func(v strictyaml.Value) {
			switch {
			case v.Text == "*":
			case !checkHeaderName(v, v.Text):
				return
			case isListed(notOfContact, v.Text):
				v.Failf("%s says what the caller is or can; a Contact may not set it (RFC 3261 section 19.1.5)", v.Text)
				return
			}
			p.ContactHeaders = append(p.ContactHeaders, v.Text)
		})
	}
	m.Bool("diversion", &p.Diversion)
	m.Bool("history_info", &p.HistoryInfo)
}

func readHeaderName(m *strictyaml.Map, key string) string {
	v, ok := m.Value(key)
	if !ok || !checkHeaderName(v, v.Text) {
		return ""
	}
	return v.Text
}

// checkHeaderName reports a name of a header field that is none, or that no
// policy may touch.
func checkHeaderName(v strictyaml.Value, name string) bool {
	switch {
	case !isToken(name) || len(name) < 2 || len(name) > 256:
		v.Failf("%q is no name of a header field in its long form; want one such as X-Tenant", name)
	case isListed(structural, name):
		v.Failf("%s makes the message what it is; no policy may touch it (RFC 3261 section 16.6)", name)
	default:
		return true
	}
	return false
}

// structural are header fields that no edge lets a policy touch.
var structural = []string{
	"Via", "From", "To", "Call-ID", "CSeq", "Max-Forwards", "Route", "Record-Route", "Contact",
	"Content-*", "Proxy-Require", "Require", "Authorization", "Proxy-Authorization",
}

// notOfContact are those that the "?headers" of a Contact may not set either: they
// say what the caller is and can (19.1.5).
var notOfContact = []string{
	"Accept", "Accept-*", "Allow", "Supported", "Organization", "User-Agent", "Content-*", "Date", "MIME-Version", "Timestamp",
}

// isListed reports whether a list has that name, or a prefix of it that ends in *.
func isListed(list []string, name string) bool {
	return slices.ContainsFunc(list, func(l string) bool {
		prefix, wild := strings.CutSuffix(l, "*")
		return strings.EqualFold(l, name) || wild && len(name) > len(prefix) && strings.EqualFold(prefix, name[:len(prefix)])
	})
}

// isToken: token of RFC 3261 section 25.1.
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && !strings.ContainsRune("-.!%*_+`'~", rune(c)) {
			return false
		}
	}
	return s != ""
}
