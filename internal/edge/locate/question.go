package locate

import (
	"net/netip"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// question is what DNS is asked. Names are canonical.
type question struct {
	prefix string // of the name of an SRV record: "_sip._udp"
	name   string
	qtype  uint16
}

// srvQuestion asks for the SRV records of a full name. It is the same question
// however its name was put together.
func srvQuestion(full string) question {
	if service, rest, ok := strings.Cut(full, "."); ok && strings.HasPrefix(service, "_") {
		if proto, name, ok := strings.Cut(rest, "."); ok && strings.HasPrefix(proto, "_") {
			return question{prefix: full[:len(service)+1+len(proto)], name: name, qtype: dns.TypeSRV}
		}
	}
	return question{name: full, qtype: dns.TypeSRV}
}

func (q question) isAddress() bool { return q.qtype == dns.TypeA || q.qtype == dns.TypeAAAA }

// canonical returns the name that is asked for.
func (q question) canonical() string {
	if q.prefix == "" {
		return q.name
	}
	return q.prefix + "." + q.name
}

// String is for errors: "_sip._udp.example.com SRV".
func (q question) String() string { return q.canonical() + " " + dns.TypeToString[q.qtype] }

// answer is what DNS said to a question; it is not changed once it is made.
// Either it has records or an error.
type answer struct {
	addrs []netip.Addr
	srv   []srvRecord
	naptr []naptrRecord
	// glue are addresses of SRV targets that came along with the SRV records. They
	// are believed there and nowhere else, so that who serves one domain has no
	// say in the addresses of another.
	glue    map[question][]netip.Addr
	err     error
	expires time.Time
}

// canonical returns a name without capitals and without the dot at its end.
// It is a copy: the name may be a piece of a message, and is kept for longer.
func canonical(name string) string {
	return strings.Clone(strings.ToLower(strings.TrimSuffix(name, ".")))
}

// validName reports whether a canonical name can be that of a host or of a
// service: letters, digits, "-" and "_", as DNS allows much more than a URI or a
// log line should get to see.
func validName(name string) bool {
	if name == "" || len(name) > 253 {
		return false
	}
	label := 0
	for i := range len(name) {
		switch c := name[i]; {
		case c == '.':
			if label == 0 {
				return false
			}
			label = 0
			continue
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-', c == '_':
		default:
			return false
		}
		if label++; label > 63 {
			return false
		}
	}
	return label > 0
}
