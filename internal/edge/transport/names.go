package transport

import (
	"net"
	"net/netip"
	"strconv"
	"sync"
)

// names remembers "host:port" as it stands in every Via and Record-Route. The zero
// value is ready; it has an entry for each address and listener of this machine.
type names struct {
	mu    sync.RWMutex
	known map[name]string
}

type name struct {
	host string // empty: the address
	addr netip.Addr
	port uint16
}

// of returns the text of host, or of the address if host is empty, and a port.
func (n *names) of(host string, a netip.Addr, port uint16) string {
	key := name{host, a.WithZone(""), port}
	n.mu.RLock()
	text, ok := n.known[key]
	n.mu.RUnlock()
	if ok {
		return text
	}
	if host == "" {
		host = key.addr.String()
	}
	text = net.JoinHostPort(host, strconv.Itoa(int(port)))
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.known == nil || len(n.known) >= localSources {
		n.known = make(map[name]string)
	}
	n.known[key] = text
	return text
}
