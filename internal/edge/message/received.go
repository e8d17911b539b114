package message

import (
	"net/netip"
	"strconv"
	"strings"
)

// mark copies the topmost Via value of m, noting where the request came from
// (18.2.1, RFC 3581 section 4). src must be valid.
func (s *splice) mark(m *Message, src netip.AddrPort) {
	via, at := &m.via, &m.viaAt
	addr := src.Addr().Unmap().WithZone("")
	if m.readable&readVia == 0 {
		return
	}
	hasReceived := at.received.end != 0
	if hasReceived && at.received.start < at.rport.start {
		s.received(at.received, addr)
	}
	if via.HasRPort {
		s.drop(at.rport.start, at.rport.end)
		s.dst = append(s.dst, ";rport="...)
		s.dst = strconv.AppendUint(s.dst, uint64(src.Port()), 10)
	}
	switch {
	case hasReceived && at.received.start > at.rport.start:
		s.received(at.received, addr)
	case !hasReceived && (via.HasRPort || !sameHost(via.Host, addr)):
		s.received(span{at.end, at.end}, addr)
	}
}

func (s *splice) received(at span, addr netip.Addr) {
	s.drop(at.start, at.end)
	s.dst = append(s.dst, ";received="...)
	s.dst = addr.AppendTo(s.dst)
}

// sameHost reports whether the host of a sent-by is the address; a name never
// is (18.2.1).
func sameHost(host string, addr netip.Addr) bool {
	if strings.IndexByte(host, ':') < 0 && (host == "" || host[0] < '0' || host[0] > '9') {
		return false
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap() == addr
}
