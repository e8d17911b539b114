package transport

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Kind is a transport protocol. The zero value is none.
type Kind uint8

// The transports of RFC 3261 section 18 that are spoken.
const (
	UDP Kind = iota + 1
	TCP
	TLS
	WS  // RFC 7118
	WSS // RFC 7118
)

var kinds = [...]struct {
	name, via                   string
	reliable, secure, webSocket bool
	port                        uint16
}{
	{name: "none"},
	UDP: {name: "udp", via: "UDP", port: 5060},
	TCP: {name: "tcp", via: "TCP", reliable: true, port: 5060},
	TLS: {name: "tls", via: "TLS", reliable: true, secure: true, port: 5061},
	WS:  {name: "ws", via: "WS", reliable: true, webSocket: true, port: 80},
	WSS: {name: "wss", via: "WSS", reliable: true, secure: true, webSocket: true, port: 443},
}

// String is the name in a transport parameter and in a listen address: "udp".
func (k Kind) String() string { return kinds[k.index()].name }

// ViaName is the name in a Via header field (RFC 3261 section 20.42): "UDP".
func (k Kind) ViaName() string { return kinds[k.index()].via }

// Reliable reports whether the transport delivers in order or not at all, so
// that nothing is retransmitted over it (RFC 3261 section 17).
func (k Kind) Reliable() bool { return kinds[k.index()].reliable }

// Secure reports whether TLS is below the transport.
func (k Kind) Secure() bool { return kinds[k.index()].secure }

func (k Kind) isWebSocket() bool { return kinds[k.index()].webSocket }

// DefaultPort is the port of the transport where none is named (RFC 3261
// section 19.1.2, RFC 7118 section 5.3).
func (k Kind) DefaultPort() uint16 { return kinds[k.index()].port }

func (k Kind) index() int {
	if int(k) < len(kinds) {
		return int(k)
	}
	return 0
}

// ParseKind reads the name of a transport, in any case.
func ParseKind(s string) (Kind, error) {
	for k := UDP; int(k) < len(kinds); k++ {
		if strings.EqualFold(s, kinds[k].name) {
			return k, nil
		}
	}
	return 0, fmt.Errorf("transport %q is unknown: want udp, tcp, tls, ws or wss", s)
}

// Address is where to listen. Port 0 stands for a free port.
type Address struct {
	Kind     Kind
	AddrPort netip.AddrPort
}

// String is the form that [ParseAddress] reads.
func (a Address) String() string { return a.Kind.String() + "://" + a.AddrPort.String() }

var (
	errNoScheme = errors.New(`no transport: want "udp://127.0.0.1:5060" or "tcp://[::1]:5060"`)
	errNoPort   = errors.New("no port: want one from 0 (a free one) to 65535 after a colon, as in 127.0.0.1:5060 or [::1]:5060")
)

// ParseAddress reads a listen address such as "udp://127.0.0.1:5060" or
// "tcp://[::1]:5060". The host must be an IP address and the port must be
// there: a listener is never somewhere by accident.
func ParseAddress(s string) (Address, error) {
	scheme, rest, found := strings.Cut(s, "://")
	if !found {
		return Address{}, fmt.Errorf("listen address %q: %w", s, errNoScheme)
	}
	kind, err := ParseKind(scheme)
	if err != nil {
		return Address{}, fmt.Errorf("listen address %q: %w", s, err)
	}
	addr, err := parseAddrPort(rest)
	if err != nil {
		return Address{}, fmt.Errorf("listen address %q: %w", s, err)
	}
	return Address{Kind: kind, AddrPort: addr}, nil
}

func parseAddrPort(s string) (netip.AddrPort, error) {
	colon := strings.LastIndexByte(s, ':')
	if colon < 0 || strings.HasSuffix(s, "]") {
		return netip.AddrPort{}, errNoPort
	}
	host, portText := s[:colon], s[colon+1:]
	inner, bracketed := strings.CutPrefix(host, "[")
	if bracketed {
		inner, bracketed = strings.CutSuffix(inner, "]")
	}
	addr, err := netip.ParseAddr(inner)
	switch {
	case err != nil, strings.HasPrefix(host, "[") != bracketed, bracketed && addr.Is4():
		return netip.AddrPort{}, fmt.Errorf("host %q is no IP address: want one such as 127.0.0.1, 0.0.0.0 or [::1]", host)
	case addr.Is6() && !bracketed:
		return netip.AddrPort{}, fmt.Errorf("IPv6 address needs brackets: want [%s]", host)
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("port %q is out of range: want 0 (a free one) to 65535", portText)
	}
	return unmap(netip.AddrPortFrom(addr, uint16(port))), nil
}

// unmap makes one form of an IPv4 address that is written as IPv6.
func unmap(ap netip.AddrPort) netip.AddrPort {
	if ap.Addr().Is4In6() {
		return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
	}
	return ap
}

// network is the name that package net has for one family of a transport. One
// socket never serves both families: its local address would have two forms.
func network(k Kind, a netip.Addr) string {
	protocol := "tcp"
	if k == UDP {
		protocol = "udp"
	}
	if a.Is4() {
		return protocol + "4"
	}
	return protocol + "6"
}
