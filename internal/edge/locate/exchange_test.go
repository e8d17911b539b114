package locate

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/redirectd/redirectd/internal/edge/locate/dnstest"
)

const oneAddress = "a.example. A 192.0.2.1"

// TestNextServer: when one server does not answer, for whatever reason, the next
// one is asked, and that one first from then on.
func TestNextServer(t *testing.T) {
	t.Parallel()
	for name, b := range map[string]dnstest.Behaviour{
		"silent": dnstest.Silent, "servfail": dnstest.ServFail, "refused": dnstest.Refused,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first, second := dnstest.Serve(t, ""), dnstest.Serve(t, oneAddress+"\nb.example. A 192.0.2.2")
			first.Behave(b, "*")
			r, _ := resolving(t, Config{Usable: ipv4Only, Timeout: 2 * time.Second}, first, second)
			if got := lookUp(t, r, "sip:a.example:5060"); got != "udp 192.0.2.1:5060" {
				t.Errorf("got %s", got)
			}
			if got := lookUp(t, r, "sip:b.example:5060"); got != "udp 192.0.2.2:5060" || first.Count("*", 0) != 1 {
				t.Errorf("got %s, after %d questions to a server that does not answer", got, first.Count("*", 0))
			}
		})
	}
}

// TestNXDOMAINIsAnAnswer: it is not asked for elsewhere.
func TestNXDOMAINIsAnAnswer(t *testing.T) {
	t.Parallel()
	first, second := dnstest.Serve(t, ""), dnstest.Serve(t, oneAddress)
	r, _ := resolving(t, Config{Usable: ipv4Only}, first, second)
	if err := lookUpError(t, r, "sip:a.example:5060"); !errors.Is(err, ErrNoSuchName) || second.Count("*", 0) != 0 {
		t.Errorf("%v, after %d questions to the second", err, second.Count("*", 0))
	}
}

// TestNoServer: the errors say which servers there were and what they did.
func TestNoServer(t *testing.T) {
	t.Parallel()
	silent, failing := dnstest.Serve(t, ""), dnstest.Serve(t, "")
	silent.Behave(dnstest.Silent, "*")
	failing.Behave(dnstest.ServFail, "*")
	closed, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := closed.LocalAddr().(*net.UDPAddr).AddrPort()
	_ = closed.Close()
	for _, c := range []struct {
		server  netip.AddrPort
		want    string
		timeout bool
	}{
		{silent.Addr(), "look up a.example A: no answer from [" + silent.Addr().String() + "]", true},
		{failing.Addr(), "look up a.example A: SERVFAIL from " + failing.Addr().String(), false},
		{nobody, "connection refused", false},
	} {
		r, _ := resolving(t, Config{Usable: ipv4Only, Timeout: 400 * time.Millisecond, Servers: []netip.AddrPort{c.server}})
		start := time.Now()
		err := lookUpError(t, r, "sip:a.example:5060")
		if !strings.Contains(err.Error(), c.want) || errors.Is(err, context.DeadlineExceeded) != c.timeout || errors.Is(err, ErrNoSuchName) {
			t.Errorf("got %v, want %s", err, c.want)
		}
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("%v took %s", err, took)
		}
	}
	if n := silent.Count("*", 0); n < 2 {
		t.Errorf("a lost question is repeated: asked %d times", n)
	}
}

// TestRefusalIsFinal: a server that said that it does not answer is not asked
// again while others are silent, and is what people are told of.
func TestRefusalIsFinal(t *testing.T) {
	t.Parallel()
	silent, failing := dnstest.Serve(t, ""), dnstest.Serve(t, "")
	silent.Behave(dnstest.Silent, "*")
	failing.Behave(dnstest.ServFail, "*")
	r, _ := resolving(t, Config{Usable: ipv4Only, Timeout: 250 * time.Millisecond}, failing, silent)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, _, err := r.exchange(ctx, question{name: "a.example", qtype: dns.TypeA})
	if err == nil || !strings.Contains(err.Error(), "SERVFAIL from "+failing.Addr().String()) {
		t.Errorf("got %v", err)
	}
	if f, n := failing.Count("*", 0), silent.Count("*", 0); f != 1 || n != rounds {
		t.Errorf("the one that failed was asked %d times, the silent one %d times; want 1 and %d", f, n, rounds)
	}
}

// TestWithinTimeout: a lookup of many steps ends in time when each of them hangs.
func TestWithinTimeout(t *testing.T) {
	t.Parallel()
	server := dnstest.Serve(t, "")
	server.Behave(dnstest.Silent, "*")
	r, _ := resolving(t, Config{Timeout: 300 * time.Millisecond}, server)
	start := time.Now()
	err := lookUpError(t, r, "sip:a.example")
	if took := time.Since(start); !errors.Is(err, context.DeadlineExceeded) || took > 2*time.Second {
		t.Errorf("%v after %s", err, took)
	}
}

