package expr

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"golang.org/x/net/idna"
)

// domainSet holds domains and wildcards, in lower case and without the dot at
// the end.
type domainSet struct {
	exact map[string]string // "example.com" to itself
	below map[string]string // "example.com" to "*.example.com"
}

// add adds a domain as a person wrote it.
func (s *domainSet) add(text string) error {
	name, wild, err := parseDomain(text)
	if err != nil {
		return err
	}
	if s.exact == nil {
		s.exact, s.below = make(map[string]string), make(map[string]string)
	}
	if wild {
		s.below[name] = "*." + name
	} else {
		s.exact[name] = name
	}
	return nil
}

// match returns the entry that covers a host, the one with the most labels.
func (s *domainSet) match(host string) (string, bool) {
	host = normalHost(host)
	if p, ok := s.exact[host]; ok {
		return p, true
	}
	if len(s.below) == 0 || len(host) > maxDomain {
		return "", false
	}
	for rest := host; ; {
		dot := strings.IndexByte(rest, '.')
		if dot < 0 {
			return "", false
		}
		first := dot == 0
		rest = rest[dot+1:]
		if p, ok := s.below[rest]; ok && !first {
			return p, true
		}
	}
}

// inDomain tells whether a host is covered by one domain or wildcard, which
// parseDomain took.
func inDomain(host, name string, wild bool) bool {
	host = normalHost(host)
	if !wild {
		return host == name
	}
	label, ok := strings.CutSuffix(host, name)
	return ok && len(label) > 1 && label[len(label)-1] == '.'
}

// normalHost makes hosts comparable: lower case, no dot at the end.
func normalHost(host string) string {
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

const (
	maxDomain = 253 // RFC 1035 section 2.3.4
	maxLabel  = 63
)

// parseDomain reads "example.com" or "*.example.com".
func parseDomain(text string) (name string, wild bool, err error) {
	name = normalHost(strings.TrimSpace(text))
	name, wild = strings.CutPrefix(name, "*.")
	switch {
	case name == "":
		return "", false, errors.New(`it is empty; want a domain, such as "example.com" or "*.example.com"`)
	case strings.Contains(name, "*"):
		return "", false, errors.New(`"*" stands for whole labels and only at the beginning, as in "*.example.com"`)
	case len(name) > maxDomain:
		return "", false, fmt.Errorf("it has %d characters, and no domain has more than %d", len(name), maxDomain)
	}
	if _, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil {
		return "", false, errors.New("it is an address and no domain; addresses belong into a list of networks")
	}
	for i := range len(name) {
		if name[i] >= 0x80 {
			if ascii, err := idna.Lookup.ToASCII(name); err == nil {
				return "", false, fmt.Errorf("hosts of SIP are ASCII; write it as %q", ascii)
			}
			return "", false, errors.New("hosts of SIP are ASCII")
		}
	}
	for label := range strings.SplitSeq(name, ".") {
		if err := checkLabel(label); err != nil {
			return "", false, err
		}
	}
	return name, wild, nil
}

func checkLabel(label string) error {
	const want = `; want a domain, such as "example.com"`
	if label == "" {
		return errors.New("two dots stand side by side, or one at the beginning" + want)
	}
	if len(label) > maxLabel {
		return fmt.Errorf("the label %q has more than %d characters", label, maxLabel)
	}
	for _, r := range label {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			continue
		}
		if r == ':' || r == '/' || r == '@' {
			return fmt.Errorf("%q belongs to no domain: no scheme, user, port or path%s", r, want)
		}
		return fmt.Errorf("%q belongs to no domain%s", r, want)
	}
	return nil
}
