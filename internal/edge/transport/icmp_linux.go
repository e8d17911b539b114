package transport

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	errorOOBSize = 512

	icmp4Unreachable, icmp4FragmentationNeeded, icmp4Parameter = 3, 4, 12
	icmp6Unreachable, icmp6Parameter                           = 1, 4
)

// readError takes one entry from the error queue: the datagram's head into buf.
// It returns an error when the queue is empty.
func (u *udpSocket) readError(buf []byte) (n int, e undelivered, err error) {
	var (
		oob  [errorOOBSize]byte
		oobn int
		to   unix.Sockaddr
	)
	ctlErr := u.raw.Control(func(fd uintptr) {
		n, oobn, _, to, err = unix.Recvmsg(int(fd), buf, oob[:], unix.MSG_ERRQUEUE|unix.MSG_DONTWAIT)
	})
	if ctlErr != nil || err != nil {
		return 0, e, ErrClosed
	}
	e.remote = sockaddr(to)
	for rest := oob[:oobn]; len(rest) > 0; {
		h, data, next, err := unix.ParseOneSocketControlMessage(rest)
		if err != nil {
			break
		}
		if a := packetInfo(h, data); a.IsValid() {
			e.local = a
		} else if icmp := icmpError(h, data); icmp != nil {
			e.err = icmp
		}
		rest = next
	}
	return n, e, nil
}

// sockaddr is an address in the form that package net gives it.
func sockaddr(sa unix.Sockaddr) netip.AddrPort {
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port))
	case *unix.SockaddrInet6:
		a := netip.AddrFrom16(sa.Addr)
		if sa.ZoneId != 0 {
			a = a.WithZone(zoneName(sa.ZoneId))
		}
		return netip.AddrPortFrom(a, uint16(sa.Port))
	default:
		return netip.AddrPort{}
	}
}

// icmpError reads struct sock_extended_err {errno, origin, type, code, ...}. RFC
// 3261 section 18.4 takes unreachable and parameter problem for errors, and
// wants the others ignored; "fragmentation needed" cures itself.
func icmpError(h unix.Cmsghdr, data []byte) error {
	isV4 := h.Level == unix.IPPROTO_IP && h.Type == unix.IP_RECVERR
	isV6 := h.Level == unix.IPPROTO_IPV6 && h.Type == unix.IPV6_RECVERR
	if !isV4 && !isV6 || len(data) < 7 {
		return nil
	}
	errno, origin, kind, code := syscall.Errno(binary.NativeEndian.Uint32(data)), data[4], data[5], data[6]
	switch {
	case origin == unix.SO_EE_ORIGIN_ICMP &&
		(kind == icmp4Unreachable && code != icmp4FragmentationNeeded || kind == icmp4Parameter),
		origin == unix.SO_EE_ORIGIN_ICMP6 && (kind == icmp6Unreachable || kind == icmp6Parameter):
		return fmt.Errorf("ICMP type %d code %d: %w", kind, code, errno)
	default:
		return nil
	}
}
