package dnstest

import (
	"strings"

	"github.com/miekg/dns"
)

// zone holds records by name, in lower case.
type zone map[string][]dns.RR

func parse(text string) (zone, error) {
	p := dns.NewZoneParser(strings.NewReader(text), ".", "")
	p.SetDefaultTTL(60)
	z := zone{}
	for rr, ok := p.Next(); ok; rr, ok = p.Next() {
		name := dns.CanonicalName(rr.Header().Name)
		z[name] = append(z[name], rr)
	}
	return z, p.Err()
}

// answer fills in what a recursive server says: the chain of CNAMEs and the
// records at its end, the addresses of SRV targets, and the SOA record of what
// does not exist.
func (z zone) answer(m *dns.Msg) {
	q := m.Question[0]
	m.RecursionAvailable = true
	name := dns.CanonicalName(q.Name)
	for range 8 {
		m.Answer = append(m.Answer, z.records(name, q.Qtype)...)
		alias := z.records(name, dns.TypeCNAME)
		if len(alias) == 0 || q.Qtype == dns.TypeCNAME {
			break
		}
		m.Answer = append(m.Answer, alias[0])
		name = dns.CanonicalName(alias[0].(*dns.CNAME).Target)
	}
	for _, rr := range m.Answer {
		if srv, ok := rr.(*dns.SRV); ok {
			m.Extra = append(m.Extra, z.records(dns.CanonicalName(srv.Target), dns.TypeA)...)
			m.Extra = append(m.Extra, z.records(dns.CanonicalName(srv.Target), dns.TypeAAAA)...)
		}
	}
	if len(z.records(name, q.Qtype)) > 0 {
		return
	}
	if !z.exists(name) {
		m.Rcode = dns.RcodeNameError
	}
	m.Ns = z.soa(name)
}

func (z zone) records(name string, qtype uint16) []dns.RR {
	var found []dns.RR
	for _, rr := range z[name] {
		if rr.Header().Rrtype == qtype {
			found = append(found, rr)
		}
	}
	return found
}

// exists reports whether a name has records, or one below it has (RFC 8020).
func (z zone) exists(name string) bool {
	for n := range z {
		if dns.IsSubDomain(name, n) {
			return true
		}
	}
	return false
}

func (z zone) soa(name string) []dns.RR {
	for off, end := 0, false; !end; off, end = dns.NextLabel(name, off) {
		if soa := z.records(name[off:], dns.TypeSOA); len(soa) > 0 {
			return soa
		}
	}
	return nil
}
