package transport

import (
	"net/netip"
	"unsafe"

	"golang.org/x/sys/unix"
)

// batchSize is how many datagrams one system call brings at most.
const batchSize = 16

// mmsghdr is struct mmsghdr of recvmmsg(2).
type mmsghdr struct {
	hdr unix.Msghdr
	n   uint32
}

// receiving takes all datagrams that are there by one system call, in the order
// that they came. The kernel writes where msgs points to: into the other arrays.
type receiving struct {
	u     *udpSocket
	call  func(fd uintptr) bool
	n     int
	errno unix.Errno

	msgs  [batchSize]mmsghdr
	iovs  [batchSize]unix.Iovec
	names [batchSize]unix.RawSockaddrInet6 // the longer one of both families
	oobs  [batchSize][oobSize]byte
	bufs  [batchSize][datagramSize]byte
}

func (u *udpSocket) newReceiving() *receiving {
	r := &receiving{u: u}
	r.call = r.recvmmsg
	for i := range r.msgs {
		r.iovs[i].Base = &r.bufs[i][0]
		r.iovs[i].SetLen(datagramSize)
		h := &r.msgs[i].hdr
		h.Name, h.Iov = (*byte)(unsafe.Pointer(&r.names[i])), &r.iovs[i]
		h.SetIovlen(1)
		if u.wildcard {
			h.Control = &r.oobs[i][0]
		}
	}
	return r
}

// wait returns how many datagrams have come, at least one.
func (r *receiving) wait() (int, error) {
	if err := r.u.raw.Read(r.call); err != nil {
		return 0, err
	}
	if r.errno != 0 {
		return 0, r.errno
	}
	return r.n, nil
}

// recvmmsg reports whether there was anything to take. It never waits, so the
// scheduler need not know of it: telling it costs more, and makes it look after a
// call that takes a while on a busy machine, every 20 us.
func (r *receiving) recvmmsg(fd uintptr) bool {
	for i := range r.msgs { // what was there before was overwritten
		h := &r.msgs[i].hdr
		h.Namelen = unix.SizeofSockaddrInet6
		if h.Control != nil {
			h.SetControllen(oobSize)
		}
	}
	for {
		n, _, errno := unix.RawSyscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(&r.msgs)), batchSize, unix.MSG_DONTWAIT, 0, 0)
		switch errno {
		case unix.EINTR:
			continue
		case unix.EAGAIN:
			return false
		}
		r.n, r.errno = int(n), errno
		return true
	}
}

// datagram returns the i-th of those that have come; it is valid until wait.
func (r *receiving) datagram(i int) []byte { return r.bufs[i][:r.msgs[i].n] }

// scratch is room for something else between two calls of wait.
func (r *receiving) scratch() []byte { return r.bufs[0][:] }

// remote is where the i-th came from.
func (r *receiving) remote(i int) netip.AddrPort {
	sa := &r.names[i]
	if sa.Family == unix.AF_INET {
		v4 := (*unix.RawSockaddrInet4)(unsafe.Pointer(sa))
		return netip.AddrPortFrom(netip.AddrFrom4(v4.Addr), networkOrder(v4.Port))
	}
	a := netip.AddrFrom16(sa.Addr)
	if sa.Scope_id != 0 {
		a = a.WithZone(zoneName(sa.Scope_id))
	}
	return netip.AddrPortFrom(a, networkOrder(sa.Port))
}

// local is our address that the i-th came to; invalid if the kernel was not asked.
func (r *receiving) local(i int) netip.Addr {
	if !r.u.wildcard {
		return netip.Addr{}
	}
	return destination(r.oobs[i][:r.msgs[i].hdr.Controllen])
}
