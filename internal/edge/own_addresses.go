package edge

import (
	"net"
	"net/netip"
	"slices"
	"strconv"

	"github.com/redirectd/redirectd/internal/edge/transport"
)

// maxOwnAddresses is the contract's bound.
const maxOwnAddresses = 64

// ownAddresses returns what the edge is reached by, with port, for a policy that
// would rather not send a call back. A listener on a wildcard is reached by the
// addresses that the machine has now; the edge itself looks anew at each target.
func ownAddresses(listeners []transport.Listener) []string {
	var own []string
	add := func(host string, port uint16) {
		at := net.JoinHostPort(host, strconv.Itoa(int(port)))
		if len(own) < maxOwnAddresses && !slices.Contains(own, at) {
			own = append(own, at)
		}
	}
	for _, l := range listeners {
		if l.Advertise != "" {
			add(l.Advertise, l.Addr.Port())
		}
	}
	for _, l := range listeners {
		if !l.Addr.Addr().IsUnspecified() {
			add(l.Addr.Addr().String(), l.Addr.Port())
			continue
		}
		local, err := net.InterfaceAddrs()
		if err != nil { // then the edge alone knows
			continue
		}
		for _, a := range local {
			if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().Is4() == l.Addr.Addr().Is4() && !p.Addr().IsLinkLocalUnicast() {
				add(p.Addr().String(), l.Addr.Port())
			}
		}
	}
	return own
}
