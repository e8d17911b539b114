package interop

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"github.com/redirectd/redirectd/internal/proctest"
	"github.com/redirectd/redirectd/internal/siptest"
)

// proxyValues fill the template of a proxy's configuration.
type proxyValues struct {
	Routes  []proxyRoute
	NextHop string // where everything goes, with the Request-URI as it is
	Strict  bool   // its Record-Route has no ;lr

	Addr, TLS   netip.AddrPort
	CA          string // empty: no TLS
	Certificate siptest.Pair
}

// proxyRoute is where a proxy sends a user part: to all of the URIs at once.
type proxyRoute struct {
	User string
	URIs []string
}

func startProxy(t *testing.T, ca *siptest.CA, v proxyValues) *kamailio {
	t.Helper()
	v.Addr = proctest.FreePair(t)
	v.TLS = next(v.Addr)
	if ca != nil {
		v.CA, v.Certificate = ca.File, ca.Issue("127.0.0.1")
	}
	return startKamailio(t, "testdata/proxy.cfg", v.Addr, v)
}

// uri is a user at a proxy.
func (k *kamailio) uri(user, transport string) string {
	addr := k.addr
	if transport == "tls" {
		addr = next(addr)
	}
	return fmt.Sprintf("sip:%s@%v;transport=%s", user, addr, transport)
}

// surround puts a Kamailio on either side of the edge, which stay in the dialogs:
// alice's calls come to the edge through the first, one for each transport, and
// the second, proxies[0], is the target of every redirect. What is called "carol"
// there is reached by UDP, "bob" by the transport named, and "both" is the two at
// once.
func (p *phones) surround(t *testing.T, strict bool, toBob string, transports ...string) (proxies []*kamailio) {
	t.Helper()
	p.proxies = 3
	p.bob = p.phone(t, phoneValues{Name: "bob"})
	p.carol = p.phone(t, phoneValues{Name: "carol", Manual: true, MaxCalls: 1})
	bob, carol := p.bob.uri(toBob), p.carol.uri("udp")
	target := startProxy(t, p.ca, proxyValues{Strict: strict, Routes: []proxyRoute{
		{"bob", []string{bob}}, {"carol", []string{carol}}, {"both", []string{carol, bob}},
	}})
	rs := proctest.FreeAddr(t)
	p.rs = startRedirectServer(t, rs, proxiedAnswers(target, transports))
	p.e = startEdge(t, append(p.flags, "--next-hop", "sip:"+rs.String())...)
	proxies = []*kamailio{target}
	first := map[string]netip.AddrPort{}
	for _, transport := range transports {
		hop := fmt.Sprintf("sip:%v;transport=%s", p.e.addr(transport), transport)
		k := startProxy(t, p.ca, proxyValues{Strict: strict, NextHop: hop})
		first[transport], proxies = k.addr, append(proxies, k)
		if transport == "tls" {
			first[transport] = next(k.addr)
		}
	}
	p.front = func(transport string) netip.AddrPort { return first[transport] }
	p.alice = p.phone(t, phoneValues{Name: "alice"})
	return proxies
}

func proxiedAnswers(target *kamailio, transports []string) (answers []answer) {
	for _, transport := range transports {
		contact := func(user string) string { return "<" + target.uri(user, transport) + ">" }
		answers = append(answers,
			answer{"to-" + transport, 302, "Moved Temporarily", []string{contact("bob")}},
			answer{"try-" + transport, 300, "Multiple Choices", []string{contact("bob") + ";q=0.1", contact("carol") + ";q=0.9"}},
			answer{"both-" + transport, 302, "Moved Temporarily", []string{contact("both")}})
	}
	return answers
}

var proxyLine = regexp.MustCompile(`(?m)(request|reply) \S+ .*call-id=.*$`)

// expectQuiet checks what a proxy got in all calls: nothing that belonged to no
// transaction or dialog of its own, and nothing more than once repeated, as a
// busy machine may make anybody do.
func (k *kamailio) expectQuiet(t *testing.T) {
	t.Helper()
	log := k.out.String()
	for line := range strings.Lines(log) {
		if strings.Contains(line, " stray ") {
			t.Errorf("Kamailio at %v got a %s", k.addr, line)
		}
	}
	times := map[string]int{}
	for _, line := range proxyLine.FindAllString(log, -1) {
		times[line]++
	}
	if len(times) == 0 {
		t.Errorf("Kamailio at %v got nothing", k.addr)
	}
	for line, n := range times {
		if n > 2 {
			t.Errorf("Kamailio at %v got %d times: %s", k.addr, n, line)
		}
	}
}
