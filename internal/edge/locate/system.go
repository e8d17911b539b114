package locate

import (
	"io"
	"net/netip"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/miekg/dns"
)

const (
	recheck   = 5 * time.Second // how often the files of the system are looked at
	maxFile   = 1 << 20         // bytes of one that are read
	maxSearch = 6               // domains, as in libc
)

// settings say how to ask for names. They are not changed once they are made.
type settings struct {
	servers []netip.AddrPort
	search  []string // canonical
	ndots   int
	hosts   map[string][]netip.Addr
}

// candidate returns the name that is tried as number i in place of a host: with
// ndots dots or more first the name itself, otherwise first in the domains of the
// search list (resolv.conf(5)). A name with a dot at its end is tried as it is.
func (s *settings) candidate(host string, i int) (string, bool) {
	name := canonical(host)
	if len(s.search) == 0 || strings.HasSuffix(host, ".") || s.isLocal(name) {
		return name, i == 0
	}
	if i > len(s.search) {
		return "", false
	}
	itself := len(s.search)
	if strings.Count(name, ".") >= s.ndots {
		itself = 0
	}
	if i == itself {
		return name, true
	}
	if itself == 0 {
		i--
	}
	return name + "." + s.search[i], true
}

// system reads the settings of the machine, and again when they change.
type system struct {
	resolvConf, hosts string // paths

	mu      sync.Mutex
	stamps  [2]stamp
	checked atomic.Int64 // Unix nanoseconds
	current atomic.Pointer[settings]
}

// stamp tells one version of a file from another.
type stamp struct {
	modified time.Time
	size     int64
}

func newSystem(resolvConf, hosts string, now time.Time) *system {
	s := &system{resolvConf: resolvConf, hosts: hosts}
	s.checked.Store(now.UnixNano())
	s.stamps = s.look()
	s.current.Store(s.load())
	return s
}

// settings returns those that hold. It looks at the files at most every 5 s, and
// nobody waits while another does.
func (s *system) settings(now time.Time) *settings {
	if now.UnixNano()-s.checked.Load() >= int64(recheck) && s.mu.TryLock() {
		defer s.mu.Unlock()
		s.checked.Store(now.UnixNano())
		if stamps := s.look(); stamps != s.stamps {
			s.stamps = stamps
			s.current.Store(s.load())
		}
	}
	return s.current.Load()
}

func (s *system) look() (stamps [2]stamp) {
	for i, path := range [...]string{s.resolvConf, s.hosts} {
		if info, err := os.Stat(path); err == nil {
			stamps[i] = stamp{info.ModTime(), info.Size()}
		}
	}
	return stamps
}

// load reads both files. What is not there or makes no sense is left out, as
// libc does; without a name server there is one on this machine.
func (s *system) load() *settings {
	loaded := &settings{ndots: 1}
	withFile(s.hosts, func(file io.Reader) { loaded.hosts = readHosts(file) })
	withFile(s.resolvConf, func(file io.Reader) {
		conf, err := dns.ClientConfigFromReader(file)
		if err != nil {
			return
		}
		loaded.ndots = conf.Ndots
		for _, text := range conf.Servers {
			if addr, err := netip.ParseAddr(text); err == nil && len(loaded.servers) < maxServers {
				loaded.servers = append(loaded.servers, netip.AddrPortFrom(addr, 53))
			}
		}
		for _, domain := range conf.Search {
			if domain = canonical(domain); validName(domain) && len(loaded.search) < maxSearch {
				loaded.search = append(loaded.search, domain)
			}
		}
	})
	if len(loaded.servers) == 0 {
		loaded.servers = []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:53")}
	}
	return loaded
}

func withFile(path string, read func(io.Reader)) {
	file, err := os.Open(path)
	if err != nil {
		return
	}
	defer func() { _ = file.Close() }()
	read(io.LimitReader(file, maxFile))
}
