package locate

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/redirectd/redirectd/internal/edge/transport"
	"github.com/redirectd/redirectd/internal/sipuri"
)

func parse(t *testing.T, text string) *sipuri.URI {
	t.Helper()
	uri, err := sipuri.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return &uri
}

func TestNumeric(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"sip:a@192.0.2.1":                        "udp 192.0.2.1:5060",
		"sip:a@192.0.2.1:5070":                   "udp 192.0.2.1:5070",
		"sip:a@192.0.2.1;transport=TCP":          "tcp 192.0.2.1:5060",
		"sip:[2001:db8::1]:5070":                 "udp [2001:db8::1]:5070",
		"sip:[::ffff:192.0.2.1]":                 "udp 192.0.2.1:5060",
		"sip:a@example.com;maddr=192.0.2.9":      "udp 192.0.2.9:5060",
		"sip:a@example.com:5070;maddr=192.0.2.9": "udp 192.0.2.9:5070",
		"sip:a@example.com":                      "",
		"sip:a@192.0.2.1;transport=sctp":         "",
		"sips:a@192.0.2.1":                       "tls 192.0.2.1:5061",
		"sips:a@192.0.2.1;transport=ws":          "wss 192.0.2.1:443",
		"sips:a@192.0.2.1;transport=udp":         "",
	} {
		hop, ok := Numeric(parse(t, text))
		got := ""
		if ok {
			got = hop.Kind.String() + " " + hop.Addr.String()
		}
		if got != want {
			t.Errorf("%s goes to %q, want %q", text, got, want)
		}
	}
}

func TestKind(t *testing.T) {
	t.Parallel()
	if k, err := Kind(parse(t, "sip:a@b;transport=tls")); k != transport.TLS || err != nil {
		t.Errorf("transport=tls: %v, %v", k, err)
	}
	if _, err := Kind(parse(t, "sip:a@b;transport=sctp")); err == nil || !strings.Contains(err.Error(), `"sctp"`) {
		t.Errorf("transport=sctp: %v", err)
	}
}

// TestLookup asks a real DNS server on loopback.
func TestLookup(t *testing.T) {
	t.Parallel()
	resolver := New(Config{Timeout: 500 * time.Millisecond})
	resolver.net = net.Resolver{PreferGo: true, Dial: dialTo(serveDNS(t))}
	hops, err := resolver.Lookup(t.Context(), parse(t, "sip:bob@two.example:5070;transport=tcp"))
	want := []Hop{{Kind: transport.TCP, Addr: netip.MustParseAddrPort("192.0.2.1:5070")}, {Kind: transport.TCP, Addr: netip.MustParseAddrPort("192.0.2.2:5070")}}
	if err != nil || !slices.Equal(hops, want) {
		t.Errorf("got %v, %v; want %v", hops, err, want)
	}
	if hops, err := resolver.Lookup(t.Context(), parse(t, "sip:bob@many.example")); err != nil || len(hops) != maxHops {
		t.Errorf("got %d hops, %v; want %d", len(hops), err, maxHops)
	}
	for _, name := range []string{"none.example", "silent.example"} {
		if _, err := resolver.Lookup(t.Context(), parse(t, "sip:bob@"+name)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if hops, err := resolver.Lookup(t.Context(), parse(t, "sip:192.0.2.7")); err != nil || len(hops) != 1 {
		t.Errorf("a numeric host: %v, %v", hops, err)
	}
}

func dialTo(addr string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "udp", addr)
	}
}

// serveDNS answers for two.example and many.example, refuses none.example, and
// says nothing of silent.example.
func serveDNS(t *testing.T) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	count := map[string]int{"two.example.": 2, "many.example.": 20}
	go func() {
		b := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(b)
			if err != nil {
				return
			}
			var q dnsmessage.Message
			if q.Unpack(b[:n]) != nil || len(q.Questions) != 1 || q.Questions[0].Name.String() == "silent.example." {
				continue
			}
			answer := dnsmessage.Message{
				Header: dnsmessage.Header{ID: q.ID, Response: true, RCode: dnsmessage.RCodeNameError}, Questions: q.Questions,
			}
			for i := range count[q.Questions[0].Name.String()] {
				answer.RCode = dnsmessage.RCodeSuccess
				if q.Questions[0].Type != dnsmessage.TypeA {
					continue
				}
				answer.Answers = append(answer.Answers, dnsmessage.Resource{
					Header: dnsmessage.ResourceHeader{Name: q.Questions[0].Name, Class: dnsmessage.ClassINET, TTL: 1},
					Body:   &dnsmessage.AResource{A: [4]byte{192, 0, 2, byte(i + 1)}},
				})
			}
			if packed, err := answer.Pack(); err == nil {
				_, _ = conn.WriteTo(packed, from)
			}
		}
	}()
	return conn.LocalAddr().String()
}
