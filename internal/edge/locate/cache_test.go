package locate

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/redirectd/redirectd/internal/edge/locate/dnstest"
)

// TestLifetimes: how long each kind of answer is kept.
func TestLifetimes(t *testing.T) {
	t.Parallel()
	const zone = `
example.com.       SOA  ns.example.com. root.example.com. 1 3600 600 86400 20
example.org. 7     SOA  ns.example.com. root.example.com. 1 3600 600 86400 20
example.net. 86400 SOA  ns.example.com. root.example.com. 1 3600 600 86400 86400
$TTL 30
a.example.com.        A     192.0.2.1
week.example.com.     604800 A 192.0.2.1
zero.example.com.     0      A 192.0.2.1
huge.example.com.     4294967295 A 192.0.2.1
alias.example.com.    10     CNAME a.example.com.
`
	for name, want := range map[string]time.Duration{
		"a.example.com":     30 * time.Second,
		"week.example.com":  time.Hour,
		"zero.example.com":  time.Second,
		"huge.example.com":  time.Second, // RFC 2181: no TTL at all
		"alias.example.com": 10 * time.Second,
		"none.example.com":  20 * time.Second, // the minimum of the SOA record
		"none.example.org":  7 * time.Second,  // its TTL, which is less
		"none.example.net":  5 * time.Minute,
		"none.example":      2 * time.Second, // without a SOA record
		"down.example":      2 * time.Second, // SERVFAIL
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := dnstest.Serve(t, zone)
			server.Behave(dnstest.ServFail, "down.example")
			r, k := resolving(t, Config{Usable: ipv4Only}, server)
			uri := parse(t, "sip:"+name+":5060")
			ask := func() int {
				_, _ = r.Lookup(t.Context(), uri)
				return server.Count(name, dns.TypeA)
			}
			if n := ask(); n != 1 {
				t.Fatalf("asked %d times, want once", n)
			}
			k.Advance(want - time.Millisecond)
			if n := ask(); n != 1 {
				t.Errorf("asked again within %s", want)
			}
			k.Advance(time.Millisecond)
			if _, ok := r.Known(uri); ok {
				t.Errorf("known after %s", want)
			}
			if n := ask(); n != 2 {
				t.Errorf("asked %d times after %s, want twice", n, want)
			}
		})
	}
}

// TestGlueIsLocal: the addresses that come along with SRV records are used for
// their targets, as long as the shortest of them holds, and for nothing else.
func TestGlueIsLocal(t *testing.T) {
	t.Parallel()
	server := dnstest.Serve(t, `
_sip._udp.example.   SRV 0 0 5060 bank.example.
bank.example.      5 A   192.0.2.1
other.example.       A   192.0.2.2
`)
	r, k := resolving(t, Config{Usable: ipv4Only}, server)
	if got := lookUp(t, r, "sip:example;transport=udp"); got != "udp 192.0.2.1:5060" || server.Count("bank.example", 0) != 0 {
		t.Errorf("got %s, with %d questions for the target", got, server.Count("bank.example", 0))
	}
	if _, ok := r.Known(parse(t, "sip:bank.example:5060")); ok {
		t.Error("additional records of one domain became the answer for another")
	}
	k.Advance(5 * time.Second)
	if _, ok := r.Known(parse(t, "sip:example;transport=udp")); ok {
		t.Error("the addresses outlived their TTL")
	}
	server.Hook(func(query *dns.Msg, _ string) [][]byte { // additional records of a name that is no target
		m := new(dns.Msg).SetReply(query)
		if query.Question[0].Qtype == dns.TypeSRV {
			m.Answer = records(t, "_sip._udp.example. SRV 0 0 5060 bank.example.")
		} else {
			m.Answer = records(t, "bank.example. A 192.0.2.3")
		}
		m.Extra = records(t, "other.example. A 192.0.2.66")
		return [][]byte{pack(t, m)}
	})
	if got := lookUp(t, r, "sip:example;transport=udp"); got != "udp 192.0.2.3:5060" {
		t.Errorf("got %s, want the address that was asked for", got)
	}
}

// TestJoin: the same question is asked once, and who gives up waiting does not
// take the answer from the others.
func TestJoin(t *testing.T) {
	t.Parallel()
	server := dnstest.Serve(t, "")
	release := make(chan struct{})
	server.Hook(func(query *dns.Msg, _ string) [][]byte {
		<-release
		m := new(dns.Msg).SetReply(query)
		m.Answer = records(t, "a.example. A 192.0.2.1")
		return [][]byte{pack(t, m)}
	})
	r, _ := resolving(t, Config{Usable: ipv4Only, Timeout: time.Minute}, server)
	uri := parse(t, "sip:a.example:5060")
	const calls = 50
	got := make(chan error, calls)
	for range calls {
		go func() {
			hops, err := r.Lookup(t.Context(), uri)
			if err == nil && texts(hops) != "udp 192.0.2.1:5060" {
				err = errors.New("got " + texts(hops))
			}
			got <- err
		}()
	}
	waiting := func() int {
		r.mu.Lock()
		defer r.mu.Unlock()
		return len(r.asking[question{name: "a.example", qtype: dns.TypeA}])
	}
	eventually(t, "all wait for the one question", func() bool { return waiting() == calls })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Lookup(ctx, uri); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	close(release)
	for range calls {
		if err := <-got; err != nil {
			t.Error(err)
		}
	}
	if n := server.Count("*", 0); n != 1 {
		t.Errorf("%d questions for %d lookups", n, calls)
	}
	if n := waiting(); n != 0 || len(r.asking) != 0 {
		t.Errorf("%d still wait", n)
	}
}

// TestTooManyQuestions: not more than a bounded number is asked at once.
func TestTooManyQuestions(t *testing.T) {
	t.Parallel()
	r, _ := resolving(t, Config{Usable: ipv4Only}, dnstest.Serve(t, "a.example. A 192.0.2.1"))
	for i := range maxAsking {
		r.asking[question{name: "x", qtype: uint16(i)}] = nil
	}
	if err := lookUpError(t, r, "sip:a.example:5060"); !errors.Is(err, errTooMany) {
		t.Errorf("got %v", err)
	}
	clear(r.asking)
	if got := lookUp(t, r, "sip:a.example:5060"); got != "udp 192.0.2.1:5060" {
		t.Errorf("afterwards: %s", got)
	}
}

// TestEviction: the cache does not grow with the names that peers think of.
func TestEviction(t *testing.T) {
	t.Parallel()
	r, k := resolving(t, Config{}, dnstest.Serve(t, ""))
	for i := range maxCached + 500 {
		r.cache.Set(question{name: "x", qtype: dns.TypeA, prefix: time.Duration(i).String()}, &answer{expires: k.Now()})
	}
	eventually(t, "the cache has shrunk", func() bool { return r.cache.EstimatedSize() <= maxCached })
}
