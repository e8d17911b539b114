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
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// MaxLen is the longest URI that [Parse] reads, in bytes. RFC 3261 sets no
// limit; 4 KiB is the limit of the contract for a target.
const MaxLen = 4096

// Param is a URI parameter or a member of the "?headers" part, as it came:
// name and value are not unescaped.
type Param struct {
	Name, Value string
	HasValue    bool // "lr" has none, "lr=" has an empty one
}

// URI is a reading of a URI. Of a scheme other than sip and sips only Scheme
// and, for tel, User and Params are read.
type URI struct {
	Text     string  // as it came
	Scheme   string  // in lower case
	User     string  // as it came, escapes included
	Password string  // as it came; deprecated by 19.1.1 but compared
	HasUser  bool    // "sip:@h" is an error, so a user is never empty
	Host     string  // as it came; an IPv6 address without brackets
	Port     uint16  // 0 if absent
	Params   []Param // in order
	Headers  []Param // in order
}

var (
	errEmpty   = errors.New("URI is empty")
	errNoColon = errors.New(`URI has no scheme: want "sip:" or "sips:"`)
)

// Parse reads a URI. The error says what is wrong with it and where.
func Parse(text string) (URI, error) {
	u := URI{Text: text}
	if text == "" {
		return u, errEmpty
	}
	if len(text) > MaxLen {
		return u, fmt.Errorf("URI has %d bytes, more than %d", len(text), MaxLen)
	}
	for i := range len(text) {
		if c := text[i]; c <= ' ' || c == 0x7f || c == '<' || c == '>' || c == '"' {
			return u, fmt.Errorf("URI has the character %q at byte %d", c, i)
		}
	}
	colon := strings.IndexByte(text, ':')
	if colon <= 0 {
		return u, errNoColon
	}
	u.Scheme = strings.ToLower(text[:colon])
	if !isScheme(u.Scheme) {
		return u, fmt.Errorf("URI scheme %q is not one", text[:colon])
	}
	rest := text[colon+1:]
	switch u.Scheme {
	case "sip", "sips":
		return u, u.parseSIP(rest)
	case "tel":
		number, params, _ := strings.Cut(rest, ";")
		if number == "" {
			return u, errors.New("tel URI has no number")
		}
		u.User, u.HasUser = number, true
		return u, u.parseParams(params)
	}
	if rest == "" {
		return u, fmt.Errorf("%s URI is empty after the scheme", u.Scheme)
	}
	return u, nil
}

// IsSIP reports whether the scheme is sip or sips.
func (u *URI) IsSIP() bool { return u.Scheme == "sip" || u.Scheme == "sips" }

// parseSIP reads what follows "sip:". The userinfo may hold ";", "?" and "/"
// unescaped, but no "@", so the first "@" ends it.
func (u *URI) parseSIP(rest string) error {
	if at := strings.IndexByte(rest, '@'); at >= 0 {
		user, password, _ := strings.Cut(rest[:at], ":")
		if user == "" {
			return errors.New(`URI has "@" but no user before it`)
		}
		if err := checkEscapes(rest[:at]); err != nil {
			return fmt.Errorf("user part: %w", err)
		}
		u.User, u.Password, u.HasUser = user, password, true
		rest = rest[at+1:]
	}
	if q := strings.IndexByte(rest, '?'); q >= 0 {
		if err := u.parseHeaders(rest[q+1:]); err != nil {
			return err
		}
		rest = rest[:q]
	}
	hostport, params, hasParams := strings.Cut(rest, ";")
	if err := u.parseHostPort(hostport); err != nil {
		return err
	}
	if hasParams {
		return u.parseParams(params)
	}
	return nil
}

func (u *URI) parseHostPort(s string) error {
	host, port, hasPort := s, "", false
	if strings.HasPrefix(s, "[") {
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return errors.New(`host has "[" without "]"`)
		}
		host = s[1:end]
		addr, err := netip.ParseAddr(host)
		if err != nil || !addr.Is6() || addr.Zone() != "" {
			return fmt.Errorf("host [%s] is no IPv6 address", host)
		}
		if rest := s[end+1:]; rest != "" {
			if rest[0] != ':' {
				return fmt.Errorf("host is followed by %q", rest)
			}
			port, hasPort = rest[1:], true
		}
	} else {
		host, port, hasPort = strings.Cut(s, ":")
		if err := checkHost(host); err != nil {
			return err
		}
	}
	u.Host = host
	if !hasPort {
		return nil
	}
	if port == "" || len(port) > 5 {
		return fmt.Errorf("port %q is out of range (1 to 65535)", port)
	}
	for i := range len(port) {
		if port[i] < '0' || port[i] > '9' {
			return fmt.Errorf("port %q is no number", port)
		}
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return fmt.Errorf("port %s is out of range (1 to 65535)", port)
	}
	u.Port = uint16(n)
	return nil
}

