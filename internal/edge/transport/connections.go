package transport

import (
	"fmt"
	"net"
	"net/netip"
)

// connections is every connection and every pending dial of a Set, which guards
// it by its mutex.
type connections struct {
	all      map[*conn]struct{}
	byPeer   map[Destination]*conn // the newest to that peer
	byID     map[uint64]*conn
	bySource map[netip.Prefix]int // accepted
	dials    map[Destination]*dial
}

func newConnections() connections {
	return connections{
		all:      make(map[*conn]struct{}),
		byPeer:   make(map[Destination]*conn),
		byID:     make(map[uint64]*conn),
		bySource: make(map[netip.Prefix]int),
		dials:    make(map[Destination]*dial),
	}
}

// connection is the flow of the connection to d, if there is one.
func (s *Set) connection(d Destination) (Flow, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conns.to(d)
}

// ByID is the flow of the connection with that [Flow.ID], if it still lives.
func (s *Set) ByID(id uint64) (Flow, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conns.byID[id].live()
}

func (c *connections) to(d Destination) (Flow, bool) { return c.byPeer[d].live() }

// accept takes in a connection to l within the limits.
func (s *Set) accept(l *tcpListener, nc net.Conn) error {
	source := sourceOf(addrPort(nc.RemoteAddr()).Addr())
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	// A tenth is for connections that we make: strangers must not be able to
	// stop those.
	if err := s.room(s.cfg.MaxConnections - s.cfg.MaxConnections/10); err != nil {
		return err
	}
	if n := s.conns.bySource[source]; n >= s.cfg.MaxConnectionsPerSource {
		return fmt.Errorf("%w from %s: %d", ErrTooManyConnections, source, n)
	}
	s.conns.bySource[source]++
	c := s.newConn(l, nc)
	c.source = source
	s.conns.all[c] = struct{}{}
	s.wg.Go(c.serveAccepted)
	return nil
}

// room reports an error when there are as many connections as that. s.mu is held.
func (s *Set) room(limit int) error {
	if n := len(s.conns.all) + len(s.conns.dials); n >= limit {
		return fmt.Errorf("%w: %d", ErrTooManyConnections, n)
	}
	return nil
}

// adopt takes in a connection that we have made to d and starts to read it. s.mu
// is held.
func (s *Set) adopt(c *conn, d Destination) Flow {
	s.conns.all[c] = struct{}{}
	s.conns.enter(c, d)
	s.wg.Go(c.serve)
	return c.flow
}

// admit makes a connection that was accepted known: its handshake is done. Who
// made a secure one is not known by where it comes from; see [Set.Alias].
func (s *Set) admit(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.flow.Kind.Secure() {
		s.conns.byID[c.id] = c
		return
	}
	s.conns.enter(c, Destination{Kind: c.flow.Kind, Addr: c.flow.Remote})
}

func (c *connections) enter(made *conn, d Destination) {
	c.byID[made.id] = made
	c.byPeer[d] = made
	made.peers = append(made.peers, d)
}

// remove forgets a connection that has ended.
func (s *Set) remove(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns.all, c)
	delete(s.conns.byID, c.id)
	for _, d := range c.peers {
		if s.conns.byPeer[d] == c {
			delete(s.conns.byPeer, d)
		}
	}
	if !c.accepted() {
		return
	}
	if s.conns.bySource[c.source]--; s.conns.bySource[c.source] <= 0 {
		delete(s.conns.bySource, c.source)
	}
}

// sourceOf is what connections are counted by: an IPv4 address, or the /64 that
// one IPv6 host has all to itself.
func sourceOf(a netip.Addr) netip.Prefix {
	bits := 64
	if a.Is4() {
		bits = 32
	}
	p, _ := a.WithZone("").Prefix(bits)
	return p
}
