package policy

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy/expr"
	"github.com/redirectd/redirectd/internal/sipuri"
)

// Guard keeps contacts out, or lets them in, by what their URI is. The zero
// Guard says nothing. It is immutable.
//
// As a deny, one match is enough. As an allow, a contact must match in each of
// the four respects that the guard names: its host (domains and networks), its
// port, its scheme, and its number (prefixes).
type Guard struct {
	hosts, numbers []namedList
	ports          []statusRange
	schemes        []string
	own            bool // an address of the edge that asks
}

func (g *Guard) says() bool {
	return len(g.hosts)+len(g.numbers)+len(g.ports)+len(g.schemes) > 0 || g.own
}

// namedList is a list with the name that an explanation gives it.
type namedList struct {
	name string // "domains", or `list "partners"`
	list *expr.List
}

// subject is what a guard looks at.
type subject struct {
	uri    *sipuri.URI
	addr   netip.Addr // invalid if the host is a name
	number string     // E.164, empty if it is none
	// digits is the number for a deny, where doubt counts against it: the user part
	// in E.164 form if it had a "+".
	digits string
}

func subjectOf(uri *sipuri.URI) subject {
	s := subject{uri: uri}
	s.addr, _ = uri.Addr()
	user := sipuri.Unescape(uri.User)
	s.number = expr.E164(user)
	if s.digits = s.number; s.digits == "" && user != "" && user[0] >= '0' && user[0] <= '9' {
		s.digits = expr.E164("+" + user)
	}
	return s
}

// denies returns what speaks against a contact; empty if nothing.
func (g *Guard) denies(s *subject, edge *redirectv1.Edge) string {
	if name, what := matchHost(g.hosts, s); what != "" {
		return "host " + clean(s.uri.Host) + " matches " + what + " in deny." + name
	}
	if inRanges(g.ports, portOf(s.uri)) {
		return "port " + strconv.Itoa(portOf(s.uri)) + " is in deny.ports"
	}
	if slices.Contains(g.schemes, s.uri.Scheme) {
		return "the scheme " + clean(s.uri.Scheme) + " is in deny.schemes"
	}
	if name, prefix := matchNumber(g.numbers, s.digits); prefix != "" {
		return "number " + clean(s.digits) + " begins with " + prefix + " in deny." + name
	}
	if g.own && isOwn(edge, s.uri) {
		return clean(s.uri.Text) + " is an address of the edge itself (deny.own_address)"
	}
	return ""
}

// refuses returns in which respect a contact is not among what is allowed; empty
// if in none.
func (g *Guard) refuses(s *subject) string {
	if _, what := matchHost(g.hosts, s); what == "" && len(g.hosts) > 0 {
		return "host " + strconv.Quote(clean(s.uri.Host)) + " is not among those of allow"
	}
	if len(g.ports) > 0 && !inRanges(g.ports, portOf(s.uri)) {
		return "port " + strconv.Itoa(portOf(s.uri)) + " is not in allow.ports"
	}
	if len(g.schemes) > 0 && !slices.Contains(g.schemes, s.uri.Scheme) {
		return "the scheme " + clean(s.uri.Scheme) + " is not in allow.schemes"
	}
	if _, prefix := matchNumber(g.numbers, s.number); prefix == "" && len(g.numbers) > 0 {
		if s.number == "" {
			return "user " + strconv.Quote(clean(s.uri.User)) + " is no E.164 number, and allow names prefixes"
		}
		return "number " + clean(s.number) + " begins with none of the prefixes of allow"
	}
	return ""
}

func matchHost(lists []namedList, s *subject) (name, what string) {
	for _, l := range lists {
		if s.addr.IsValid() {
			if prefix, ok := l.list.MatchAddr(s.addr); ok {
				return l.name, prefix.String()
			}
		}
		if pattern, ok := l.list.MatchDomain(s.uri.Host); ok {
			return l.name, pattern
		}
	}
	return "", ""
}

func matchNumber(lists []namedList, number string) (name, prefix string) {
	if number == "" {
		return "", ""
	}
	for _, l := range lists {
		if prefix, ok := l.list.MatchPrefix(number); ok {
			return l.name, prefix
		}
	}
	return "", ""
}

// portOf returns the port that a URI means (19.1.2); 0 for other schemes.
func portOf(u *sipuri.URI) int {
	transport, _ := u.Param("transport")
	switch {
	case u.Port != 0:
		return int(u.Port)
	case u.Scheme == "sips" || strings.EqualFold(transport, "tls"):
		return 5061
	case u.Scheme == "sip":
		return 5060
	}
	return 0
}

// isOwn reports whether a URI is one of Edge.own_addresses.
func isOwn(edge *redirectv1.Edge, u *sipuri.URI) bool {
	port := strconv.Itoa(portOf(u))
	return u.IsSIP() && slices.ContainsFunc(edge.GetOwnAddresses(), func(own string) bool {
		i := strings.LastIndexByte(own, ':')
		return i >= 0 && own[i+1:] == port && sameHost(strings.Trim(own[:i], "[]"), u.Host)
	})
}

func sameHost(a, b string) bool {
	if x, err := netip.ParseAddr(a); err == nil {
		y, err := netip.ParseAddr(b)
		return err == nil && x.Unmap() == y.Unmap()
	}
	return strings.EqualFold(strings.TrimSuffix(a, "."), strings.TrimSuffix(b, "."))
}
