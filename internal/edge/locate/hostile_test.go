package locate

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/redirectd/redirectd/internal/edge/locate/dnstest"
)

// records reads records in the form of a master file.
func records(t testing.TB, text string) []dns.RR {
	t.Helper()
	var rrs []dns.RR
	p := dns.NewZoneParser(strings.NewReader(text), ".", "")
	p.SetDefaultTTL(60)
	for rr, ok := p.Next(); ok; rr, ok = p.Next() {
		rrs = append(rrs, rr)
	}
	if err := p.Err(); err != nil {
		t.Error(err)
	}
	return rrs
}

func pack(t testing.TB, m *dns.Msg) []byte {
	t.Helper()
	b, err := m.Pack()
	if err != nil {
		t.Error(err)
	}
	return b
}

// reply returns an answer to a query with records, changed by edit.
func reply(t testing.TB, query *dns.Msg, text string, edit func(*dns.Msg)) []byte {
	t.Helper()
	m := new(dns.Msg).SetReply(query)
	m.Answer = records(t, text)
	edit(m)
	return pack(t, m)
}

// TestForgeries: what comes before the answer and is none changes nothing.
func TestForgeries(t *testing.T) {
	t.Parallel()
	const forged, genuine = "a.example. A 192.0.2.66", "a.example. A 192.0.2.1"
	type forgery struct {
		edit  func(*dns.Msg)
		bytes func([]byte) []byte
	}
	edited := func(edit func(*dns.Msg)) forgery { return forgery{edit, func(b []byte) []byte { return b }} }
	broken := func(b func([]byte) []byte) forgery { return forgery{func(*dns.Msg) {}, b} }
	for name, c := range map[string]forgery{
		"wrong ID":       edited(func(m *dns.Msg) { m.Id++ }),
		"wrong name":     edited(func(m *dns.Msg) { m.Question[0].Name = "b.example." }),
		"wrong type":     edited(func(m *dns.Msg) { m.Question[0].Qtype = dns.TypeAAAA }),
		"wrong class":    edited(func(m *dns.Msg) { m.Question[0].Qclass = dns.ClassCHAOS }),
		"no question":    edited(func(m *dns.Msg) { m.Question = nil }),
		"two questions":  edited(func(m *dns.Msg) { m.Question = append(m.Question, m.Question[0]) }),
		"a query":        edited(func(m *dns.Msg) { m.Response = false }),
		"another opcode": edited(func(m *dns.Msg) { m.Opcode = dns.OpcodeUpdate }),
		"half a record":  broken(func(b []byte) []byte { return b[:len(b)-2] }),
		"a compression loop": broken(func(b []byte) []byte {
			return append(b[:2:2], 0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 12, 0, 1, 0, 1)
		}),
		"short":   broken(func(b []byte) []byte { return b[:3] }),
		"nothing": broken(func([]byte) []byte { return nil }),
		"garbage": broken(func([]byte) []byte { return bytes.Repeat([]byte{0xff}, 2000) }),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := dnstest.Serve(t, "")
			server.Hook(func(q *dns.Msg, _ string) [][]byte {
				return [][]byte{c.bytes(reply(t, q, forged, c.edit)), reply(t, q, genuine, func(*dns.Msg) {})}
			})
			r, _ := resolving(t, Config{Usable: ipv4Only}, server)
			if got := lookUp(t, r, "sip:a.example:5060"); got != "udp 192.0.2.1:5060" || server.Count("*", 0) != 1 {
				t.Errorf("got %s after %d questions", got, server.Count("*", 0))
			}
		})
	}
}

// TestFlood: a stream of forgeries ends the question, not the patience.
func TestFlood(t *testing.T) {
	t.Parallel()
	server := dnstest.Serve(t, "")
	server.Hook(func(q *dns.Msg, _ string) [][]byte {
		flood := make([][]byte, 2*maxStray)
		for i := range flood {
			flood[i] = reply(t, q, oneAddress, func(m *dns.Msg) { m.Id += uint16(i + 1) })
		}
		return flood
	})
	r, _ := resolving(t, Config{Usable: ipv4Only, Timeout: time.Minute}, server)
	start := time.Now()
	err := lookUpError(t, r, "sip:a.example:5060")
	if took := time.Since(start); !strings.Contains(err.Error(), "32 messages, none of them an answer") || took > 10*time.Second {
		t.Errorf("%v after %s", err, took)
	}
}

