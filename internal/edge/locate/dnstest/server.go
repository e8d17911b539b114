// Package dnstest is a DNS server on loopback for tests: a real one, by UDP and
// TCP, that serves the text of a zone and misbehaves on request.
package dnstest

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// Behaviour is what a server does with the questions for a name.
type Behaviour uint8

// The behaviours.
const (
	// Answer from the zone; the default.
	Answer Behaviour = iota
	// Silent sends nothing.
	Silent
	// ServFail answers SERVFAIL.
	ServFail
	// Refused answers REFUSED.
	Refused
	// Truncated answers by UDP with an empty message and the TC bit, by TCP from
	// the zone.
	Truncated
	// NoEDNS answers FORMERR to a question with an OPT record, others from the
	// zone.
	NoEDNS
)

// Server is a DNS server. Its methods may be called concurrently.
type Server struct {
	addr netip.AddrPort

	mu        sync.Mutex
	zone      zone
	behaviour map[string]Behaviour
	counts    map[question]int
	hook      func(query *dns.Msg, network string) [][]byte
}

type question struct {
	name  string // in lower case, with the dot
	qtype uint16
}

// Serve starts a server on a free port of 127.0.0.1 and stops it when the test
// has ended. The zone is the text of a master file (RFC 1035 section 5) whose
// origin is the root and whose TTL is 60 s; it may hold the records of several
// zones. Names without records are NXDOMAIN; if a SOA record stands above them,
// it comes along.
func Serve(tb testing.TB, zone string) *Server {
	tb.Helper()
	packets, listener := listen(tb)
	s := &Server{
		addr:      packets.LocalAddr().(*net.UDPAddr).AddrPort(),
		behaviour: map[string]Behaviour{}, counts: map[question]int{},
	}
	s.Set(tb, zone)
	for network, d := range map[string]*dns.Server{"udp": {PacketConn: packets}, "tcp": {Listener: listener}} {
		started := make(chan struct{})
		d.NotifyStartedFunc = func() { close(started) }
		d.Handler = dns.HandlerFunc(func(w dns.ResponseWriter, query *dns.Msg) { s.serve(w, query, network) })
		ended := make(chan error, 1)
		go func() { ended <- d.ActivateAndServe() }()
		select {
		case <-started:
		case err := <-ended:
			tb.Fatalf("DNS server by %s: %v", network, err)
		case <-time.After(10 * time.Second):
			tb.Fatalf("DNS server by %s does not start", network)
		}
		tb.Cleanup(func() {
			if err := errors.Join(d.Shutdown(), <-ended); err != nil {
				tb.Errorf("DNS server by %s: %v", network, err)
			}
		})
	}
	return s
}

// listen binds one port for UDP and TCP.
func listen(tb testing.TB) (net.PacketConn, net.Listener) {
	tb.Helper()
	for range 20 {
		packets, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			tb.Fatal(err)
		}
		listener, err := net.Listen("tcp", packets.LocalAddr().String())
		if err == nil {
			return packets, listener
		}
		_ = packets.Close()
	}
	tb.Fatal("no port is free for both UDP and TCP")
	return nil, nil
}

// Addr returns the address of the server, by UDP and by TCP.
func (s *Server) Addr() netip.AddrPort { return s.addr }

// Set replaces the zone.
func (s *Server) Set(tb testing.TB, text string) {
	tb.Helper()
	z, err := parse(text)
	if err != nil {
		tb.Fatalf("zone: %v", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.zone = z
}

// Behave sets what the server does with the questions for some names of any
// type, "*" for all names that have no behaviour of their own.
func (s *Server) Behave(b Behaviour, names ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, name := range names {
		s.behaviour[dns.CanonicalName(name)] = b
	}
}

// Hook has every question answered by f, with the messages it returns as they
// are: none, one, or several by UDP. The network is "udp" or "tcp". A nil hook
// ends that. The function is called concurrently.
func (s *Server) Hook(f func(query *dns.Msg, network string) [][]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hook = f
}

// Count returns how many questions for a name came, retransmissions included,
// of one type, or of all types if it is 0; of all names if the name is "*".
func (s *Server) Count(name string, qtype uint16) int {
	name = dns.CanonicalName(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for q, count := range s.counts {
		if (name == "*." || q.name == name) && (qtype == 0 || q.qtype == qtype) {
			n += count
		}
	}
	return n
}

func (s *Server) serve(w dns.ResponseWriter, query *dns.Msg, network string) {
	if len(query.Question) != 1 {
		return
	}
	name := strings.ToLower(query.Question[0].Name)
	s.mu.Lock()
	s.counts[question{name, query.Question[0].Qtype}]++
	b, ok := s.behaviour[name]
	if !ok {
		b = s.behaviour["*."]
	}
	z, hook := s.zone, s.hook
	s.mu.Unlock()
	if hook != nil {
		for _, m := range hook(query, network) {
			_, _ = w.Write(m)
		}
		return
	}
	if m := reply(z, query, b, network); m != nil {
		_ = w.WriteMsg(m)
	}
}

// reply returns the answer to a question, nil for none.
func reply(z zone, query *dns.Msg, b Behaviour, network string) *dns.Msg {
	m := new(dns.Msg)
	opt := query.IsEdns0()
	switch {
	case b == Silent:
		return nil
	case b == ServFail:
		return m.SetRcode(query, dns.RcodeServerFailure)
	case b == Refused:
		return m.SetRcode(query, dns.RcodeRefused)
	case b == NoEDNS && opt != nil:
		return m.SetRcode(query, dns.RcodeFormatError)
	case b == Truncated && network == "udp":
		m.SetReply(query)
		m.Truncated = true
		return m
	}
	z.answer(m.SetReply(query))
	size := dns.MaxMsgSize
	if network == "udp" {
		size = dns.MinMsgSize
		if opt != nil {
			size = int(opt.UDPSize())
		}
	}
	if opt != nil {
		m.SetEdns0(dns.DefaultMsgSize, false)
	}
	m.Truncate(size)
	return m
}
