package transport

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/redirectd/redirectd/internal/edge/message"
)

const (
	datagramSize  = 65535   // more than any UDP payload
	socketBuffer  = 8 << 20 // asked of the kernel for each direction: bursts wait there, not at the peers
	readRetryMax  = time.Second
	readRetryFrom = time.Millisecond
	sendRetries   = 64
)

// udpSocket is a bound UDP socket. It keeps nothing about its peers.
type udpSocket struct {
	set       *Set
	pc        *net.UDPConn
	raw       syscall.RawConn
	addr      netip.AddrPort
	wildcard  bool
	advertise string
	closed    atomic.Bool
	sender    sender
}

func bindUDP(s *Set, a netip.AddrPort) (*udpSocket, error) {
	u := &udpSocket{set: s, wildcard: a.Addr().IsUnspecified()}
	lc := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		return setUDPOptions(c, a.Addr())
	}}
	pc, err := lc.ListenPacket(context.Background(), network(UDP, a.Addr()), a.String())
	if err != nil {
		return nil, err
	}
	u.pc = pc.(*net.UDPConn) // what it is for udp4 and udp6
	u.addr = unmap(u.pc.LocalAddr().(*net.UDPAddr).AddrPort())
	u.raw, err = u.pc.SyscallConn()
	return u, err
}

// serve reads until the socket is closed. No other error ends it: on an
// unconnected socket an error says something about one datagram or one moment.
func (u *udpSocket) serve() {
	var (
		m     message.Message
		in    = u.newReceiving()
		pause = readRetryFrom
	)
	for {
		n, err := in.wait()
		switch {
		case err == nil:
			pause = readRetryFrom
			for i := range n {
				u.received(&m, in.datagram(i), in.remote(i), in.local(i))
			}
		case errors.Is(err, net.ErrClosed):
			return
		default:
			if u.readErrors(in.scratch()) > 0 || isPending(err) {
				continue
			}
			u.set.log.Warn("cannot read from UDP socket", "addr", u.addr.String(), "error", err, "pause", pause)
			if !u.set.pause(pause) {
				return
			}
			pause = min(2*pause, readRetryMax)
		}
	}
}

// received hands over a datagram. local is our address that it came to; only a
// wildcard needs to be told.
func (u *udpSocket) received(m *message.Message, b []byte, remote netip.AddrPort, local netip.Addr) {
	if isKeepAlive(b) {
		return
	}
	f := Flow{Kind: UDP, Local: u.addr, Remote: unmap(remote), path: u}
	switch {
	case !u.wildcard:
	case local.IsValid():
		f.Local = netip.AddrPortFrom(local, u.addr.Port())
	default:
		f.Local, _ = u.localFor(f.Remote.Addr())
	}
	if f.Local.IsValid() {
		u.set.receive(f, m, b)
	}
}

// isPending reports whether err is no more than a call to look at the queue of
// ICMP errors: the kernel's, or ours by wakeReader.
func isPending(err error) bool {
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, syscall.ECONNREFUSED) ||
		errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.ENETUNREACH)
}

// isKeepAlive recognises what phones send to keep a NAT's binding open: nothing,
// line ends, or four bytes of zero.
func isKeepAlive(b []byte) bool {
	if len(b) == 4 && [4]byte(b) == [4]byte{} {
		return true
	}
	for _, c := range b {
		if c != '\r' && c != '\n' {
			return false
		}
	}
	return true
}

// localFor is the local address of datagrams to remote: on a wildcard the one that
// the route says.
func (u *udpSocket) localFor(remote netip.Addr) (netip.AddrPort, bool) {
	if !u.wildcard {
		return u.addr, true
	}
	a, ok := u.set.local.source(remote)
	return netip.AddrPortFrom(a, u.addr.Port()), ok
}

// send tries again while the kernel answers with an ICMP error that another
// datagram has caused, instead of sending: an unconnected socket has no such error
// of its own. There may be several, for each that the reader takes from the queue
// makes the next one pending.
func (u *udpSocket) send(f Flow, b []byte) error {
	err := u.write(f, b)
	if err == nil || !isPending(err) {
		return err
	}
	for tries := 0; tries < sendRetries && isPending(err); tries++ {
		err = u.write(f, b)
	}
	u.wakeReader()
	return err
}

// wakeReader makes the reader look at the error queue. The sender must not do it
// itself: it may hold a lock that the Receiver needs.
func (u *udpSocket) wakeReader() {
	_ = u.pc.SetReadDeadline(time.Unix(1, 0)) // fails only on a closed socket
}

// readErrors tells the Receiver of every ICMP error in the queue, and returns
// how many entries the queue had.
func (u *udpSocket) readErrors(buf []byte) (count int) {
	_ = u.pc.SetReadDeadline(time.Time{}) // before the queue is read: a later call of wakeReader is not lost
	for {
		n, f, err := u.readError(buf)
		if err != nil {
			return count
		}
		count++
		if f.err != nil && f.remote.IsValid() {
			flow := Flow{Kind: UDP, Local: u.addr, Remote: unmap(f.remote), path: u}
			if u.wildcard && f.local.IsValid() {
				flow.Local = netip.AddrPortFrom(f.local, u.addr.Port())
			}
			u.set.failed(flow, buf[:n], f.err)
		}
	}
}

// undelivered is an entry of the error queue. err is nil where RFC 3261 section
// 18.4 wants the error ignored.
type undelivered struct {
	local  netip.Addr
	remote netip.AddrPort
	err    error
}

func (u *udpSocket) alive() bool        { return !u.closed.Load() }
func (u *udpSocket) listener() Address  { return Address{Kind: UDP, AddrPort: u.addr} }
func (u *udpSocket) advertised() string { return u.advertise }

func (u *udpSocket) close() {
	u.closed.Store(true)
	_ = u.pc.Close()
}
