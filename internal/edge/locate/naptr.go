package locate

import (
	"cmp"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"github.com/redirectd/redirectd/internal/edge/transport"
)

// naptrRecord is a NAPTR record of a SIP service.
type naptrRecord struct {
	order, preference uint16
	service
}

// naptrKind returns the transport of a service of RFC 3263 section 4.1 or of RFC
// 7118 section 7.2, 0 for any other.
func naptrKind(name string) transport.Kind {
	switch strings.ToUpper(name) {
	case "SIP+D2U":
		return transport.UDP
	case "SIP+D2T":
		return transport.TCP
	case "SIPS+D2T":
		return transport.TLS
	case "SIP+D2W":
		return transport.WS
	case "SIPS+D2W":
		return transport.WSS
	}
	return 0
}

// readNAPTR returns the records that lead to SRV records of a SIP service, best
// first.
func readNAPTR(rrs []dns.RR) []naptrRecord {
	var records []naptrRecord
	for _, rr := range rrs {
		n, ok := rr.(*dns.NAPTR)
		if !ok || !strings.EqualFold(n.Flags, "s") || n.Regexp != "" {
			continue
		}
		name := canonical(n.Replacement)
		if kind := naptrKind(n.Service); kind != 0 && validName(name) {
			records = append(records, naptrRecord{n.Order, n.Preference, service{kind, srvQuestion(name)}})
		}
	}
	slices.SortStableFunc(records, func(a, b naptrRecord) int {
		return cmp.Or(cmp.Compare(a.order, b.order), cmp.Compare(a.preference, b.preference))
	})
	return records[:min(len(records), maxNAPTR)]
}

// discover finds the transports of a name (section 4.1).
func (p *pass) discover(name string) {
	a := p.records(question{name: name, qtype: dns.TypeNAPTR})
	if a == nil {
		return
	}
	var list [maxNAPTR]service
	if n := p.offered(a.naptr, &list); n > 0 {
		p.services(name, list[0].kind, list[:n]...)
		return
	}
	n := 0
	for _, kind := range [...]transport.Kind{transport.UDP, transport.TCP, transport.TLS} {
		if p.speaks(kind) {
			list[n] = serviceOf(kind, name)
			n++
		}
	}
	p.services(name, p.kind, list[:n]...)
}

// offered lists the services that the edge can use, and returns how many. Records
// of a higher order than the first of these are not considered (RFC 3403 section
// 4.1); the preferences of one order are.
func (p *pass) offered(records []naptrRecord, list *[maxNAPTR]service) int {
	n, order := 0, uint16(0)
	for _, record := range records {
		if !p.speaks(record.kind) || n > 0 && record.order != order {
			continue
		}
		list[n], order = record.service, record.order
		n++
	}
	return n
}

// speaks reports whether a transport is ours and may be used for the URI: sips
// goes by TLS only.
func (p *pass) speaks(kind transport.Kind) bool {
	return (kind.Secure() || p.uri.Scheme != "sips") && p.r.cfg.Available(kind)
}
