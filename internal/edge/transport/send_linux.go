package transport

import (
	"errors"
	"fmt"
	"net/netip"
	"sync"

	"golang.org/x/sys/unix"
)

// sender holds the system calls that are not in flight, so that sending
// allocates nothing.
type sender struct{ idle sync.Pool }

// sending is one system call. It is ours and not package net's because that
// one waits when the kernel has no room.
type sending struct {
	call func(fd uintptr) bool
	b    []byte
	err  error

	to  unix.Sockaddr
	to4 unix.SockaddrInet4
	to6 unix.SockaddrInet6

	from netip.Addr // what control says; changes rarely
	oob  []byte
}

func (u *udpSocket) write(f Flow, b []byte) error {
	op, _ := u.sender.idle.Get().(*sending)
	if op == nil {
		op = &sending{}
		op.call = op.sendmsg
	}
	defer u.sender.idle.Put(op)
	op.b, op.err = b, nil
	op.setTarget(f.Remote)
	if u.wildcard {
		op.setSource(f.Local.Addr())
	}
	if err := u.raw.Write(op.call); err != nil {
		return ErrClosed
	}
	op.b = nil
	return op.err
}

func (op *sending) sendmsg(fd uintptr) bool {
	for {
		_, err := unix.SendmsgN(int(fd), op.b, op.oob, op.to, 0)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err == nil, errors.Is(err, unix.EAGAIN), errors.Is(err, unix.ENOBUFS):
			return true // no room: lost, as a datagram may be
		default:
			op.err = fmt.Errorf("send datagram of %d bytes: %w", len(op.b), err)
			return true
		}
	}
}

func (op *sending) setTarget(remote netip.AddrPort) {
	if a := remote.Addr(); a.Is4() {
		op.to4.Port, op.to4.Addr = int(remote.Port()), a.As4()
		op.to = &op.to4
	} else {
		op.to6.Port, op.to6.Addr, op.to6.ZoneId = int(remote.Port()), a.As16(), zoneIndex(a.Zone())
		op.to = &op.to6
	}
}

// setSource makes the datagram leave from local (RFC 3581 section 4).
func (op *sending) setSource(local netip.Addr) {
	if op.from == local {
		return
	}
	op.from = local
	if local.Is4() {
		op.oob = unix.PktInfo4(&unix.Inet4Pktinfo{Spec_dst: local.As4()})
	} else {
		op.oob = unix.PktInfo6(&unix.Inet6Pktinfo{Addr: local.As16(), Ifindex: zoneIndex(local.Zone())})
	}
}
