package message

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/redirectd/redirectd/internal/sipuri"
)

// NameAddr is a name-addr or addr-spec with the header parameters after it
// (20.10). Parameter values are as they came, quotes included; use
// [NameAddr.Param] to read them.
type NameAddr struct {
	Display string // without quotes and escapes
	URI     string
	Params  []sipuri.Param
}

var (
	errNoURI       = errors.New("there is no URI")
	errOpenQuote   = errors.New("a quote does not close")
	errOpenBracket = errors.New("a < has no >")
)

// ParseNameAddr reads a value such as `"Bob" <sip:bob@h>;tag=1` or
// `sip:bob@h;tag=1`; in the second form what follows ";" belongs to the header
// field, not to the URI (20.10). The URI is not looked into.
func ParseNameAddr(value string) (NameAddr, error) {
	start, end := trimLWS(value, 0, len(value))
	value = value[start:end]
	parts, err := splitNameAddr(value)
	if err != nil {
		return NameAddr{}, fmt.Errorf("%q: %w", clip(value), err)
	}
	n := NameAddr{Display: Unquote(parts.display), URI: parts.uri}
	if n.URI == "" {
		return n, fmt.Errorf("%q: %w", clip(value), errNoURI)
	}
	if parts.junk != "" {
		return n, fmt.Errorf("%q: %q stands after the >", clip(value), clip(parts.junk))
	}
	if count := strings.Count(parts.params, ";"); count > 0 {
		n.Params = make([]sipuri.Param, 0, min(count, sipuri.MaxParams))
	}
	for p := range params(parts.params) {
		if p.Name == "" {
			return n, fmt.Errorf("%q: a parameter has no name", clip(value))
		}
		if len(n.Params) == sipuri.MaxParams {
			return n, fmt.Errorf("%q: more than %d parameters", clip(value), sipuri.MaxParams)
		}
		n.Params = append(n.Params, p)
	}
	return n, nil
}

// Param returns the value of the header parameter of that name, in any case,
// without quotes.
func (n NameAddr) Param(name string) (string, bool) {
	i := slices.IndexFunc(n.Params, func(p sipuri.Param) bool { return strings.EqualFold(p.Name, name) })
	if i < 0 {
		return "", false
	}
	return Unquote(n.Params[i].Value), true
}

// nameAddrParts are the parts of a value, trimmed.
type nameAddrParts struct {
	display, uri string
	junk         string // between ">" and the first ";": should be empty
	params       string // from the first ";" on
}

// splitNameAddr takes a value apart; it may be folded.
func splitNameAddr(s string) (nameAddrParts, error) {
	semicolon := -1
	for pos := 0; pos < len(s); {
		switch s[pos] {
		case '"':
			if pos = quoteEnd(s, pos, len(s)); pos > len(s) {
				return nameAddrParts{}, errOpenQuote
			}
		case '<':
			return splitBrackets(s, pos)
		case ';':
			if semicolon < 0 {
				semicolon = pos
			}
			pos++
		default:
			pos++
		}
	}
	if semicolon < 0 {
		semicolon = len(s)
	}
	return nameAddrParts{uri: trimmed(s[:semicolon]), params: s[semicolon:]}, nil
}

func splitBrackets(s string, open int) (nameAddrParts, error) {
	after := bracketEnd(s, open, len(s))
	if after > len(s) {
		return nameAddrParts{}, errOpenBracket
	}
	rest := s[after:]
	semicolon := strings.IndexByte(rest, ';')
	if semicolon < 0 {
		semicolon = len(rest)
	}
	if valueQuotesOpen(rest[semicolon:]) {
		return nameAddrParts{}, errOpenQuote
	}
	return nameAddrParts{
		display: trimmed(s[:open]), uri: trimmed(s[open+1 : after-1]),
		junk: trimmed(rest[:semicolon]), params: rest[semicolon:],
	}, nil
}

func valueQuotesOpen(s string) bool {
	for pos := 0; pos < len(s); pos++ {
		if s[pos] == '"' {
			if pos = quoteEnd(s, pos, len(s)) - 1; pos >= len(s) {
				return true
			}
		}
	}
	return false
}

// params yields the parameters of ";a=1;b", without white space around names
// and values. Empty ones are skipped.
func params(s string) iter.Seq[sipuri.Param] {
	return func(yield func(sipuri.Param) bool) {
		for pos := 0; pos < len(s); {
			start := pos + 1 // after the ";"
			equals := -1
			for pos = start; pos < len(s) && s[pos] != ';'; {
				switch {
				case s[pos] == '"':
					pos = min(quoteEnd(s, pos, len(s)), len(s))
					continue
				case s[pos] == '=' && equals < 0:
					equals = pos
				}
				pos++
			}
			p := sipuri.Param{Name: trimmed(s[start:pos])}
			if equals >= 0 {
				p = sipuri.Param{Name: trimmed(s[start:equals]), Value: trimmed(s[equals+1 : pos]), HasValue: true}
			}
			if (p.Name != "" || p.HasValue) && !yield(p) {
				return
			}
		}
	}
}

func trimmed(s string) string {
	start, end := trimLWS(s, 0, len(s))
	return s[start:end]
}

// Unquote returns the content of a quoted string without its escapes (25.1); other
// text stays as it is.
func Unquote(s string) string {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return s
	}
	s = s[1 : len(s)-1]
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b = append(b, s[i])
	}
	return string(b)
}
