package transport

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// sender holds the system calls that are not in flight, so that sending
// allocates nothing.
type sender struct{ idle sync.Pool }

// sending is one system call. It is ours and not package net's because that
// one waits when the kernel has no room.
type sending struct {
	call func(fd uintptr) bool
	err  error

	hdr unix.Msghdr
	iov unix.Iovec
	to4 unix.RawSockaddrInet4
	to6 unix.RawSockaddrInet6

	from netip.Addr // what oob says; changes rarely
	oob  []byte
}

func newSending() *sending {
	op := &sending{}
	op.call = op.sendmsg
	op.hdr.Iov = &op.iov
	op.hdr.SetIovlen(1)
	return op
}

func (u *udpSocket) write(f Flow, b []byte) error {
	op, _ := u.sender.idle.Get().(*sending)
	if op == nil {
		op = newSending()
	}
	defer u.sender.idle.Put(op)
	op.err = nil
	op.iov.Base = unsafe.SliceData(b)
	op.iov.SetLen(len(b))
	op.setTarget(f.Remote)
	if u.wildcard {
		op.setSource(f.Local.Addr())
	}
	if err := u.raw.Write(op.call); err != nil {
		return ErrClosed
	}
	op.iov.Base = nil // keeps nothing of b
	return op.err
}

// sendmsg never waits; see recvmmsg.
func (op *sending) sendmsg(fd uintptr) bool {
	for {
		_, _, errno := unix.RawSyscall(unix.SYS_SENDMSG, fd, uintptr(unsafe.Pointer(&op.hdr)), unix.MSG_DONTWAIT)
		switch errno {
		case unix.EINTR:
			continue
		case 0, unix.EAGAIN, unix.ENOBUFS: // no room: lost, as a datagram may be
		default:
			op.err = fmt.Errorf("send datagram of %d bytes: %w", op.iov.Len, errno)
		}
		return true
	}
}

func (op *sending) setTarget(remote netip.AddrPort) {
	if a := remote.Addr(); a.Is4() {
		op.to4 = unix.RawSockaddrInet4{Family: unix.AF_INET, Port: networkOrder(remote.Port()), Addr: a.As4()}
		op.hdr.Name, op.hdr.Namelen = (*byte)(unsafe.Pointer(&op.to4)), unix.SizeofSockaddrInet4
	} else {
		op.to6 = unix.RawSockaddrInet6{Family: unix.AF_INET6, Port: networkOrder(remote.Port()), Addr: a.As16(), Scope_id: zoneIndex(a.Zone())}
		op.hdr.Name, op.hdr.Namelen = (*byte)(unsafe.Pointer(&op.to6)), unix.SizeofSockaddrInet6
	}
}

// networkOrder turns a port from the machine's order of bytes into the network's,
// or back.
func networkOrder(port uint16) uint16 {
	var b [2]byte
	binary.BigEndian.PutUint16(b[:], port)
	return binary.NativeEndian.Uint16(b[:])
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
	op.hdr.Control = &op.oob[0]
	op.hdr.SetControllen(len(op.oob))
}
