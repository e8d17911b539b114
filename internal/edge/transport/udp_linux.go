package transport

import (
	"encoding/binary"
	"net"
	"net/netip"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

const oobSize = 128 // one IPv6 packet info and to spare

// setUDPOptions asks for big buffers, for the queue of ICMP errors, and on a
// wildcard for the address that each datagram came to.
func setUDPOptions(c syscall.RawConn, a netip.Addr) (err error) {
	level, recvErr, pktInfo := unix.IPPROTO_IP, unix.IP_RECVERR, unix.IP_PKTINFO
	if a.Is6() {
		level, recvErr, pktInfo = unix.IPPROTO_IPV6, unix.IPV6_RECVERR, unix.IPV6_RECVPKTINFO
	}
	ctlErr := c.Control(func(fd uintptr) {
		setBuffer(int(fd), unix.SO_RCVBUFFORCE, unix.SO_RCVBUF)
		setBuffer(int(fd), unix.SO_SNDBUFFORCE, unix.SO_SNDBUF)
		if err = unix.SetsockoptInt(int(fd), level, recvErr, 1); err == nil && a.IsUnspecified() {
			err = unix.SetsockoptInt(int(fd), level, pktInfo, 1)
		}
	})
	if ctlErr != nil {
		return ctlErr
	}
	return err
}

// setBuffer takes what it gets: beyond the system's limit only with CAP_NET_ADMIN.
func setBuffer(fd, force, plain int) {
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, force, socketBuffer) != nil {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, plain, socketBuffer)
	}
}

// destination is our address that a datagram came to, or the zero value.
func destination(oob []byte) netip.Addr {
	for len(oob) > 0 {
		h, data, rest, err := unix.ParseOneSocketControlMessage(oob)
		if err != nil {
			return netip.Addr{}
		}
		if a := packetInfo(h, data); a.IsValid() {
			return a
		}
		oob = rest
	}
	return netip.Addr{}
}

// packetInfo reads struct in_pktinfo {ifindex, spec_dst, addr} and struct
// in6_pktinfo {addr, ifindex}.
func packetInfo(h unix.Cmsghdr, data []byte) netip.Addr {
	switch {
	case h.Level == unix.IPPROTO_IP && h.Type == unix.IP_PKTINFO && len(data) >= unix.SizeofInet4Pktinfo:
		if local := netip.AddrFrom4([4]byte(data[4:8])); !local.IsUnspecified() {
			return local
		}
		return netip.AddrFrom4([4]byte(data[8:12]))
	case h.Level == unix.IPPROTO_IPV6 && h.Type == unix.IPV6_PKTINFO && len(data) >= unix.SizeofInet6Pktinfo:
		a := netip.AddrFrom16([16]byte(data[:16]))
		if a.IsLinkLocalUnicast() {
			a = a.WithZone(zoneName(binary.NativeEndian.Uint32(data[16:20])))
		}
		return a
	default:
		return netip.Addr{}
	}
}

func zoneName(index uint32) string {
	if i, err := net.InterfaceByIndex(int(index)); err == nil {
		return i.Name
	}
	return strconv.Itoa(int(index))
}

// zoneIndex is the index of an interface; only link-local addresses have a zone.
func zoneIndex(zone string) uint32 {
	if zone == "" {
		return 0
	}
	if n, err := strconv.ParseUint(zone, 10, 32); err == nil {
		return uint32(n)
	}
	if i, err := net.InterfaceByName(zone); err == nil {
		return uint32(i.Index)
	}
	return 0
}
