package interop

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"testing"
)

// proxyValues fill the template of a proxy's configuration.
type proxyValues struct {
	Addr    netip.AddrPort
	Routes  []proxyRoute
	NextHop string // where everything goes, with the Request-URI as it is
	Strict  bool   // its Record-Route has no ;lr
}

// proxyRoute is where a proxy sends a user part: to all of the URIs at once.
type proxyRoute struct {
	User string
	URIs []string
}

func startProxy(t *testing.T, v proxyValues) *kamailio {
	t.Helper()
	return startKamailio(t, "testdata/proxy.cfg", v.Addr, v)
}

// newProxiedPhones puts a Kamailio on either side of the edge: alice's calls come
// to the edge through the first, one for each transport, and the second is the
// target of every redirect. Each stays in the dialogs, as a strict router if told
// so. What is called "carol" there is reached by UDP, "bob" by TCP unless the
// routers are strict, and "both" is the two at once.
func newProxiedPhones(t *testing.T, strict bool) (p *phones, proxies []*kamailio) {
	t.Helper()
	bob := startPhone(t, phoneValues{Name: "bob"})
	carol := startPhone(t, phoneValues{Name: "carol", Manual: true, MaxCalls: 1})
	toBob, toCarol := bob.uri("tcp"), carol.uri("udp")
	if strict {
		toBob = bob.uri("udp")
	}
	target := startProxy(t, proxyValues{Addr: freeAddr(t), Strict: strict, Routes: []proxyRoute{
		{"bob", []string{toBob}},
		{"carol", []string{toCarol}},
		{"both", []string{toCarol, toBob}},
	}})
	rs := freeAddr(t)
	startRedirectServer(t, rs, proxiedAnswers(target.addr))
	e := startEdge(t, "--listen", "udp://127.0.0.1:0", "--listen", "tcp://127.0.0.1:0", "--next-hop", "sip:"+rs.String())
	proxies = []*kamailio{target}
	first := map[string]netip.AddrPort{}
	for _, transport := range []string{"udp", "tcp"} {
		hop := fmt.Sprintf("sip:%v;transport=%s", e.addr(transport), transport)
		k := startProxy(t, proxyValues{Addr: freeAddr(t), Strict: strict, NextHop: hop})
		first[transport], proxies = k.addr, append(proxies, k)
	}
	p = &phones{e: e, proxies: 3, bob: bob, carol: carol, alice: startPhone(t, phoneValues{Name: "alice"})}
	p.front = func(transport string) netip.AddrPort { return first[transport] }
	return p, proxies
}

func proxiedAnswers(target netip.AddrPort) (answers []answer) {
	for _, transport := range []string{"udp", "tcp"} {
		contact := func(user string) string { return fmt.Sprintf("<sip:%s@%v;transport=%s>", user, target, transport) }
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
