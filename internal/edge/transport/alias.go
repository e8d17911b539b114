package transport

import "net/netip"

// maxAliases is how many destinations one connection may stand for.
const maxAliases = 32

// Alias says that f, a connection that a peer has made, is as good as one that we
// would make to sentBy, the address in the peer's Via (RFC 5923 section 6). From
// now on, until it ends, [Set.Flow] and [Set.Dial] have it for destinations of
// that address whose Name the peer's certificate is for. Without a certificate
// that was verified, so always over TCP and WS, it does nothing: anybody could
// draw the requests for somebody else to himself (section 9).
func (s *Set) Alias(f Flow, sentBy netip.AddrPort) {
	c, ok := f.path.(*conn)
	if !ok || !c.accepted() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conns.byID[c.id] != c {
		return // it has ended
	}
	for _, name := range c.names {
		d := Destination{Kind: f.Kind, Addr: unmap(sentBy), Name: name}
		if s.conns.byPeer[d] == c {
			continue
		}
		if len(c.peers) >= maxAliases {
			return
		}
		s.conns.enter(c, d)
	}
}
