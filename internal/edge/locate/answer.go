package locate

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// How long an answer is kept, whatever it says itself.
const (
	minTTL      = time.Second
	maxTTL      = time.Hour
	maxNegative = 5 * time.Minute // RFC 2308 section 5
	failureTTL  = 2 * time.Second // SERVFAIL, no answer, and "no" without a SOA record
)

const maxChain = 8 // CNAME records of one name

var (
	errNotOurs   = errors.New("this is no answer to the question")
	errTruncated = errors.New("the answer is truncated")
)

// check reads a message that may be the answer to a query. Anything that comes
// to the socket may be a forgery: the ID and the question have to be those asked.
// A truncated message is not read at all.
func check(query *dns.Msg, b []byte) (*dns.Msg, error) {
	const header, qr, tc = 12, 0x80, 0x02
	if len(b) < header || query.Id != uint16(b[0])<<8|uint16(b[1]) || b[2]&qr == 0 {
		return nil, errNotOurs
	}
	if b[2]&tc != 0 {
		return nil, errTruncated
	}
	var m dns.Msg
	if err := m.Unpack(b); err != nil {
		return nil, fmt.Errorf("%w: %w", errNotOurs, err)
	}
	if m.Opcode != dns.OpcodeQuery {
		return nil, errNotOurs
	}
	if len(m.Question) == 0 && m.Rcode != dns.RcodeSuccess && m.Rcode != dns.RcodeNameError {
		return &m, nil // some servers do not repeat what they do not understand
	}
	asked := query.Question[0]
	if len(m.Question) != 1 || m.Question[0].Qtype != asked.Qtype || m.Question[0].Qclass != asked.Qclass ||
		!strings.EqualFold(m.Question[0].Name, asked.Name) {
		return nil, errNotOurs
	}
	return &m, nil
}

// read makes an answer of a message that says yes or no. If the message ends with
// a CNAME record, alias is the name to ask for next.
func read(q question, m *dns.Msg, server netip.AddrPort, now time.Time) (a *answer, alias string) {
	name, ttl, err := follow(q, m.Answer)
	if err != nil {
		return &answer{err: &saidError{q, err.Error(), server, err}, expires: now.Add(failureTTL)}, ""
	}
	var rrs []dns.RR
	for _, rr := range m.Answer {
		if h := rr.Header(); h.Rrtype == q.qtype && h.Class == dns.ClassINET && canonical(h.Name) == name {
			rrs = append(rrs, rr)
			ttl = min(ttl, lifetime(h.Ttl))
		}
	}
	a = &answer{}
	closed := false
	switch q.qtype {
	case dns.TypeSRV:
		a.srv, closed = readSRV(rrs)
		ttl = a.readGlue(m.Extra, ttl)
	case dns.TypeNAPTR:
		a.naptr = readNAPTR(rrs)
	default:
		a.addrs = readAddrs(rrs)
	}
	switch {
	case closed:
		a.err = &saidError{q, `the target "." (no such service)`, server, errClosed}
	case len(a.srv)+len(a.naptr)+len(a.addrs) > 0:
	case len(rrs) > 0: // a positive answer, of no use to us
		a.err = &saidError{q, "no record that can be used", server, ErrNoSuchName}
	case m.Rcode == dns.RcodeNameError:
		a.err, ttl = &saidError{q, "NXDOMAIN", server, ErrNoSuchName}, min(ttl, negative(m.Ns))
	case name != q.canonical() && !hasSOA(m.Ns):
		return nil, name
	default:
		a.err, ttl = &saidError{q, "no records", server, ErrNoSuchName}, min(ttl, negative(m.Ns))
	}
	a.expires = now.Add(max(ttl, minTTL))
	return a, ""
}

// follow goes along the CNAME records of an answer to the name that has the
// records, and returns how long that holds.
func follow(q question, rrs []dns.RR) (string, time.Duration, error) {
	name, ttl := q.canonical(), maxTTL
	for range maxChain + 1 {
		i := slices.IndexFunc(rrs, func(rr dns.RR) bool {
			h := rr.Header()
			return h.Rrtype == dns.TypeCNAME && h.Class == dns.ClassINET && canonical(h.Name) == name
		})
		if i < 0 {
			return name, ttl, nil
		}
		if c, ok := rrs[i].(*dns.CNAME); ok {
			name, ttl = canonical(c.Target), min(ttl, lifetime(c.Hdr.Ttl))
		}
		if !validName(name) {
			return "", 0, fmt.Errorf("a CNAME record to %.80q, which is no host name,", name)
		}
	}
	return "", 0, errLoop
}

func readAddrs(rrs []dns.RR) []netip.Addr {
	var addrs []netip.Addr
	for _, rr := range rrs {
		var addr netip.Addr
		switch rr := rr.(type) {
		case *dns.A:
			addr, _ = netip.AddrFromSlice(rr.A)
		case *dns.AAAA:
			addr, _ = netip.AddrFromSlice(rr.AAAA)
		}
		addr = addr.Unmap()
		if addr.IsValid() && !addr.IsUnspecified() && len(addrs) < maxAddrs {
			addrs = append(addrs, addr)
		}
	}
	return addrs
}

// readGlue takes the addresses of the targets from the additional records, and
// returns the shortest lifetime of them all.
func (a *answer) readGlue(extra []dns.RR, ttl time.Duration) time.Duration {
	for _, s := range a.srv {
		for _, qtype := range [...]uint16{dns.TypeA, dns.TypeAAAA} {
			q := question{name: s.target, qtype: qtype}
			var rrs []dns.RR
			for _, rr := range extra {
				if h := rr.Header(); h.Rrtype == qtype && h.Class == dns.ClassINET && canonical(h.Name) == s.target {
					rrs = append(rrs, rr)
					ttl = min(ttl, lifetime(h.Ttl))
				}
			}
			if addrs := readAddrs(rrs); len(addrs) > 0 {
				if a.glue == nil {
					a.glue = map[question][]netip.Addr{}
				}
				a.glue[q] = addrs
			}
		}
	}
	return ttl
}

// lifetime of a record; a TTL with the first bit set is 0 (RFC 2181 section 8).
func lifetime(ttl uint32) time.Duration {
	if ttl > 1<<31-1 {
		return 0
	}
	return min(time.Duration(ttl)*time.Second, maxTTL)
}

// negative returns how long a "no" holds (RFC 2308 section 5).
func negative(authority []dns.RR) time.Duration {
	for _, rr := range authority {
		if soa, ok := rr.(*dns.SOA); ok {
			return min(lifetime(soa.Hdr.Ttl), lifetime(soa.Minttl), maxNegative)
		}
	}
	return failureTTL
}

func hasSOA(authority []dns.RR) bool {
	return slices.ContainsFunc(authority, func(rr dns.RR) bool { return rr.Header().Rrtype == dns.TypeSOA })
}
