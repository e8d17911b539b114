package dnstest

import (
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

const testZone = `
$ORIGIN example.com.
@          SOA   ns root 1 3600 600 86400 300
www        CNAME host
host       A     192.0.2.1
host       AAAA  2001:db8::1
_sip._udp  SRV   10 20 5060 host
`

func ask(t *testing.T, s *Server, network, name string, qtype uint16) (*dns.Msg, error) {
	t.Helper()
	c := dns.Client{Net: network, Timeout: 200 * time.Millisecond}
	m, _, err := c.ExchangeContext(t.Context(), new(dns.Msg).SetQuestion(name, qtype), s.Addr().String())
	return m, err
}

func TestServe(t *testing.T) {
	t.Parallel()
	s := Serve(t, testZone)
	for _, c := range []struct {
		name              string
		qtype             uint16
		rcode             int
		answer, ns, extra int
	}{
		{"www.example.com.", dns.TypeA, dns.RcodeSuccess, 2, 0, 0},
		{"HOST.example.com.", dns.TypeAAAA, dns.RcodeSuccess, 1, 0, 0},
		{"_sip._udp.example.com.", dns.TypeSRV, dns.RcodeSuccess, 1, 0, 2},
		{"_udp.example.com.", dns.TypeSRV, dns.RcodeSuccess, 0, 1, 0}, // an empty non-terminal
		{"host.example.com.", dns.TypeSRV, dns.RcodeSuccess, 0, 1, 0},
		{"none.example.com.", dns.TypeA, dns.RcodeNameError, 0, 1, 0},
		{"example.net.", dns.TypeA, dns.RcodeNameError, 0, 0, 0},
	} {
		for _, network := range []string{"udp", "tcp"} {
			m, err := ask(t, s, network, c.name, c.qtype)
			if err != nil || m.Rcode != c.rcode || len(m.Answer) != c.answer || len(m.Ns) != c.ns || len(m.Extra) != c.extra {
				t.Errorf("%s %s: %v\n%v", network, c.name, err, m)
			}
		}
	}
	if n := s.Count("host.example.com", dns.TypeSRV); n != 2 {
		t.Errorf("counted %d questions, want 2", n)
	}
	if n := s.Count("*", 0); n != 14 {
		t.Errorf("counted %d questions in all, want 14", n)
	}
	s.Set(t, "none.example.com. A 192.0.2.2")
	if m, err := ask(t, s, "udp", "none.example.com.", dns.TypeA); err != nil || len(m.Answer) != 1 {
		t.Errorf("after Set: %v, %v", m, err)
	}
}

func TestBehave(t *testing.T) {
	t.Parallel()
	s := Serve(t, testZone)
	for i, want := range []int{dns.RcodeServerFailure, dns.RcodeRefused, dns.RcodeSuccess} {
		b := []Behaviour{ServFail, Refused, Truncated}[i]
		s.Behave(b, "host.example.com")
		m, err := ask(t, s, "udp", "host.example.com.", dns.TypeA)
		if err != nil || m.Rcode != want || m.Truncated != (b == Truncated) || len(m.Answer) != 0 {
			t.Errorf("behaviour %d: %v, %v", b, m, err)
		}
	}
	if m, err := ask(t, s, "tcp", "host.example.com.", dns.TypeA); err != nil || len(m.Answer) != 1 {
		t.Errorf("truncated, then by TCP: %v, %v", m, err)
	}
	s.Behave(Silent, "*")
	s.Behave(Answer, "www.example.com")
	var timeout net.Error
	if m, err := ask(t, s, "udp", "none.example.com.", dns.TypeA); !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("silent: %v, %v", m, err)
	}
	if m, err := ask(t, s, "udp", "www.example.com.", dns.TypeA); err != nil || len(m.Answer) != 2 {
		t.Errorf("one name of a silent server: %v, %v", m, err)
	}
}

func TestHookAndTruncation(t *testing.T) {
	t.Parallel()
	s := Serve(t, strings.Repeat("many.example. TXT \""+strings.Repeat("x", 200)+"\"\n", 5))
	if m, err := ask(t, s, "udp", "many.example.", dns.TypeTXT); err != nil || !m.Truncated {
		t.Errorf("more than 512 bytes by UDP: %v, %v", m, err)
	}
	s.Hook(func(query *dns.Msg, network string) [][]byte {
		b, err := new(dns.Msg).SetRcode(query, dns.RcodeNotAuth).Pack()
		if err != nil || network != "tcp" {
			return nil
		}
		return [][]byte{b}
	})
	if m, err := ask(t, s, "tcp", "a.example.", dns.TypeA); err != nil || m.Rcode != dns.RcodeNotAuth {
		t.Errorf("hook: %v, %v", m, err)
	}
}
