package transport

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

const (
	localFresh   = 10 * time.Second // addresses and routes of a machine change rarely
	localSources = 1024             // remote addresses whose route is remembered
)

// localAddresses remembers for a short while what the kernel says about the
// addresses of this machine: which ones there are, and from which one a packet
// to a remote address leaves. The zero value is ready; it never grows beyond
// localSources.
type localAddresses struct {
	mu      sync.Mutex
	read    time.Time
	own     map[netip.Addr]bool
	sources map[netip.Addr]netip.Addr
}

// has reports whether a is an address of this machine.
func (l *localAddresses) has(a netip.Addr) bool {
	if a.IsLoopback() {
		return true // all of 127.0.0.0/8, of which interfaces show one
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refresh()
	return l.own[a.WithZone("")]
}

// source is the address that a packet to remote leaves from.
func (l *localAddresses) source(remote netip.Addr) (netip.Addr, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refresh()
	if a, ok := l.sources[remote]; ok {
		return a, a.IsValid()
	}
	if len(l.sources) >= localSources {
		clear(l.sources)
	}
	a := routeSource(remote)
	l.sources[remote] = a
	return a, a.IsValid()
}

func (l *localAddresses) refresh() {
	now := time.Now()
	if l.own != nil && now.Sub(l.read) < localFresh {
		return
	}
	l.read = now
	l.own = make(map[netip.Addr]bool)
	l.sources = make(map[netip.Addr]netip.Addr)
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return // as if there were none, until it is asked again
	}
	for _, a := range addrs {
		if prefix, err := netip.ParsePrefix(a.String()); err == nil {
			l.own[prefix.Addr().WithZone("")] = true
		}
	}
}

// routeSource asks the kernel's routing table: connecting a UDP socket looks up
// the route and sends nothing. The answer is invalid if there is no route.
func routeSource(remote netip.Addr) netip.Addr {
	const discard = 9 // any port but 0
	c, err := net.DialUDP(network(UDP, remote), nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(remote, discard)))
	if err != nil {
		return netip.Addr{}
	}
	defer func() { _ = c.Close() }()
	local, _ := c.LocalAddr().(*net.UDPAddr)
	return local.AddrPort().Addr().Unmap()
}
