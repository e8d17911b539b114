package locate

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/miekg/dns"

	"github.com/redirectd/redirectd/internal/edge/transport"
	"github.com/redirectd/redirectd/internal/sipuri"
)

// pass is one reading of RFC 3263 section 4 over what is known. It waits for
// nothing: what it misses it lists.
type pass struct {
	r        *Resolver
	uri      *sipuri.URI
	kind     transport.Kind // that the URI asks for, or the default
	seed     uint64         // of the draws of RFC 2782
	now      time.Time
	settings *settings
	got      map[question]*answer // beyond the cache; a nil answer is being waited for

	up, down hopList // reachable as far as is known, and not
	waiting  int     // names whose addresses are missing
	missing  []question
	err      error // why there are no hops, the first that is no "no such name"
}

// hopList is a list of at most maxHops.
type hopList struct {
	n    int
	hops [maxHops]Hop
}

func (l *hopList) add(h Hop) {
	if l.n < maxHops && !slices.Contains(l.hops[:l.n], h) {
		l.hops[l.n] = h
		l.n++
	}
}

// run returns an error if there are no hops and nothing is missing.
func (p *pass) run(r *Resolver, uri *sipuri.URI, seed uint64, got map[question]*answer) error {
	*p = pass{r: r, uri: uri, seed: seed, got: got, now: r.now()}
	var err error
	if p.kind, err = Kind(uri); err != nil {
		return err
	}
	name := host(uri)
	if !validName(canonical(name)) {
		return fmt.Errorf("look up %.80q: this is no host name", name)
	}
	p.settings = r.settings(p.now)
	return p.candidates(name)
}

// candidates tries the names that a host may stand for, the next one only if
// there is no such name: no call goes astray because a server did not answer.
func (p *pass) candidates(host string) error {
	var itself error
	for i := 0; ; i++ {
		name, ok := p.settings.candidate(host, i)
		if !ok {
			return itself
		}
		if !validName(name) {
			continue // too long in that domain
		}
		p.err = nil
		p.target(name)
		switch {
		case p.found() || len(p.missing) > 0:
			return nil
		case !errors.Is(p.err, ErrNoSuchName) || errors.Is(p.err, errClosed):
			return p.err
		case itself == nil || name == canonical(host):
			itself = p.err
		}
	}
}

// found reports whether there is any hop.
func (p *pass) found() bool { return p.up.n+p.down.n > 0 }

// full reports whether enough hops are known or soon will be.
func (p *pass) full() bool { return p.up.n+p.waiting >= maxHops }

// hops returns the hops, those that could not be reached last.
func (p *pass) hops() []Hop {
	if !p.found() {
		return nil
	}
	hops := make([]Hop, 0, min(p.up.n+p.down.n, maxHops))
	hops = append(hops, p.up.hops[:p.up.n]...)
	return append(hops, p.down.hops[:cap(hops)-len(hops)]...)
}

// note keeps the error that says most: any other than that there is no such name.
func (p *pass) note(err error) {
	if p.err == nil || errors.Is(p.err, ErrNoSuchName) && !errors.Is(err, ErrNoSuchName) {
		p.err = err
	}
}

// target goes through sections 4.1 and 4.2 for one name.
func (p *pass) target(name string) {
	_, explicit := p.uri.Param("transport")
	switch {
	case p.uri.Port != 0 || p.settings.isLocal(name):
		p.addresses(name, p.kind, port(p.uri, p.kind), nil)
	case explicit:
		p.services(name, p.kind, serviceOf(p.kind, name))
	default:
		p.discover(name)
	}
}

// addresses adds the addresses of a name, the families in turn. An SRV answer may
// have brought some along.
func (p *pass) addresses(name string, kind transport.Kind, port uint16, srv *answer) {
	want4, want6 := p.r.cfg.Usable(kind, netip.IPv4Unspecified()), p.r.cfg.Usable(kind, netip.IPv6Unspecified())
	if !want4 && !want6 {
		p.note(fmt.Errorf("look up %s: no %s socket to reach it from", name, kind))
		return
	}
	before := len(p.missing)
	var v4, v6 []netip.Addr
	if want4 {
		v4 = p.addrs(question{name: name, qtype: dns.TypeA}, srv)
	}
	if want6 {
		v6 = p.addrs(question{name: name, qtype: dns.TypeAAAA}, srv)
	}
	if len(p.missing) > before {
		p.waiting++
	}
	first, second := v6, v4
	if len(v6) > 0 && v6[0].IsPrivate() {
		first, second = v4, v6
	}
	for i := range max(len(first), len(second)) {
		if i < len(first) {
			p.add(hopOf(p.uri, kind, first[i], port))
		}
		if i < len(second) {
			p.add(hopOf(p.uri, kind, second[i], port))
		}
	}
}

func (p *pass) add(h Hop) {
	switch {
	case !p.r.cfg.Usable(h.Kind, h.Addr.Addr()): // ::ffff:192.0.2.1 is IPv4
		p.note(fmt.Errorf("%s cannot be reached: no %s socket of that family", h.Addr, h.Kind))
	case p.r.unreachableAt(h, p.now):
		p.down.add(h)
	default:
		p.up.add(h)
	}
}

// addrs returns the addresses of one family.
func (p *pass) addrs(q question, srv *answer) []netip.Addr {
	if srv != nil {
		if glue, ok := srv.glue[q]; ok {
			return glue
		}
	}
	a := p.records(q)
	if a == nil {
		return nil
	}
	if a.err != nil {
		p.note(a.err)
	}
	return a.addrs
}

// records returns the answer to a question, nil if it is missing.
func (p *pass) records(q question) *answer {
	if p.settings.isLocal(q.name) && q.isAddress() {
		return p.settings.local(q)
	}
	if a := p.got[q]; a != nil {
		return a
	}
	if a, ok := p.r.cached(q, p.now); ok {
		return a
	}
	p.missing = append(p.missing, q)
	return nil
}
