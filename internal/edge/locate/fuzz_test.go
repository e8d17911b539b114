package locate

import (
	"net/netip"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// FuzzAnswer: whatever a server sends, reading it ends, and what is kept of it is
// bounded and fit to be used.
func FuzzAnswer(f *testing.F) {
	for _, c := range []struct {
		qtype uint16
		text  string
	}{
		{dns.TypeA, "a.example. CNAME b.example.\nb.example. A 192.0.2.1"},
		{dns.TypeAAAA, "a.example. AAAA 2001:db8::1"},
		{dns.TypeSRV, "a.example. SRV 1 2 5060 b.example.\na.example. SRV 0 0 0 ."},
		{dns.TypeNAPTR, `a.example. NAPTR 1 2 "s" "SIP+D2U" "" _sip._udp.example.`},
	} {
		query := new(dns.Msg).SetQuestion("a.example.", c.qtype)
		query.Id = 0
		f.Add(c.qtype, reply(f, query, c.text, func(m *dns.Msg) {
			m.Ns = records(f, "example. SOA a.example. b.example. 1 2 3 4 5")
			m.Extra = records(f, "b.example. A 192.0.2.2")
		}))
	}
	server := netip.MustParseAddrPort("192.0.2.53:53")
	f.Fuzz(func(t *testing.T, qtype uint16, b []byte) {
		q := question{name: "a.example", qtype: qtype}
		query := new(dns.Msg).SetQuestion("a.example.", qtype)
		query.Id = 0
		m, err := check(query, b)
		if err != nil {
			return
		}
		now := time.Unix(0, 0)
		a, alias := read(q, m, server, now)
		if (a == nil) != (alias != "") {
			t.Fatalf("answer %v and alias %q", a, alias)
		}
		if a == nil {
			if !validName(alias) || alias == q.name {
				t.Fatalf("alias %q", alias)
			}
			return
		}
		checkAnswer(t, a, now)
	})
}

func checkAnswer(t *testing.T, a *answer, now time.Time) {
	t.Helper()
	if ttl := a.expires.Sub(now); ttl < minTTL || ttl > maxTTL || a.err != nil && ttl > maxTTL {
		t.Errorf("kept for %s", ttl)
	}
	if n := len(a.addrs) + len(a.srv) + len(a.naptr); (n == 0) != (a.err != nil) {
		t.Errorf("%d records, error %v", n, a.err)
	}
	if len(a.addrs) > maxAddrs || len(a.srv) > maxSRV || len(a.naptr) > maxNAPTR {
		t.Errorf("%d addresses, %d SRV, %d NAPTR records", len(a.addrs), len(a.srv), len(a.naptr))
	}
	for _, addr := range a.addrs {
		if !addr.IsValid() || addr.IsUnspecified() || addr.Is4In6() {
			t.Errorf("address %s", addr)
		}
	}
	for _, s := range a.srv {
		if s.port == 0 || !validName(s.target) {
			t.Errorf("SRV record %+v", s)
		}
	}
	for _, n := range a.naptr {
		if n.kind == 0 || !validName(n.srv.canonical()) {
			t.Errorf("NAPTR record %+v", n)
		}
	}
}
