package locate

import (
	"math/rand/v2"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/redirectd/redirectd/internal/edge/transport"
	"github.com/redirectd/redirectd/internal/sipuri"
)

// What one lookup may cost, whatever DNS says.
const (
	maxHops      = 16  // that are tried: limits.addresses goes so far
	maxNAPTR     = 8   // records of one answer that are looked at
	maxSRV       = 16  // likewise
	maxAddrs     = 16  // likewise
	maxQuestions = 64  // of one lookup
	maxAsking    = 256 // questions of all lookups at once
	maxCached    = 16384
	maxRemember  = 4096 // unreachable hops
)

// Config is what a resolver is made of. The zero value of a field means the
// default that its comment names.
type Config struct {
	// Servers are asked for names, by UDP and TCP, the next one when one fails.
	// Default: those of /etc/resolv.conf, with its search list, and /etc/hosts
	// before them.
	Servers []netip.AddrPort
	// Timeout of one lookup, all its questions together; NAPTR takes at most half
	// of it. A server that does not answer is given a fifth. Default 2 s.
	Timeout time.Duration
	// UnreachableFor is how long an address that could not be reached is
	// remembered. Default 30 s.
	UnreachableFor time.Duration
	// Available says which transports the edge has; it may be called
	// concurrently. Default: all.
	Available func(transport.Kind) bool
	// Usable says whether an address can be reached by that transport, as far as
	// its family tells; it may be called concurrently. With the unspecified
	// address of a family it decides whether A or AAAA is asked for at all.
	// Default: all.
	Usable func(transport.Kind, netip.Addr) bool
}

// Resolver finds the hops of URIs. It is safe for concurrent use. It has nothing
// to be closed: its questions end by themselves.
type Resolver struct {
	cfg    Config
	now    func() time.Time
	system *system // nil if the servers are configured
	fixed  settings

	cache       *otter.Cache[question, *answer]
	unreachable *otter.Cache[Hop, time.Time] // until when
	preferred   atomic.Uint32                // the server that answered last

	mu     sync.Mutex
	asking map[question][]chan<- told
}

// New returns a resolver.
func New(c Config) *Resolver {
	if c.Timeout <= 0 {
		c.Timeout = 2 * time.Second
	}
	if c.UnreachableFor <= 0 {
		c.UnreachableFor = 30 * time.Second
	}
	if c.Available == nil {
		c.Available = func(transport.Kind) bool { return true }
	}
	if c.Usable == nil {
		c.Usable = func(transport.Kind, netip.Addr) bool { return true }
	}
	r := &Resolver{
		cfg: c, now: time.Now,
		fixed:  settings{servers: c.Servers, ndots: 1},
		asking: map[question][]chan<- told{},
		// No expiry and no loader: no goroutine of the cache has to be stopped.
		cache:       otter.Must(&otter.Options[question, *answer]{MaximumSize: maxCached}),
		unreachable: otter.Must(&otter.Options[Hop, time.Time]{MaximumSize: maxRemember}),
	}
	if len(c.Servers) == 0 {
		r.system = newSystem("/etc/resolv.conf", "/etc/hosts", r.now())
	}
	return r
}

// settings returns what holds at that time for asking.
func (r *Resolver) settings(now time.Time) *settings {
	if r.system == nil {
		return &r.fixed
	}
	return r.system.settings(now)
}

// Known returns the hops of a URI, as [Resolver.Lookup] does, if that needs no
// waiting: its host is an address, or what DNS said is still valid.
func (r *Resolver) Known(uri *sipuri.URI) ([]Hop, bool) {
	if hop, ok := Numeric(uri); ok {
		return []Hop{hop}, true
	}
	var p pass
	if p.run(r, uri, rand.Uint64(), nil) != nil || len(p.missing) > 0 {
		return nil, false
	}
	return p.hops(), true
}
