package edge

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/redirectd/redirectd/internal/edge/locate"
	"github.com/redirectd/redirectd/internal/sipuri"
)

// unwelcome says why a request does not go to an address that DNS, or a numeric
// host, led to: nil if it may. What the configuration names as a next hop is the
// operator's word, unless it is the edge itself.
func (e *Edge) unwelcome(in *inbound, t *target, h hop) *refused {
	if e.sockets.IsOwn(h.Kind, h.Addr) {
		return &refused{"own_address", t.hop().Text + " leads to this edge itself"}
	}
	if t.uri.Scheme == "sips" && !h.Kind.Secure() {
		return &refused{"sips", fmt.Sprintf("%s asks for TLS, and %s has none", t.uri.Text, h)}
	}
	why := nowhere(h.Addr)
	if why == "" && !t.configured && !e.isExempt(in, t, h) {
		why = e.targetsOf(in.trunk).forbid(h.Addr)
	}
	if why == "" {
		return nil
	}
	return &refused{"address", fmt.Sprintf("%s leads to %s: %s", t.hop().Text, h.Addr, why)}
}

// nowhere says why no request goes to an address, whatever the configuration
// says; empty if one may.
func nowhere(to netip.AddrPort) string {
	a := to.Addr().Unmap()
	switch {
	case to.Port() == 0:
		return "port 0 is none"
	case a.IsUnspecified():
		return "it is no address of a host"
	case a.IsMulticast():
		return "it is multicast"
	case a == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return "it is broadcast"
	}
	return ""
}

// forbid says why these targets do not have an address; empty if they do.
func (t *Targets) forbid(to netip.AddrPort) string {
	inRange := func(r PortRange) bool { return r.First <= to.Port() && to.Port() <= r.Last }
	switch {
	case contains(t.Deny, to.Addr()):
		return "targets.deny has it"
	case len(t.Allow) > 0 && !contains(t.Allow, to.Addr()):
		return "targets.allow does not have it"
	case len(t.Ports) > 0 && !slices.ContainsFunc(t.Ports, inRange):
		return "targets.ports does not have its port"
	}
	return ""
}

// isExempt reports whether an in-dialog request goes to an address whatever targets
// say: back to the caller, by its own connection or to an address that was its own
// when it called, or to one that a configured next hop has. An address that is of a
// trunk is not enough: whoever has seen the MAC can name one.
func (e *Edge) isExempt(in *inbound, t *target, h hop) bool {
	return in.inDialog && (!t.flow.IsZero() || in.by.home || slices.Contains(e.configured, h.Addr.Addr().Unmap().WithZone("")))
}

// configuredAddrs returns the numeric hosts that a configuration sends requests to.
func configuredAddrs(c *Config) (addrs []netip.Addr) {
	hops := slices.Clone(c.NextHop)
	for i := range c.Trunks {
		hops = append(append(hops, c.Trunks[i].NextHop...), c.Trunks[i].Onward...)
	}
	for _, text := range hops {
		if uri, err := sipuri.Parse(text); err == nil {
			if h, ok := locate.Numeric(&uri); ok && !slices.Contains(addrs, h.Addr.Addr()) {
				addrs = append(addrs, h.Addr.Addr())
			}
		}
	}
	return addrs
}
