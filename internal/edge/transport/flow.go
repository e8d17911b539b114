package transport

import (
	"errors"
	"net/netip"
)

var (
	// ErrQueueFull is what a peer's connection ends with when it takes less
	// than is sent to it.
	ErrQueueFull = errors.New("queue of the connection is full: its peer does not read")
	// ErrClosed is what is left to say about a connection, a socket or a Set
	// that has been closed.
	ErrClosed = errors.New("transport is closed")
	// ErrNoListener is the error of [Set.Dial] to where nothing of ours listens:
	// the peer could not reach us for its next request.
	ErrNoListener = errors.New("no listener of that transport and address family")
	// ErrTooManyConnections is the error of [Set.Dial] at Config.MaxConnections.
	ErrTooManyConnections = errors.New("too many connections")
)

// Flow is a way to one peer: a UDP socket and a remote address, or a
// connection (RFC 5626 section 2). It is a comparable value, cheap to copy, and
// safe for concurrent use. Local is the concrete address that the peer sees,
// also when the listener is bound to a wildcard.
type Flow struct {
	Kind          Kind
	Local, Remote netip.AddrPort

	path path
}

// path is what carries the bytes of a flow.
type path interface {
	send(f Flow, b []byte) error
	alive() bool
	listener() Address  // where a peer of this flow finds us
	advertised() string // the host that stands for it; empty: the local address
}

// Send sends one message. It never blocks and keeps nothing of b.
//
// Over UDP the error is the kernel's; a datagram that the kernel has no room
// for is lost without an error, as any datagram may be. Over a connection nil
// says that the bytes are queued: what goes wrong later is told to
// [Receiver.Failed]. A full queue closes the connection: [ErrQueueFull].
func (f Flow) Send(b []byte) error {
	if f.path == nil {
		return ErrClosed
	}
	return f.path.send(f, b)
}

// IsZero reports whether f is no flow at all.
func (f Flow) IsZero() bool { return f.path == nil }

// Alive reports whether the socket is open, or the connection not closed.
func (f Flow) Alive() bool { return f.path != nil && f.path.alive() }

// Listener is the listener that what comes on f arrived at: for a connection that
// we made, the one whose port stands in our Via. Its address is as bound, so it
// may be a wildcard.
func (f Flow) Listener() Address {
	if f.path == nil {
		return Address{}
	}
	return f.path.listener()
}

// SameSide reports whether the peers of both flows see the same of us.
func (f Flow) SameSide(o Flow) bool {
	return f.Kind == UDP && o.Kind == UDP && f.Local == o.Local && f.path == o.path
}

// Accepted reports whether f is a connection that the peer made.
func (f Flow) Accepted() bool {
	c, ok := f.path.(*conn)
	return ok && c.accepted()
}

// Identities are the SIP domain identities (RFC 5922 section 7.1) of the
// certificate that the peer has shown and that has been verified, in lower case;
// nil if there is none. The slice is not to be changed.
func (f Flow) Identities() []string {
	if c, ok := f.path.(*conn); ok {
		return c.identities
	}
	return nil
}

// ID is a random number that stands for a connection while it lives, 0 over UDP.
// Nobody can guess one that he has not been told: see [Set.ByID].
func (f Flow) ID() uint64 {
	if c, ok := f.path.(*conn); ok {
		return c.id
	}
	return 0
}

// String is for logs: "udp 127.0.0.1:5060 127.0.0.1:5070".
func (f Flow) String() string {
	return f.Kind.String() + " " + f.Local.String() + " " + f.Remote.String()
}
