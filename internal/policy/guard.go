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
	hosts  []place
	number string // E.164, empty if it is none
}

// place is a host that a URI names.
type place struct {
	host string
	addr netip.Addr // invalid if the host is a name
}

func subjectOf(uri *sipuri.URI) subject {
	s := subject{uri: uri}
	addr, _ := uri.Addr()
	s.hosts = append(s.hosts, place{uri.Host, addr})
	// The request goes to maddr, if there is one (19.1.1); the host is still in it.
	if maddr, ok := uri.Param("maddr"); ok && maddr != "" {
		host := strings.Trim(sipuri.Unescape(maddr), "[]")
		addr, _ := netip.ParseAddr(host)
		s.hosts = append(s.hosts, place{host, addr})
	}
	s.number = expr.E164(sipuri.Unescape(uri.User))
	return s
}

// denies returns what speaks against a contact; empty if nothing.
func (g *Guard) denies(s *subject, edge *redirectv1.Edge) string {
	for i := range s.hosts {
		if name, what := matchHost(g.hosts, &s.hosts[i]); what != "" {
			return "host " + clean(s.hosts[i].host) + " matches " + what + " in deny." + name
		}
	}
	if inRanges(g.ports, portOf(s.uri)) {
		return "port " + strconv.Itoa(portOf(s.uri)) + " is in deny.ports"
	}
	if slices.Contains(g.schemes, s.uri.Scheme) {
		return "the scheme " + clean(s.uri.Scheme) + " is in deny.schemes"
	}
	if len(g.numbers) > 0 {
		for _, number := range suspects(s) {
			if name, prefix := matchNumber(g.numbers, number); prefix != "" {
				return "number " + clean(number) + " begins with " + prefix + " in deny." + name
			}
		}
	}
	if g.own && isOwn(edge, s) {
		return clean(s.uri.Text) + " is an address of the edge itself (deny.own_address)"
	}
	return ""
}

// refuses returns in which respect a contact is not among what is allowed; empty
// if in none.
func (g *Guard) refuses(s *subject) string {
	for i := range s.hosts {
		if _, what := matchHost(g.hosts, &s.hosts[i]); what == "" && len(g.hosts) > 0 {
			return "host " + strconv.Quote(clean(s.hosts[i].host)) + " is not among those of allow"
		}
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

func matchHost(lists []namedList, p *place) (name, what string) {
	for _, l := range lists {
		if p.addr.IsValid() {
			if prefix, ok := l.list.MatchAddr(p.addr); ok {
				return l.name, prefix.String()
			}
		}
		if pattern, ok := l.list.MatchDomain(p.host); ok {
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

// portOf returns the port that a URI means (19.1.2, RFC 7118 section 5); 0 for
// other schemes.
func portOf(u *sipuri.URI) int {
	transport, _ := u.Param("transport")
	transport = strings.ToLower(sipuri.Unescape(transport))
	secure := u.Scheme == "sips"
	switch {
	case u.Port != 0:
		return int(u.Port)
	case !u.IsSIP():
		return 0
	case transport == "wss" || transport == "ws" && secure:
		return 443
	case transport == "ws":
		return 80
	case secure || transport == "tls":
		return 5061
	}
	return 5060
}

// isOwn reports whether a URI is one of Edge.own_addresses.
func isOwn(edge *redirectv1.Edge, s *subject) bool {
	port := strconv.Itoa(portOf(s.uri))
	return s.uri.IsSIP() && slices.ContainsFunc(edge.GetOwnAddresses(), func(own string) bool {
		i := strings.LastIndexByte(own, ':')
		return i >= 0 && own[i+1:] == port && slices.ContainsFunc(s.hosts, func(p place) bool {
			return sameHost(strings.Trim(own[:i], "[]"), p.host)
		})
	})
}

func sameHost(a, b string) bool {
	if x, err := netip.ParseAddr(a); err == nil {
		y, err := netip.ParseAddr(b)
		return err == nil && x.Unmap() == y.Unmap()
	}
	return strings.EqualFold(strings.TrimSuffix(a, "."), strings.TrimSuffix(b, "."))
}
