package demo

import (
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// maxDatagrams bounds what a wiretap keeps: whoever is on this machine can send
// to its sockets. All calls together need a few hundred.
const maxDatagrams = 10_000

// datagram is one that crossed the socket of a player.
type datagram struct {
	at     time.Time // by the wall clock; of one received, when the kernel queued it, where it says so
	owner  string    // whose socket
	out    bool      // sent by the owner
	remote netip.AddrPort
	bytes  []byte
}

// wiretap keeps the datagrams of all players in the order of their recording.
// Safe for concurrent use.
type wiretap struct {
	mu        sync.Mutex
	datagrams []datagram
	changed   chan struct{} // closed at the next datagram
}

func newWiretap() *wiretap { return &wiretap{changed: make(chan struct{})} }

func (w *wiretap) record(d datagram) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.datagrams) == maxDatagrams {
		return
	}
	w.datagrams = append(w.datagrams, d)
	close(w.changed)
	w.changed = make(chan struct{})
}

// all returns what was recorded so far, and a channel that is closed when that
// is no longer all.
func (w *wiretap) all() ([]datagram, <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clip(w.datagrams), w.changed
}

// tap is a UDP socket that records what crosses it.
type tap struct {
	*net.UDPConn
	owner string
	wire  *wiretap
	oob   []byte        // of the one reader, as is last
	last  time.Time     // when the last datagram arrived
	ready chan struct{} // closed at the first read
	once  sync.Once
}

// newTap binds a socket to a free port of 127.0.0.1.
func newTap(owner string, wire *wiretap) (*tap, error) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	stampArrivals(conn)
	return &tap{UDPConn: conn, owner: owner, wire: wire, oob: make([]byte, 128), ready: make(chan struct{})}, nil
}

func (t *tap) addr() netip.AddrPort {
	addr, ok := t.LocalAddr().(*net.UDPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	return unmapped(addr.AddrPort())
}

// ReadFrom reads one datagram and records it. One goroutine may read.
func (t *tap) ReadFrom(b []byte) (int, net.Addr, error) {
	t.once.Do(func() { close(t.ready) })
	n, oobn, _, from, err := t.ReadMsgUDPAddrPort(b, t.oob)
	if err != nil {
		return n, nil, err
	}
	at, ok := arrival(t.oob[:oobn])
	if !ok {
		at = wallClock()
	}
	if at.Before(t.last) { // the kernel begins to stamp a moment after it was asked to
		at = t.last
	}
	t.last = at
	t.wire.record(datagram{at: at, owner: t.owner, remote: unmapped(from), bytes: append([]byte(nil), b[:n]...)})
	return n, net.UDPAddrFromAddrPort(from), nil
}

// WriteTo records a datagram and sends it.
func (t *tap) WriteTo(b []byte, to net.Addr) (int, error) {
	addr, ok := to.(*net.UDPAddr)
	if !ok {
		return 0, net.InvalidAddrError(to.String() + " is no UDP address")
	}
	remote := unmapped(addr.AddrPort())
	t.wire.record(datagram{at: wallClock(), owner: t.owner, out: true, remote: remote, bytes: append([]byte(nil), b...)})
	return t.WriteToUDPAddrPort(b, remote)
}

// wallClock is what the kernel stamps datagrams with.
func wallClock() time.Time { return time.Now().Round(0) }

func unmapped(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}
