// Package sipuri reads and compares SIP and SIPS URIs as RFC 3261 section 19.1
// says. It is the one place where both programs learn what a URI means: the
// policy to know a target it has tried, the edge to guarantee that none is
// tried twice.
//
// Reading never changes what was read: [URI.Text] is the text as it came, and
// everything else is a view of it. Values of type URI are immutable and safe
// for concurrent use.
package sipuri

import (
	"net/netip"
	"strings"
)

// MaxLen is the longest URI that [Parse] reads, in bytes. RFC 3261 sets no
// limit; 4 KiB is the limit of the contract for a target.
const MaxLen = 4096

// MaxParams is the most parameters, and the most "?headers", that [Parse]
// reads in one URI. RFC 3261 sets no limit; this one keeps a comparison, which
// looks at every pair, short whatever a peer sends.
const MaxParams = 32

// Param is a URI parameter or a member of the "?headers" part, as it came:
// name and value are not unescaped.
type Param struct {
	Name, Value string
	HasValue    bool // "lr" has none, "lr=" has an empty one
}

// URI is a reading of a URI. Of a scheme other than sip and sips only Scheme
// and, for tel, User and Params are read.
type URI struct {
	Text     string // as it came
	Scheme   string // in lower case
	User     string // as it came, escapes included
	Password string // as it came; deprecated by 19.1.1 but compared
	HasUser  bool   // "sip:@h" is an error, so a user is never empty
	// HasPassword tells "sip:a:@h", with an empty password, from "sip:a@h".
	HasPassword bool
	Host        string  // as it came; an IPv6 address without brackets
	Port        uint16  // 0 if absent
	Params      []Param // in order
	Headers     []Param // in order
}

// IsSIP reports whether the scheme is sip or sips.
func (u *URI) IsSIP() bool { return u.Scheme == "sip" || u.Scheme == "sips" }

// Param returns the value of the URI parameter of that name, in any case and
// however it is escaped ("%6C%72" is lr, 19.1.4).
func (u *URI) Param(name string) (string, bool) {
	p, ok := find(u.Params, name)
	return p.Value, ok
}

// Addr returns the host as an IP address, if it is one.
func (u *URI) Addr() (netip.Addr, bool) {
	if u.Host == "" || !(u.Host[0] >= '0' && u.Host[0] <= '9') && !strings.Contains(u.Host, ":") {
		return netip.Addr{}, false
	}
	a, err := netip.ParseAddr(u.Host)
	return a, err == nil
}
