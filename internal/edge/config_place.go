package edge

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/redirectd/redirectd/internal/edge/locate"
	"github.com/redirectd/redirectd/internal/edge/transport"
	"github.com/redirectd/redirectd/internal/sipuri"
)

// validatePort: two listeners have one port only if one of them is of UDP.
func (c *Config) validatePort(w *mistakes, before []transport.Address, l transport.Address) {
	for _, other := range before {
		switch {
		case l.AddrPort.Port() == 0 || other.AddrPort.Port() != l.AddrPort.Port() || (l.Kind == transport.UDP) != (other.Kind == transport.UDP):
		case l == other:
			w.addf("listen: %s stands there twice", l)
		case overlap(l.AddrPort.Addr(), other.AddrPort.Addr()):
			w.addf("listen: %s and %s can't have the same port", other, l)
		}
	}
}

// overlap reports whether one socket would be in the way of another.
func overlap(a, b netip.Addr) bool {
	return a == b || a.Is4() == b.Is4() && (a.IsUnspecified() || b.IsUnspecified())
}

// checkPlace says why a next hop can't be where its URI says: it is the edge itself,
// or there is no listener of its address family.
func (c *Config) checkPlace(text string) error {
	uri, err := sipuri.Parse(text)
	if err != nil {
		return err
	}
	kind, err := locate.Kind(&uri)
	if err != nil {
		return err
	}
	var bound []transport.Listener
	for _, l := range c.listen() {
		if l.Kind == kind {
			bound = append(bound, transport.Listener{Kind: kind, Addr: l.AddrPort, Advertise: c.advertised(l)})
		}
	}
	port := uri.Port
	if port == 0 {
		port = kind.DefaultPort()
	}
	h, numeric := locate.Numeric(&uri)
	reaches := func(l transport.Listener) bool { return l.Addr.Addr().Is4() == h.Addr.Addr().Is4() }
	itself := func(l transport.Listener) bool {
		return l.Addr == h.Addr || l.Addr.Addr().IsUnspecified() && l.Addr.Port() == port && h.Addr.Addr().IsLoopback() && reaches(l)
	}
	advertised := func(l transport.Listener) bool { return isAdvertised(l, &uri, port) }
	switch {
	case slices.ContainsFunc(bound, advertised), numeric && slices.ContainsFunc(bound, itself):
		return fmt.Errorf("%q is this edge itself", text)
	case numeric && !slices.ContainsFunc(bound, reaches):
		return fmt.Errorf("%q needs a listener of %s and of its address family; listen has %s", text, kind, join(c.listen()))
	}
	return nil
}

// advertised is the host that stands for a listener, as far as the configuration
// says one.
func (c *Config) advertised(l transport.Address) string {
	if host, ok := c.AdvertiseAt[l]; ok {
		return host
	}
	return c.Advertise
}

func (c *Config) validateConnections(w *mistakes) {
	const defaultMax = 10_000
	limit := c.Connections.Max
	if limit == 0 {
		limit = defaultMax
	}
	if c.Connections.PerSource > limit {
		w.addf("connections.per_source: %d is more than connections.max, %d", c.Connections.PerSource, limit)
	}
}

// covers reports whether every request of another trunk is of this one.
func (t *Trunk) covers(other *Trunk) bool {
	inFrom := func(p netip.Prefix) bool {
		return slices.ContainsFunc(t.From, func(own netip.Prefix) bool { return own.Bits() <= p.Bits() && own.Contains(p.Addr()) })
	}
	return len(t.From)+len(t.Listeners)+len(t.TLSNames) > 0 &&
		all(t.From, other.From, inFrom) &&
		all(t.Listeners, other.Listeners, func(l transport.Address) bool { return slices.Contains(t.Listeners, l) }) &&
		all(t.TLSNames, other.TLSNames, t.hasTLSName)
}

// all reports whether a criterion holds whenever that of another trunk does: it is
// not given, or has each of the other's values.
func all[T any](own, others []T, has func(T) bool) bool {
	return len(own) == 0 || len(others) > 0 && !slices.ContainsFunc(others, func(v T) bool { return !has(v) })
}