func (u *URI) parseParams(s string) error {
	for part := range strings.SplitSeq(s, ";") {
		if part == "" { // "sip:h;" and "sip:h;;lr" occur; nothing is lost
			continue
		}
		name, value, hasValue := strings.Cut(part, "=")
		if name == "" {
			return fmt.Errorf("parameter %q has no name", part)
		}
		if err := checkEscapes(part); err != nil {
			return fmt.Errorf("parameter %q: %w", part, err)
		}
		if u.Scheme != "tel" {
			for _, p := range u.Params {
				if strings.EqualFold(p.Name, name) {
					return fmt.Errorf("parameter %q stands there twice (19.1.1)", name)
				}
			}
		}
		u.Params = append(u.Params, Param{name, value, hasValue})
	}
	return nil
}

func (u *URI) parseHeaders(s string) error {
	for part := range strings.SplitSeq(s, "&") {
		if part == "" {
			continue
		}
		name, value, hasValue := strings.Cut(part, "=")
		if name == "" {
			return fmt.Errorf("header %q has no name", part)
		}
		if err := checkEscapes(part); err != nil {
			return fmt.Errorf("header %q: %w", part, err)
		}
		u.Headers = append(u.Headers, Param{name, value, hasValue})
	}
	return nil
}

// Param returns the value of the URI parameter of that name, in any case.
func (u *URI) Param(name string) (string, bool) {
	for _, p := range u.Params {
		if strings.EqualFold(p.Name, name) {
			return p.Value, true
		}
	}
	return "", false
}

// Addr returns the host as an IP address, if it is one.
func (u *URI) Addr() (netip.Addr, bool) {
	if u.Host == "" || !(u.Host[0] >= '0' && u.Host[0] <= '9') && !strings.Contains(u.Host, ":") {
		return netip.Addr{}, false
	}
	a, err := netip.ParseAddr(u.Host)
	return a, err == nil
}

// RequestURI returns the URI as it may stand in a request line: without the
// method parameter and the "?headers" part (16.6 step 2, 19.1.1 table 1).
// Everything else stays as it came.
func (u *URI) RequestURI() string {
	_, hasMethod := u.Param("method")
	if !u.IsSIP() || (!hasMethod && len(u.Headers) == 0 && !strings.HasSuffix(u.Text, "?")) {
		return u.Text
	}
	text, from := u.Text, len(u.Scheme)+1
	if u.HasUser {
		from += strings.IndexByte(text[from:], '@') + 1
	}
	if q := strings.IndexByte(text[from:], '?'); q >= 0 {
		text = text[:from+q]
	}
	if !hasMethod {
		return text
	}
	parts := strings.Split(text[from:], ";")
	kept := parts[:1]
	for _, p := range parts[1:] {
		if name, _, _ := strings.Cut(p, "="); !strings.EqualFold(name, "method") {
			kept = append(kept, p)
		}
	}
	return text[:from] + strings.Join(kept, ";")
}

// WithLR returns the URI as it may stand in a Route header field: with the lr
// parameter (19.1.1), and without method and headers.
func (u *URI) WithLR() string {
	text := u.RequestURI()
	if _, ok := u.Param("lr"); ok {
		return text
	}
	return text + ";lr"
}

func isScheme(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' {
			continue
		}
		if i > 0 && (c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.') {
			continue
		}
		return false
	}
	return s != ""
}

func checkHost(h string) error {
	if h == "" {
		return errors.New("URI has no host")
	}
	if len(h) > 255 {
		return fmt.Errorf("host has %d bytes, more than 255", len(h))
	}
	numeric := true
	for i := range len(h) {
		c := h[i]
		switch {
		case c >= '0' && c <= '9' || c == '.':
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '_':
			numeric = false
		default:
			return fmt.Errorf("host %q has the character %q", h, c)
		}
	}
	if numeric {
		if _, err := netip.ParseAddr(h); err != nil {
			return fmt.Errorf("host %q is neither a name nor an address", h)
		}
	}
	return nil
}

func checkEscapes(s string) error {
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			continue
		}
		if i+2 >= len(s) || unhex(s[i+1]) < 0 || unhex(s[i+2]) < 0 {
			return fmt.Errorf("%q is no escape", s[i:min(i+3, len(s))])
		}
		i += 2
	}
	return nil
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// Unescape decodes the %XX escapes of s, for showing it and for matching; the
// wire keeps the text as it came.
func Unescape(s string) string {
	if !strings.Contains(s, "%") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && unhex(s[i+1]) >= 0 && unhex(s[i+2]) >= 0 {
			b = append(b, byte(unhex(s[i+1])<<4|unhex(s[i+2])))
			i += 2
			continue
		}
		b = append(b, s[i])
	}
	return string(b)
}
