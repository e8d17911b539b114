package locate

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/redirectd/redirectd/internal/edge/transport"
	"github.com/redirectd/redirectd/internal/sipuri"
)

// Hop is one address to send a request to.
type Hop = transport.Destination

// Kind returns the transport that a URI asks for (RFC 3263 section 4.1, without
// NAPTR): its transport parameter, or UDP, or TLS for sips. The transport "tls"
// of a sip URI is that of RFC 2543, deprecated and in use.
func Kind(uri *sipuri.URI) (transport.Kind, error) {
	secure := uri.Scheme == "sips"
	name, ok := uri.Param("transport")
	if !ok {
		name = "udp"
		if secure {
			name = "tls"
		}
	}
	kind, err := transport.ParseKind(name)
	switch {
	case err != nil:
		return 0, err
	case !secure:
		return kind, nil
	case kind == transport.TCP, kind == transport.TLS: // 19.1.2: TLS over that
		return transport.TLS, nil
	case kind == transport.WS, kind == transport.WSS:
		return transport.WSS, nil
	}
	return 0, fmt.Errorf("transport %q has no TLS: want tcp or ws with sips", name)
}

// Numeric returns the hop of a URI whose host is an address, without waiting.
func Numeric(uri *sipuri.URI) (Hop, bool) {
	kind, err := Kind(uri)
	if err != nil {
		return Hop{}, false
	}
	addr, ok := (&sipuri.URI{Host: host(uri)}).Addr()
	if !ok {
		return Hop{}, false
	}
	return hopOf(uri, kind, addr, port(uri, kind)), true
}

func hopOf(uri *sipuri.URI, kind transport.Kind, addr netip.Addr, port uint16) Hop {
	hop := Hop{Kind: kind, Addr: netip.AddrPortFrom(addr.Unmap(), port)}
	if kind.Secure() {
		hop.Name = canonical(uri.Host)
	}
	return hop
}

// host returns the TARGET of a URI: the maddr parameter if there is one (19.1.1),
// else the host.
func host(uri *sipuri.URI) string {
	maddr, ok := uri.Param("maddr")
	if !ok || maddr == "" {
		return uri.Host
	}
	return strings.Trim(maddr, "[]")
}

func port(uri *sipuri.URI, kind transport.Kind) uint16 {
	if uri.Port == 0 {
		return kind.DefaultPort()
	}
	return uri.Port
}
