package sipuri

import (
	"errors"
	"fmt"
	"strings"
)

var (
	errEmpty   = errors.New("URI is empty")
	errNoColon = errors.New(`URI has no scheme: want "sip:" or "sips:"`)
	errNoUser  = errors.New(`URI has "@" but no user before it`)
)

// Parse reads a URI. The error says what is wrong with it and where.
func Parse(text string) (URI, error) {
	u := URI{Text: text}
	err := u.parse()
	return u, err
}

func (u *URI) parse() error {
	if u.Text == "" {
		return errEmpty
	}
	if len(u.Text) > MaxLen {
		return fmt.Errorf("URI has %d bytes, more than %d", len(u.Text), MaxLen)
	}
	for i := range len(u.Text) {
		if c := u.Text[i]; c <= ' ' || c == 0x7f || c == '<' || c == '>' || c == '"' {
			return fmt.Errorf("URI has the character %q at byte %d", c, i)
		}
	}
	scheme, rest, ok := strings.Cut(u.Text, ":")
	if !ok || scheme == "" {
		return errNoColon
	}
	if !isScheme(scheme) {
		return fmt.Errorf("URI scheme %q is not one", scheme)
	}
	u.Scheme = strings.ToLower(scheme)
	switch u.Scheme {
	case "sip", "sips":
		return u.parseSIP(rest)
	case "tel":
		return u.parseTel(rest)
	}
	if rest == "" {
		return fmt.Errorf("%s URI is empty after the scheme", u.Scheme)
	}
	return nil
}

// isScheme reports whether s is a scheme of RFC 3261 section 25.1: ASCII only,
// so that folding its case never changes its length.
func isScheme(s string) bool {
	for i := range len(s) {
		c := lower(s[i])
		letter := c >= 'a' && c <= 'z'
		other := c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.'
		if !letter && (i == 0 || !other) {
			return false
		}
	}
	return s != ""
}

// parseSIP reads what follows "sip:". The userinfo may hold ";", "?" and "/"
// unescaped, but no "@", so the first "@" ends it.
func (u *URI) parseSIP(rest string) error {
	if userinfo, after, ok := strings.Cut(rest, "@"); ok {
		u.User, u.Password, u.HasPassword = strings.Cut(userinfo, ":")
		if u.User == "" {
			return errNoUser
		}
		if err := checkEscapes(userinfo); err != nil {
			return fmt.Errorf("user part: %w", err)
		}
		u.HasUser, rest = true, after
	}
	rest, headers, _ := strings.Cut(rest, "?")
	hostport, params, _ := strings.Cut(rest, ";")
	if err := u.parseHostPort(hostport); err != nil {
		return err
	}
	if err := u.parseParams(params); err != nil {
		return err
	}
	return u.parseHeaders(headers)
}

func (u *URI) parseTel(rest string) error {
	number, params, _ := strings.Cut(rest, ";")
	if number == "" {
		return errors.New("tel URI has no number")
	}
	u.User, u.HasUser = number, true
	return u.parseParams(params)
}

func (u *URI) parseParams(s string) error {
	for part := range strings.SplitSeq(s, ";") {
		if part == "" { // "sip:h;" and "sip:h;;lr" occur; nothing is lost
			continue
		}
		p, err := parseParam(part)
		if err != nil {
			return fmt.Errorf("parameter %q: %w", part, err)
		}
		if len(u.Params) == MaxParams {
			return fmt.Errorf("URI has more than %d parameters", MaxParams)
		}
		// A repeated name is known in any spelling: with two values for one
		// name, a URI would not even equal itself.
		if _, twice := find(u.Params, p.Name); twice && u.Scheme != "tel" {
			return fmt.Errorf("parameter %q stands there twice (19.1.1)", p.Name)
		}
		u.Params = append(u.Params, p)
	}
	return nil
}

func (u *URI) parseHeaders(s string) error {
	for part := range strings.SplitSeq(s, "&") {
		if part == "" {
			continue
		}
		p, err := parseParam(part)
		if err != nil {
			return fmt.Errorf("header %q: %w", part, err)
		}
		if len(u.Headers) == MaxParams {
			return fmt.Errorf("URI has more than %d headers", MaxParams)
		}
		u.Headers = append(u.Headers, p)
	}
	return nil
}

func parseParam(s string) (Param, error) {
	name, value, hasValue := strings.Cut(s, "=")
	if name == "" {
		return Param{}, errors.New("it has no name")
	}
	if err := checkEscapes(s); err != nil {
		return Param{}, err
	}
	return Param{name, value, hasValue}, nil
}