// TestPartial: a family, or a target, that nobody answers for does not stop a
// call that has somewhere to go.
func TestPartial(t *testing.T) {
	t.Parallel()
	server := dnstest.Serve(t, `
a.example.         A   192.0.2.1
_sip._tcp.example. SRV 0 0 5060 a.example.
_sip._tcp.example. SRV 1 0 5060 mute.example.
_sip._tcp.example. SRV 2 0 5060 broken.example.
`)
	server.Behave(dnstest.Silent, "mute.example")
	server.Behave(dnstest.ServFail, "broken.example")
	r, _ := resolving(t, Config{Timeout: 2 * time.Second}, server)
	start := time.Now()
	if got := lookUp(t, r, "sip:example;transport=tcp"); got != "tcp 192.0.2.1:5060" {
		t.Errorf("got %s", got)
	}
	if took := time.Since(start); took > 900*time.Millisecond {
		t.Errorf("took %s, want a quarter of 2 s", took)
	}
}

// TestNAPTRSilence: servers that drop questions for NAPTR cost half of the time,
// once.
func TestNAPTRSilence(t *testing.T) {
	t.Parallel()
	server := dnstest.Serve(t, "")
	server.Hook(func(query *dns.Msg, _ string) [][]byte {
		if query.Question[0].Qtype == dns.TypeNAPTR {
			return nil
		}
		return [][]byte{reply(t, query, query.Question[0].Name+" A 192.0.2.1", func(*dns.Msg) {})}
	})
	r, _ := resolving(t, Config{Usable: ipv4Only, Timeout: time.Second}, server)
	for range 2 {
		if got := lookUp(t, r, "sip:a.example"); got != "udp 192.0.2.1:5060" {
			t.Errorf("got %s", got)
		}
	}
	if n := server.Count("a.example", dns.TypeNAPTR); n > 3 {
		t.Errorf("asked %d times for NAPTR", n)
	}
}

// TestNAPTRUnavailable: servers that know no NAPTR are no reason not to call;
// SRV that cannot be had is.
func TestNAPTRUnavailable(t *testing.T) {
	t.Parallel()
	server := dnstest.Serve(t, oneAddress)
	server.Hook(func(query *dns.Msg, _ string) [][]byte {
		m := new(dns.Msg).SetReply(query)
		switch q := query.Question[0]; {
		case q.Qtype == dns.TypeNAPTR, q.Name == "_sip._udp.b.example.":
			m.Rcode = dns.RcodeNotImplemented
		case q.Qtype == dns.TypeA:
			m.Answer = records(t, q.Name+" A 192.0.2.1")
		}
		return [][]byte{pack(t, m)}
	})
	r, _ := resolving(t, Config{}, server)
	if got := lookUp(t, r, "sip:a.example"); got != "udp 192.0.2.1:5060" {
		t.Errorf("got %s", got)
	}
	if err := lookUpError(t, r, "sip:b.example"); !strings.Contains(err.Error(), "_sip._udp.b.example SRV: NOTIMP") {
		t.Errorf("got %v", err)
	}
}

func TestTruncatedAndNoEDNS(t *testing.T) {
	t.Parallel()
	for _, b := range []dnstest.Behaviour{dnstest.Truncated, dnstest.NoEDNS} {
		server := dnstest.Serve(t, oneAddress)
		server.Behave(b, "*")
		r, _ := resolving(t, Config{Usable: ipv4Only}, server)
		if got := lookUp(t, r, "sip:a.example:5060"); got != "udp 192.0.2.1:5060" || server.Count("*", 0) != 2 {
			t.Errorf("behaviour %d: got %s after %d questions, want 2", b, got, server.Count("*", 0))
		}
	}
}

// TestQueries: each question comes from a port of its own, with an ID of its own,
// and says how much it can take.
func TestQueries(t *testing.T) {
	t.Parallel()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	server := conn.LocalAddr().(*net.UDPAddr).AddrPort()
	r, _ := resolving(t, Config{Usable: ipv4Only, Servers: []netip.AddrPort{server}})
	ports, ids := map[string]bool{}, map[uint16]bool{}
	b := make([]byte, 1500)
	const names = 8
	for i := range names {
		go func() { _, _ = r.Lookup(t.Context(), parse(t, "sip:"+string(rune('a'+i))+".example:5060")) }()
		_ = conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		n, from, err := conn.ReadFrom(b)
		if err != nil {
			t.Fatal(err)
		}
		var query dns.Msg
		if err := query.Unpack(b[:n]); err != nil || query.IsEdns0() == nil || query.IsEdns0().UDPSize() != payloadSize || !query.RecursionDesired {
			t.Errorf("query: %v\n%v", err, &query)
		}
		ports[from.String()], ids[query.Id] = true, true
	}
	if len(ports) != names || len(ids) < names-1 {
		t.Errorf("%d ports and %d IDs for %d questions", len(ports), len(ids), names)
	}
}
