package edge

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/redirectd/redirectd/internal/edge/transport"
	"github.com/redirectd/redirectd/internal/sipuri"
)

// checkAdvertise says why a host can't stand in Via and Record-Route.
func checkAdvertise(host string) error {
	inner, bracketed := strings.CutPrefix(host, "[")
	if bracketed {
		inner, bracketed = strings.CutSuffix(inner, "]")
	}
	a, err := netip.ParseAddr(inner)
	switch {
	case err != nil && isDomain(strings.ToLower(host)):
		return nil
	case err != nil, strings.HasPrefix(host, "[") != bracketed, bracketed && a.Is4():
		return fmt.Errorf("%q is no host: want a name or an address alone, such as edge1.example.com, 192.0.2.1 or 2001:db8::1, without port, scheme and parameters", host)
	case a.IsUnspecified(), a.IsMulticast(), a.Zone() != "":
		return fmt.Errorf("%q is no address that anybody could reach: want one such as 192.0.2.1", host)
	}
	return nil
}

func (c *Config) validateAdvertise(w *mistakes) {
	if c.Advertise != "" {
		if err := checkAdvertise(c.Advertise); err != nil {
			w.addf("advertise: %w", err)
		}
	}
	for _, l := range c.listen() {
		if host, ok := c.AdvertiseAt[l]; ok {
			if err := checkAdvertise(host); err != nil {
				w.addf("listen: %s: advertise: %w", l, err)
			}
		}
	}
}

// isAdvertised reports whether a URI has the host that stands for a listener, and
// its port.
func isAdvertised(l transport.Listener, uri *sipuri.URI, port uint16) bool {
	return l.Advertise != "" && l.Addr.Port() == port && strings.EqualFold(strings.TrimSuffix(uri.Host, "."), l.Advertise)
}
