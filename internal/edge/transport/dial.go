package transport

import (
	"context"
	"fmt"
	"net"
	"net/netip"
)

// dial is a connection that is being made. flow and err are set before done is
// closed.
type dial struct {
	cancel context.CancelFunc
	done   chan struct{}
	flow   Flow
	err    error
}

// Dial returns a flow to a destination: of the connection that there is, or that is
// being made for another caller, or of a new one, which leaves from the address
// of our listener unless that is a wildcard, and is read like an accepted one.
// By TLS and WSS the certificate of the peer must be for the destination's Name
// (RFC 5922). It waits for Config.DialTimeout at most, handshakes included. The
// end of ctx ends the waiting but not the dial, which others may have joined.
func (s *Set) Dial(ctx context.Context, to Destination) (Flow, error) {
	to = to.canonical()
	if to.Kind == UDP {
		if f, ok := s.Flow(to, netip.AddrPort{}); ok {
			return f, nil
		}
		return Flow{}, fmt.Errorf("%s: %w", to, ErrNoListener)
	}
	l := s.listenerFor(to.Kind, to.Addr.Addr())
	if l == nil {
		return Flow{}, fmt.Errorf("%s: %w", to, ErrNoListener)
	}
	if to.Kind.Secure() && to.Name == "" {
		return Flow{}, fmt.Errorf("connection to %s: %w", to, errNoName)
	}
	f, d, err := s.join(ctx, l, to)
	if d == nil {
		return f, err
	}
	select {
	case <-d.done:
		return d.flow, d.err
	case <-ctx.Done():
		return Flow{}, fmt.Errorf("connection to %s: %w", to, context.Cause(ctx))
	}
}

// join finds the connection to p or the dial to wait for, which it starts if
// there is none.
func (s *Set) join(ctx context.Context, l *tcpListener, p Destination) (Flow, *dial, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return Flow{}, nil, ErrClosed
	}
	if f, ok := s.conns.to(p); ok {
		return f, nil, nil
	}
	if d := s.conns.dials[p]; d != nil {
		return Flow{}, d, nil
	}
	if err := s.room(s.cfg.MaxConnections); err != nil {
		return Flow{}, nil, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.cfg.DialTimeout)
	d := &dial{cancel: cancel, done: make(chan struct{})}
	s.conns.dials[p] = d
	s.wg.Go(func() { s.connect(ctx, l, p, d) })
	return Flow{}, d, nil
}

func (s *Set) connect(ctx context.Context, l *tcpListener, to Destination, d *dial) {
	defer close(d.done)
	defer d.cancel()
	c, err := s.open(ctx, l, to)

	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns.dials, to)
	switch {
	case err != nil:
		d.err = err
	case s.closed:
		d.err = ErrClosed
		_ = c.raw.Close()
	default:
		d.flow = s.adopt(c, to)
	}
}

// open makes a connection with all that stands before the first message.
func (s *Set) open(ctx context.Context, l *tcpListener, to Destination) (*conn, error) {
	var dialer net.Dialer
	if a := l.addr.Addr(); !a.IsUnspecified() {
		dialer.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(a, 0))
	}
	raw, err := dialer.DialContext(ctx, network(to.Kind, to.Addr.Addr()), to.Addr.String())
	if err != nil {
		return nil, err
	}
	c := s.newConn(l, raw)
	interrupt := context.AfterFunc(ctx, func() { _ = raw.Close() })
	err = c.shakeHands(to)
	if !interrupt() {
		err = context.Cause(ctx)
	}
	if err != nil {
		_ = raw.Close()
		return nil, fmt.Errorf("connection to %s: %w", to, err)
	}
	return c, nil
}
