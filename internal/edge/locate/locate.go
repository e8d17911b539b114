// Package locate finds out where a SIP URI is to be sent (RFC 3263).
//
// This is its first form: numeric hosts, and names by A and AAAA. NAPTR and SRV
// are not asked for yet.
package locate

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/redirectd/redirectd/internal/edge/transport"
	"github.com/redirectd/redirectd/internal/sipuri"
)

// DefaultPort is the port of sip URIs without one (RFC 3261 section 19.1.2).
const DefaultPort = 5060

// maxHops bounds the addresses of one name that are tried.
const maxHops = 8

// ErrNoTLS says that a target asks for a transport that the edge has not.
var ErrNoTLS = errors.New("TLS is not available on this edge")

// Hop is one address to send a request to.
type Hop struct {
	Kind transport.Kind
	Addr netip.AddrPort
}

// Kind returns the transport that a URI asks for (RFC 3263 section 4.1, without
// NAPTR): its transport parameter, or UDP.
func Kind(uri *sipuri.URI) (transport.Kind, error) {
	if uri.Scheme == "sips" {
		return 0, ErrNoTLS
	}
	name, ok := uri.Param("transport")
	if !ok {
		return transport.UDP, nil
	}
	switch strings.ToLower(name) {
	case "udp":
		return transport.UDP, nil
	case "tcp":
		return transport.TCP, nil
	case "tls":
		return 0, ErrNoTLS
	}
	return 0, fmt.Errorf("transport %q is not available on this edge (udp, tcp)", name)
}

// Numeric returns the hop of a URI whose host is an address, without waiting.
func Numeric(uri *sipuri.URI) (Hop, bool) {
	kind, err := Kind(uri)
	if err != nil {
		return Hop{}, false
	}
	addr, ok := host(uri).Addr()
	if !ok {
		return Hop{}, false
	}
	return Hop{kind, netip.AddrPortFrom(addr.Unmap(), port(uri))}, true
}

// host returns the URI with the host that names the server: the maddr parameter
// if there is one (19.1.1).
func host(uri *sipuri.URI) *sipuri.URI {
	maddr, ok := uri.Param("maddr")
	if !ok || maddr == "" {
		return uri
	}
	return &sipuri.URI{Host: strings.Trim(maddr, "[]")}
}

func port(uri *sipuri.URI) uint16 {
	if uri.Port == 0 {
		return DefaultPort
	}
	return uri.Port
}

// Resolver looks up names. The zero value uses the system's resolver. It is
// safe for concurrent use.
type Resolver struct {
	Net     net.Resolver
	Timeout time.Duration // of one lookup; 0 means 2 s
}

// Lookup returns the hops of a URI in the order in which to try them. It waits
// for DNS.
func (r *Resolver) Lookup(ctx context.Context, uri *sipuri.URI) ([]Hop, error) {
	kind, err := Kind(uri)
	if err != nil {
		return nil, err
	}
	if hop, ok := Numeric(uri); ok {
		return []Hop{hop}, nil
	}
	timeout := r.Timeout
	if timeout <= 0 {
		timeout = 2 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	name := host(uri).Host
	addrs, err := r.Net.LookupNetIP(ctx, "ip", name)
	if err != nil {
		return nil, fmt.Errorf("look up %s: %w", name, err)
	}
	hops := make([]Hop, 0, min(len(addrs), maxHops))
	for _, a := range addrs[:min(len(addrs), maxHops)] {
		hops = append(hops, Hop{kind, netip.AddrPortFrom(a.Unmap(), port(uri))})
	}
	return hops, nil
}