// TestBadAnswers: answers that are ours and say something absurd.
func TestBadAnswers(t *testing.T) {
	t.Parallel()
	chain := func(n int) string {
		text := "a.example. CNAME c0.example.\n"
		for i := range n - 1 {
			text += fmt.Sprintf("c%d.example. CNAME c%d.example.\n", i, i+1)
		}
		return text + fmt.Sprintf("c%d.example. A 192.0.2.1\n", n-1)
	}
	for name, c := range map[string]struct{ text, want string }{
		"a chain":           {chain(maxChain), ""},
		"a long chain":      {chain(maxChain + 1), errLoop.Error()},
		"a loop":            {"a.example. CNAME b.example.\nb.example. CNAME A.example.", errLoop.Error()},
		"a loop of one":     {"a.example. CNAME a.example.", errLoop.Error()},
		"an alias of bytes": {`a.example. CNAME b\010\.c.example.`, "no host name"},
		"the root":          {"a.example. CNAME .", "no host name"},
		"another name":      {"b.example. A 192.0.2.1", "no records"},
		"another class":     {"a.example. CH A 192.0.2.1", "no records"},
		"another type":      {"a.example. AAAA ::1", "no records"},
		"nowhere":           {"a.example. A 0.0.0.0", "no record that can be used"},
	} {
		server := dnstest.Serve(t, "")
		server.Hook(func(q *dns.Msg, _ string) [][]byte { return [][]byte{reply(t, q, c.text, func(*dns.Msg) {})} })
		r, _ := resolving(t, Config{Usable: ipv4Only}, server)
		hops, err := r.Lookup(t.Context(), parse(t, "sip:a.example:5060"))
		switch {
		case c.want == "" && (err != nil || texts(hops) != "udp 192.0.2.1:5060"):
			t.Errorf("%s: %v, %v", name, hops, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: got %v, %v; want %s", name, hops, err, c.want)
		}
	}
}

// TestAliasAsked: servers that leave the end of a CNAME chain to us, and one that
// never comes to an end.
func TestAliasAsked(t *testing.T) {
	t.Parallel()
	server := dnstest.Serve(t, "")
	server.Hook(func(q *dns.Msg, _ string) [][]byte {
		switch name := q.Question[0].Name; name {
		case "a.example.":
			return [][]byte{reply(t, q, "a.example. 5 CNAME b.example.", func(*dns.Msg) {})}
		case "b.example.":
			return [][]byte{reply(t, q, "b.example. A 192.0.2.1", func(*dns.Msg) {})}
		default:
			return [][]byte{reply(t, q, name+" CNAME x"+name, func(*dns.Msg) {})}
		}
	})
	r, k := resolving(t, Config{Usable: ipv4Only}, server)
	if got := lookUp(t, r, "sip:a.example:5060"); got != "udp 192.0.2.1:5060" {
		t.Errorf("got %s", got)
	}
	k.Advance(5 * time.Second)
	if _, ok := r.Known(parse(t, "sip:a.example:5060")); ok {
		t.Error("the alias outlived its TTL")
	}
	before := server.Count("*", 0)
	if err := lookUpError(t, r, "sip:endless.example:5060"); !errors.Is(err, errLoop) || server.Count("*", 0)-before != maxChain+1 {
		t.Errorf("%v, after %d questions", err, server.Count("*", 0)-before)
	}
}

// TestHuge: the largest message there can be is read, and what is of no use left.
func TestHuge(t *testing.T) {
	t.Parallel()
	server := dnstest.Serve(t, manyAddresses(3500))
	r, _ := resolving(t, Config{Usable: ipv4Only}, server)
	hops, err := r.Lookup(t.Context(), parse(t, "sip:a.example:5060"))
	if err != nil || len(hops) != maxHops {
		t.Errorf("%d hops, %v; want %d", len(hops), err, maxHops)
	}
	a, ok := r.cached(question{name: "a.example", qtype: dns.TypeA}, r.now())
	if !ok || len(a.addrs) != maxAddrs {
		t.Errorf("%d addresses are kept, want %d", len(a.addrs), maxAddrs)
	}
}

func manyAddresses(n int) string {
	var zone strings.Builder
	addr := netip.MustParseAddr("10.0.0.1")
	for range n {
		fmt.Fprintf(&zone, "a.example. A %s\n", addr)
		addr = addr.Next()
	}
	return zone.String()
}
