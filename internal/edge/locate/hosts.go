package locate

import (
	"bufio"
	"fmt"
	"io"
	"net/netip"
	"strings"

	"github.com/miekg/dns"
)

var loopback = []netip.Addr{netip.IPv6Loopback(), netip.AddrFrom4([4]byte{127, 0, 0, 1})}

// readHosts reads a file such as /etc/hosts (hosts(5)).
func readHosts(file io.Reader) map[string][]netip.Addr {
	hosts := map[string][]netip.Addr{}
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		text, _, _ := strings.Cut(lines.Text(), "#")
		fields := strings.Fields(text)
		if len(fields) < 2 {
			continue
		}
		addr, err := netip.ParseAddr(fields[0])
		if err != nil {
			continue
		}
		for _, name := range fields[1:] {
			if name = canonical(name); validName(name) && len(hosts[name]) < maxAddrs {
				hosts[name] = append(hosts[name], addr.Unmap())
			}
		}
	}
	return hosts
}

// isLocal reports whether a name is not for DNS: it is in the file, or it is this
// machine (RFC 6761 section 6.3).
func (s *settings) isLocal(name string) bool {
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return true
	}
	_, ok := s.hosts[name]
	return ok
}

// local answers for a name that is not for DNS.
func (s *settings) local(q question) *answer {
	addrs, ok := s.hosts[q.name]
	if !ok {
		addrs = loopback
	}
	a := &answer{}
	for _, addr := range addrs {
		if addr.Is4() == (q.qtype == dns.TypeA) {
			a.addrs = append(a.addrs, addr)
		}
	}
	if len(a.addrs) == 0 {
		a.err = fmt.Errorf("look up %s: no such address in the hosts file: %w", q, ErrNoSuchName)
	}
	return a
}
