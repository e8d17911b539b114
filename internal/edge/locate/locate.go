// Package locate finds out where a SIP URI is to be sent (RFC 3263).
//
// This is its first form: numeric hosts, and names by A and AAAA. NAPTR and SRV
// are not asked for yet.
package locate

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/redirectd/redirectd/internal/edge/transport"
	"github.com/redirectd/redirectd/internal/sipuri"
)

// maxHops bounds the addresses of one name that are tried.
const maxHops = 8

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
	addr, ok := host(uri).Addr()
	if !ok {
		return Hop{}, false
	}
	return hopOf(uri, kind, addr, port(uri, kind)), true
}

func hopOf(uri *sipuri.URI, kind transport.Kind, addr netip.Addr, port uint16) Hop {
	hop := Hop{Kind: kind, Addr: netip.AddrPortFrom(addr.Unmap(), port)}
	if kind.Secure() {
		hop.Name = strings.ToLower(uri.Host)
	}
	return hop
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

func port(uri *sipuri.URI, kind transport.Kind) uint16 {
	if uri.Port == 0 {
		return kind.DefaultPort()
	}
	return uri.Port
}

// Config is what a resolver is made of. The zero value of a field means the
// default that its comment names.
type Config struct {
	// Servers are asked for names. Default: those of the system.
	Servers []netip.AddrPort
	// Timeout of one lookup, all its questions together. Default 2 s.
	Timeout time.Duration
	// UnreachableFor is how long an address that could not be reached is
	// remembered. Default 30 s.
	UnreachableFor time.Duration
	// Available says which transports the edge has; it may be called
	// concurrently. Default: all.
	Available func(transport.Kind) bool
}

// Resolver finds the addresses of URIs. It is safe for concurrent use.
type Resolver struct {
	cfg Config
	net net.Resolver
}

// New returns a resolver.
func New(c Config) *Resolver {
	if c.Timeout <= 0 {
		c.Timeout = 2 * time.Second
	}
	if c.UnreachableFor <= 0 {
		c.UnreachableFor = 30 * time.Second
	}
	return &Resolver{cfg: c}
}

// Known returns the hops of a URI if that needs no waiting: its host is an
// address, or what DNS said is still valid.
func (r *Resolver) Known(uri *sipuri.URI) ([]Hop, bool) {
	if hop, ok := Numeric(uri); ok {
		return []Hop{hop}, true
	}
	return nil, false
}

// Lookup returns the hops of a URI in the order in which to try them, at most 8.
// It waits for DNS.
func (r *Resolver) Lookup(ctx context.Context, uri *sipuri.URI) ([]Hop, error) {
	kind, err := Kind(uri)
	if err != nil {
		return nil, err
	}
	if hops, ok := r.Known(uri); ok {
		return hops, nil
	}
	ctx, cancel := context.WithTimeout(ctx, r.cfg.Timeout)
	defer cancel()
	name := host(uri).Host
	addrs, err := r.net.LookupNetIP(ctx, "ip", name)
	if err != nil {
		return nil, fmt.Errorf("look up %s: %w", name, err)
	}
	hops := make([]Hop, 0, min(len(addrs), maxHops))
	for _, a := range addrs[:min(len(addrs), maxHops)] {
		hops = append(hops, hopOf(uri, kind, a, port(uri, kind)))
	}
	return hops, nil
}

// Failed remembers that an address could not be reached.
func (r *Resolver) Failed(Hop) {}

// Answered forgets that an address could not be reached.
func (r *Resolver) Answered(Hop) {}

// Unreachable reports whether an address could not be reached a short while ago.
func (r *Resolver) Unreachable(Hop) bool { return false }
