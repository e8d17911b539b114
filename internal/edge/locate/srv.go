package locate

import (
	"cmp"
	"errors"
	"math/bits"
	"math/rand/v2"
	"slices"

	"github.com/miekg/dns"

	"github.com/redirectd/redirectd/internal/edge/transport"
)

// service is a transport and the SRV records that name its servers.
type service struct {
	kind transport.Kind
	srv  question
}

// srvRecord is an SRV record whose target is a host.
type srvRecord struct {
	priority, weight, port uint16
	target                 string
}

// serviceOf returns the SRV question for a transport of a name (section 4.2, and
// RFC 7118 section 7.2 for WebSocket).
func serviceOf(kind transport.Kind, name string) service {
	prefix := ""
	switch kind {
	case transport.UDP:
		prefix = "_sip._udp"
	case transport.TCP:
		prefix = "_sip._tcp"
	case transport.TLS:
		prefix = "_sips._tcp"
	case transport.WS:
		prefix = "_sip._ws"
	case transport.WSS:
		prefix = "_sips._ws"
	}
	return service{kind, question{prefix: prefix, name: name, qtype: dns.TypeSRV}}
}

// readSRV returns the records by priority, within one those of weight 0 first
// (RFC 2782), and whether the service is decidedly not available: the one target
// is ".".
func readSRV(rrs []dns.RR) (records []srvRecord, closed bool) {
	for _, rr := range rrs {
		s, ok := rr.(*dns.SRV)
		if !ok {
			continue
		}
		target := canonical(s.Target)
		closed = closed || target == ""
		if s.Port != 0 && validName(target) {
			records = append(records, srvRecord{s.Priority, s.Weight, s.Port, target})
		}
	}
	slices.SortStableFunc(records, func(a, b srvRecord) int {
		return cmp.Or(cmp.Compare(a.priority, b.priority), cmp.Compare(min(a.weight, 1), min(b.weight, 1)))
	})
	return records[:min(len(records), maxSRV)], closed && len(records) == 0
}

// services adds the servers of each service in turn. If none has SRV records, the
// name itself is the server, by the fallback transport (section 4.2), unless that
// is closed.
func (p *pass) services(name string, fallback transport.Kind, list ...service) {
	before := len(p.missing)
	none := true
	for _, s := range list {
		if p.full() {
			return
		}
		a := p.records(s.srv)
		switch {
		case a == nil: // missing
		case a.err == nil:
			none = false
			p.servers(s.kind, a)
		case errors.Is(a.err, errClosed):
			p.note(a.err)
			none = none && s.kind != fallback
		case !errors.Is(a.err, ErrNoSuchName):
			p.note(a.err)
			none = false
		}
	}
	if none && len(p.missing) == before {
		p.addresses(name, fallback, fallback.DefaultPort(), nil)
	}
}

// servers adds the addresses of SRV targets in an order drawn for this call.
func (p *pass) servers(kind transport.Kind, a *answer) {
	var records [maxSRV]srvRecord
	n := copy(records[:], a.srv)
	rng := rand.NewPCG(p.seed, uint64(kind))
	for i := range n {
		if p.full() {
			return
		}
		draw(records[i:n], rng)
		p.addresses(records[i].target, kind, records[i].port, a)
	}
}

// draw moves the record to be tried next to the front (RFC 2782): of the lowest
// priority, one at random by weight. The others keep their order.
func draw(records []srvRecord, rng *rand.PCG) {
	total, group := uint64(0), 0
	for group < len(records) && records[group].priority == records[0].priority {
		total += uint64(records[group].weight)
		group++
	}
	pick, _ := bits.Mul64(rng.Uint64(), total+1) // 0 to total
	chosen, sum := 0, uint64(0)
	for i := range group {
		if sum += uint64(records[i].weight); sum >= pick {
			chosen = i
			break
		}
	}
	record := records[chosen]
	copy(records[1:chosen+1], records[:chosen])
	records[0] = record
}
