package expr

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/gaissmai/bart"
)

// networkSet holds networks for the longest match.
type networkSet struct {
	table bart.Lite
}

// add adds a network as a person wrote it.
func (s *networkSet) add(text string) error {
	p, err := parseNetwork(text)
	if err != nil {
		return err
	}
	s.table.Insert(p)
	return nil
}

// match returns the longest network that holds the address.
func (s *networkSet) match(addr netip.Addr) (netip.Prefix, bool) {
	addr = addr.Unmap().WithZone("")
	if !addr.IsValid() {
		return netip.Prefix{}, false
	}
	return s.table.LookupPrefixLPM(netip.PrefixFrom(addr, addr.BitLen()))
}

// parseNetwork reads "192.0.2.0/24", "2001:db8::/32" or a single address.
func parseNetwork(text string) (netip.Prefix, error) {
	const want = `; want a network, such as "192.0.2.0/24", "2001:db8::/32" or "192.0.2.1"`
	text = strings.TrimSpace(text)
	if !strings.Contains(text, "/") {
		addr, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"))
		if err != nil || addr.Zone() != "" {
			return netip.Prefix{}, fmt.Errorf("it is no address%s", want)
		}
		addr = addr.Unmap()
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, fmt.Errorf("it is no network%s", want)
	}
	if p.Addr().Is4In6() {
		if p.Bits() < 96 {
			return netip.Prefix{}, fmt.Errorf("it is no network of IPv4 or IPv6 alone%s", want)
		}
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	if m := p.Masked(); m != p {
		return netip.Prefix{}, fmt.Errorf("it has bits set behind its /%d; write %q for the network or %q for the address", p.Bits(), m, p.Addr())
	}
	return p, nil
}

// parseHost reads the address of a host, of "host:port" or "[host]:port", as in
// call.source_address. Not ok if it is a name.
func parseHost(text string) (netip.Addr, bool) {
	if text == "" || len(text) > 64 {
		return netip.Addr{}, false
	}
	// A name begins like no address; that spares the error of ParseAddr.
	if c := text[0]; c != '[' && c != ':' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
		return netip.Addr{}, false
	}
	if text[0] == '[' || strings.Count(text, ":") == 1 {
		if ap, err := netip.ParseAddrPort(text); err == nil {
			return ap.Addr().Unmap().WithZone(""), true
		}
		text = strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")
	}
	addr, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}, false
	}
	return addr.Unmap().WithZone(""), true
}
