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
// operator's word, unless it is the edge itself. Within a dialog so is an address
// of a trunk: requests go both ways.
func (e *Edge) unwelcome(in *inbound, t *target, h hop) *refused {
	if e.sockets.IsOwn(h.Kind, h.Addr) {
		return &refused{"own_address", t.hop().Text + " leads to this edge itself"}
	}
	if t.uri.Scheme == "sips" && !h.Kind.Secure() {
		return &refused{"sips", fmt.Sprintf("%s asks for TLS, and %s has none", t.uri.Text, h)}
	}
	why := nowhere(h.Addr)
	if why == "" && !t.configured {
		why = e.targetsOf(in.trunk).forbid(h.Addr)
		if why != "" && in.inDialog && e.isPeer(h.Addr.Addr()) {
			return nil
		}
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

// isPeer reports whether an address is of a trunk, or of a configured next hop. A
// trunk that anybody is of has no addresses.
func (e *Edge) isPeer(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if slices.Contains(e.configured, a) {
		return true
	}
	for i := range e.cfg.Trunks {
		for _, p := range e.cfg.Trunks[i].From {
			if p.Bits() > 0 && p.Contains(a) {
				return true
			}
		}
	}
	return false
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
