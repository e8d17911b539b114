package transport

import (
	"net/netip"
	"slices"
)

// Flow is a flow to a destination that can be had without waiting: over UDP from
// the socket that suits its route, else the connection that there is. prefer, if
// it is valid, is the listener to take where several suit alike. It reports false
// if there is none.
func (s *Set) Flow(to Destination, prefer netip.AddrPort) (Flow, bool) {
	to, prefer = to.canonical(), unmap(prefer)
	if to.Kind != UDP {
		return s.connection(to)
	}
	remote := to.Addr
	best := s.udpFor(remote.Addr(), prefer)
	if best == nil || !best.alive() {
		return Flow{}, false
	}
	local, ok := best.localFor(remote.Addr())
	return Flow{Kind: UDP, Local: local, Remote: remote, path: best}, ok
}

// udpFor is the socket that requests to remote leave from, or nil.
func (s *Set) udpFor(remote netip.Addr, prefer netip.AddrPort) *udpSocket {
	var best *udpSocket
	bestRank := 0
	source := s.sourceOf(remote, len(s.udp))
	for _, u := range s.udp {
		if rank := suits(u.addr, remote, source, prefer); rank > bestRank {
			best, bestRank = u, rank
		}
	}
	return best
}

// sourceOf is the address that the kernel would send to remote from, for a choice
// among that many listeners; the zero value if there is none to make.
func (s *Set) sourceOf(remote netip.Addr, listeners int) netip.Addr {
	if listeners < 2 {
		return netip.Addr{}
	}
	a, _ := s.local.source(remote)
	return a.WithZone("")
}

// suits ranks a listener for sending to remote; 0 is impossible. What counts is
// the route: on a machine with several networks a packet with the address of
// another one does not arrive, or its answer does not. A socket that is bound to a
// loopback address reaches nothing beyond, and the other way round. prefer decides
// between listeners that suit alike.
func suits(bound netip.AddrPort, remote, source netip.Addr, prefer netip.AddrPort) int {
	a := bound.Addr()
	var rank int
	switch {
	case a.Is4() != remote.Is4():
		return 0
	case a.WithZone("") == source:
		rank = 4
	case a.IsUnspecified():
		rank = 3
	case a.IsLoopback() == remote.IsLoopback():
		rank = 2
	default:
		rank = 1
	}
	rank *= 2
	if bound == prefer || a.IsUnspecified() && bound.Port() == prefer.Port() {
		rank++
	}
	return rank
}

// listenerFor is the listener of a kind whose address connections to remote leave
// from, or nil.
func (s *Set) listenerFor(k Kind, remote netip.Addr) *tcpListener {
	var best *tcpListener
	bestRank := 0
	source := s.sourceOf(remote, len(s.tcp))
	for _, l := range s.tcp {
		if l.kind != k {
			continue
		}
		if rank := suits(l.addr, remote, source, netip.AddrPort{}); rank > bestRank {
			best, bestRank = l, rank
		}
	}
	return best
}

// SentBy is "host:port" for the Via and the Record-Route of what is sent on f:
// the advertised host or the local address, and the port of our listener (RFC
// 3261 section 18.1.1: also on a connection that we made, where the port of the
// connection is an ephemeral one). An IPv6 address stands in brackets.
func (s *Set) SentBy(f Flow) string {
	if f.IsZero() {
		return ""
	}
	return s.names.of(f.path.advertised(), f.Local.Addr(), f.Listener().AddrPort.Port())
}

// Each calls f for every listener until it returns true, and reports whether it did.
func (s *Set) Each(f func(Listener) bool) bool { return slices.ContainsFunc(s.listeners, f) }

// Has reports whether there is a listener of that transport.
func (s *Set) Has(k Kind) bool {
	return slices.ContainsFunc(s.listeners, func(l Listener) bool { return l.Kind == k })
}

// HasKind reports whether there is a listener of that transport and of the
// address family of remote.
func (s *Set) HasKind(k Kind, remote netip.Addr) bool {
	for _, l := range s.listeners {
		if l.Kind == k && l.Addr.Addr().Is4() == remote.Unmap().Is4() {
			return true
		}
	}
	return false
}

// IsOwn reports whether what is sent to a would come back to one of our
// listeners. A listener that is bound to a wildcard has every address of the
// machine, and one that advertises an address has that too; 0.0.0.0 and :: as
// destinations are the machine itself.
func (s *Set) IsOwn(k Kind, a netip.AddrPort) bool {
	a = unmap(a)
	for _, l := range s.listeners {
		if l.Kind != k || l.Addr.Port() != a.Port() {
			continue
		}
		if own, ok := asIP(l.Advertise); ok && own == a.Addr().WithZone("") {
			return true
		}
		if l.Addr.Addr().Is4() != a.Addr().Is4() {
			continue
		}
		if l.Addr.Addr() == a.Addr() || a.Addr().IsUnspecified() ||
			l.Addr.Addr().IsUnspecified() && s.local.has(a.Addr()) {
			return true
		}
	}
	return false
}
