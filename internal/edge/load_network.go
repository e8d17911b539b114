package edge

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/redirectd/redirectd/internal/edge/transport"
	"github.com/redirectd/redirectd/internal/strictyaml"
)

func readTLS(m *strictyaml.Map, c *transport.TLSConfig) {
	m.String("cert", &c.Cert)
	m.String("key", &c.Key)
	m.String("ca", &c.CA)
	auth := string(c.ClientAuth)
	m.Enum("client_auth", &auth, string(transport.ClientAuthNone), string(transport.ClientAuthRequest), string(transport.ClientAuthRequire))
	c.ClientAuth = transport.ClientAuth(auth)
	m.Done()
}

func readDNS(m *strictyaml.Map, c *DNSConfig) {
	m.Some("servers", func(v strictyaml.Value) {
		v.Like("", "192.0.2.53", "[2001:db8::53]:53")
		server, err := parseServer(v.Text)
		if err != nil {
			v.Failf("%v", err)
			return
		}
		c.Servers = append(c.Servers, server)
	})
	m.Duration("timeout", &c.Timeout, 100*time.Millisecond, 30*time.Second)
	m.Duration("unreachable_for", &c.UnreachableFor, time.Second, time.Hour)
	m.Done()
}

// parseServer reads the address of a DNS server, whose port is 53 unless it
// says another.
func parseServer(s string) (netip.AddrPort, error) {
	const dns = 53
	if a, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		return netip.AddrPortFrom(a.Unmap(), dns), nil
	}
	server, err := netip.ParseAddrPort(s)
	if err != nil || server.Port() == 0 {
		return netip.AddrPort{}, fmt.Errorf("%q is no address: want 192.0.2.53, 192.0.2.53:53 or [2001:db8::53]:53", s)
	}
	return netip.AddrPortFrom(server.Addr().Unmap(), server.Port()), nil
}

func readTargets(m *strictyaml.Map) (t Targets) {
	m.Some("allow", func(v strictyaml.Value) {
		if v.Text == "multicast" {
			v.Failf("multicast can't be allowed: no request goes there")
			return
		}
		readNetworks(v, &t.Allow)
	})
	m.Each("deny", func(v strictyaml.Value) { readNetworks(v, &t.Deny) })
	m.Some("ports", func(v strictyaml.Value) {
		v.Examples("5060", "1024-65535")
		ports, err := parsePorts(v.Text)
		if err != nil {
			v.Failf("%v", err)
			return
		}
		t.Ports = append(t.Ports, ports)
	})
	m.Done()
	return t
}

// wellKnown are the networks that have a name.
var wellKnown = map[string][]netip.Prefix{
	"private": { // RFC 1918, RFC 4193
		netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"),
		netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("fc00::/7"),
	},
	"loopback":   {netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")},
	"link_local": {netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("fe80::/10")},
	"multicast":  {netip.MustParsePrefix("224.0.0.0/4"), netip.MustParsePrefix("ff00::/8")},
}

// readNetworks reads a network, or the name of well-known ones.
func readNetworks(v strictyaml.Value, into *[]netip.Prefix) {
	v.Like("", "private", "loopback", "link_local", "192.0.2.0/24")
	if named, ok := wellKnown[v.Text]; ok {
		*into = append(*into, named...)
		return
	}
	prefix, err := parsePrefix(v.Text)
	if err != nil {
		v.Failf("%q is no network: want 192.0.2.1, 192.0.2.0/24, or private, loopback, link_local or multicast", v.Text)
		return
	}
	*into = append(*into, prefix)
}

// parsePrefix reads a network, or an address that is one of its own.
func parsePrefix(s string) (netip.Prefix, error) {
	if strings.Contains(s, "/") {
		p, err := netip.ParsePrefix(s)
		if p.Addr().Is4In6() && p.Bits() >= 96 { // addresses are compared unmapped
			p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
		}
		return p.Masked(), err
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Prefix{}, err
	}
	a = a.Unmap().WithZone("")
	return netip.PrefixFrom(a, a.BitLen()), nil
}

// parsePorts reads one port, or a range of them.
func parsePorts(s string) (PortRange, error) {
	firstText, lastText, isRange := strings.Cut(s, "-")
	if !isRange {
		lastText = firstText
	}
	first, err1 := strconv.ParseUint(firstText, 10, 16)
	last, err2 := strconv.ParseUint(lastText, 10, 16)
	if err1 != nil || err2 != nil || first == 0 || last < first {
		return PortRange{}, fmt.Errorf("%q is no port and no range of ports: want 5060 or 1024-65535", s)
	}
	return PortRange{uint16(first), uint16(last)}, nil
}
