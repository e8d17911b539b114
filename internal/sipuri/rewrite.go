package sipuri

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// Changes is what [URI.Rewrite] makes of a URI. What is nil, or empty, stays.
type Changes struct {
	// Scheme is sip or sips. A tel URI becomes one as 19.1.6 says: its number
	// with its parameters is the user part, and it gets user=phone.
	Scheme string
	// User is the new user part, not escaped; empty takes it out. Parameters in
	// the user part (RFC 4694) go with it, and so does a password.
	User *string
	// Host is a name or an address, IPv6 with or without brackets.
	Host string
	// Port is the new port; 0 takes it out.
	Port *uint16
	// Params are set in order, those without a value too; they stand at the end.
	Params []Param
	// Without are names of parameters to take out.
	Without []string
}

// Rewrite returns a URI that differs in the changes only, and is good. The error
// says what is wrong with it otherwise, such as a host with a blank.
func (u *URI) Rewrite(c *Changes) (URI, error) {
	switch {
	case u.IsSIP():
	case c.Scheme == "" && c.User == nil && c.Host == "" && c.Port == nil && len(c.Params) == 0:
		return Parse(u.Text) // it has none of what goes
	case u.Scheme != "tel":
		return URI{}, fmt.Errorf("a URI of the scheme %q cannot be rewritten; want sip, sips or tel", u.Scheme)
	case c.Scheme == "":
		return URI{}, errors.New("a tel URI can be rewritten to a SIP URI only; want a scheme and a host")
	}
	var b strings.Builder
	b.WriteString(cmp.Or(c.Scheme, u.Scheme) + ":" + u.userinfo(c))
	host := cmp.Or(c.Host, u.Host)
	if a, err := netip.ParseAddr(host); err == nil && a.Is6() {
		host = "[" + host + "]"
	} else if inner := strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"); inner == host {
		if err := checkHost(host); err != nil { // "h;lr" must not become a parameter
			return URI{}, err
		}
	} else if _, err := netip.ParseAddr(inner); err != nil {
		return URI{}, fmt.Errorf("host %s is no IPv6 address", host)
	}
	b.WriteString(host)
	port := u.Port
	if c.Port != nil {
		port = *c.Port
	}
	if port != 0 {
		b.WriteString(":" + strconv.Itoa(int(port)))
	}
	b.WriteString(u.params(c))
	if _, headers, ok := strings.Cut(u.Text[u.hostAt():], "?"); ok && u.IsSIP() {
		b.WriteString("?" + headers)
	}
	return Parse(b.String())
}

// userinfo returns what stands before the host, with its "@".
func (u *URI) userinfo(c *Changes) string {
	switch {
	case c.User != nil && *c.User == "":
		return ""
	case c.User != nil:
		return escape(*c.User, userUnreserved) + "@"
	case u.Scheme == "tel":
		return strings.TrimPrefix(u.Text[len(u.Scheme):], ":") + "@" // its parameters too
	case u.HasUser:
		return u.Text[len(u.Scheme)+1 : u.hostAt()]
	}
	return ""
}

func (u *URI) params(c *Changes) string {
	params := ""
	if u.IsSIP() {
		rest, _, _ := strings.Cut(u.Text[u.hostAt():], "?")
		_, params = cutAt(rest, ";")
	} else if u.Scheme == "tel" {
		params = ";user=phone"
	}
	gone := c.Without
	for _, p := range c.Params {
		gone = append(slices.Clip(gone), p.Name)
	}
	if len(gone) > 0 && params != "" {
		params = withoutParams(params, gone...)
	}
	for _, p := range c.Params {
		params += ";" + escape(p.Name, paramUnreserved)
		if p.HasValue {
			params += "=" + escape(p.Value, paramUnreserved)
		}
	}
	return params
}

// What may stand in a part without an escape, beside letters and digits (25.1).
const (
	mark            = "-_.!~*'()"
	userUnreserved  = mark + "&=+$,;?/"
	paramUnreserved = mark + "[]/:&+$"
)

func escape(s, allowed string) string {
	const hex = "0123456789ABCDEF"
	clean := func(c byte) bool {
		return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.IndexByte(allowed, c) >= 0
	}
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; clean(c) {
			b.WriteByte(c)
		} else {
			b.WriteString("%" + hex[c>>4:c>>4+1] + hex[c&15:c&15+1])
		}
	}
	return b.String()
}

// EscapeHeader returns a value as it may stand in the "?name=value" part of a
// URI (hvalue of 25.1).
func EscapeHeader(s string) string { return escape(s, mark+"[]/?:+$") }

// EscapeUser returns a user as it may stand before the "@" of a URI (25.1).
func EscapeUser(s string) string { return escape(s, userUnreserved) }

// EscapeParam returns a value as it may stand in a URI parameter (pvalue of 25.1).
func EscapeParam(s string) string { return escape(s, paramUnreserved) }
