package locate

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"github.com/redirectd/redirectd/internal/edge/locate/dnstest"
	"github.com/redirectd/redirectd/internal/edge/transport"
)

// rfc3263Zone begins with the example of RFC 3263 section 4.1.
const rfc3263Zone = `
$ORIGIN example.com.
@            SOA    ns root 1 3600 600 86400 300
@            NAPTR  50 50 "s" "SIPS+D2T" "" _sips._tcp
@            NAPTR  90 50 "s" "SIP+D2T"  "" _sip._tcp
@            NAPTR 100 50 "s" "SIP+D2U"  "" _sip._udp
@            A      192.0.2.99
_sips._tcp   SRV    0 1 5061 server1
_sips._tcp   SRV    1 2 5061 server2
_sip._tcp    SRV    0 1 5060 server1
_sip._tcp    SRV    1 2 5062 server2
_sip._udp    SRV    0 1 5060 server1
_sip._udp    SRV    1 2 5060 server2
_sip._ws     SRV    0 1 8080 server1
server1      A      192.0.2.1
server2      A      192.0.2.2

$ORIGIN equal.example.       ; one order, two preferences; ENUM and unknown ones between
@            NAPTR  10 10 "u" "E2U+sip"  "!^.*$!sip:info@example.com!" .
@            NAPTR  10 10 "s" "SIP+D2S"  "" _sip._sctp
@            NAPTR  10 30 "S" "sip+d2t"  "" _sip._tcp.elsewhere.example.
@            NAPTR  10 20 "s" "SIP+D2U"  "" _sip._udp
@            NAPTR  20 10 "s" "SIPS+D2T" "" _sips._tcp
_sip._udp    SRV    0 0 5070 a
a            A      192.0.2.10
_sip._tcp.elsewhere.example. SRV 0 0 5071 b
b            A      192.0.2.11

$ORIGIN web.example.
@            NAPTR  10 10 "s" "SIPS+D2W" "" _sips._ws
@            NAPTR  20 10 "s" "SIP+D2W"  "" _sip._ws
_sips._ws    SRV    0 0 443 a
_sip._ws     SRV    0 0 80 a
a            A      192.0.2.20

$ORIGIN nosrv.example.       ; NAPTR, but not its SRV
@            NAPTR  10 10 "s" "SIP+D2T" "" _sip._tcp
@            A      192.0.2.30

$ORIGIN srv.example.         ; SRV without NAPTR
_sip._tcp    SRV    0 0 5060 a
_sip._udp    SRV    0 0 5065 a
_sips._tcp   SRV    0 0 5061 a
a            A      192.0.2.40

$ORIGIN plain.example.
@            A      192.0.2.50
@            AAAA   2001:db8::50
@            AAAA   2001:db8::51

$ORIGIN closed.example.
_sip._udp    SRV    0 0 0 .
_sip._tcp    SRV    0 0 5060 a
a            A      192.0.2.60

$ORIGIN shut.example.
_sip._udp    SRV    0 0 0 .
@            A      192.0.2.61

$ORIGIN alias.example.
@            A      192.0.2.70
www          CNAME  one
one          CNAME  alias.example.
_sip._udp.www SRV   0 0 5060 two
two          CNAME  alias.example.

$ORIGIN dual.example.
_sip._udp    SRV    0 0 5060 a
_sip._udp    SRV    1 0 5060 b
a            AAAA   2001:db8::1
a            AAAA   2001:db8::2
a            A      192.0.2.1
b            A      192.0.2.1
b            A      192.0.2.2
local        AAAA   fd00::1
local        A      192.0.2.3
mapped       AAAA   ::ffff:192.0.2.4
zero         A      0.0.0.0
`

func all(transport.Kind) bool { return true }

func only(kinds ...transport.Kind) func(transport.Kind) bool {
	return func(k transport.Kind) bool { return slices.Contains(kinds, k) }
}

var sections = []struct {
	name, uri string
	available func(transport.Kind) bool
	want      string
	unasked   uint16 // a type that must not be asked for
}{
	{"4.1 NAPTR, best order", "sip:example.com", all, "tls 192.0.2.1:5061 (example.com), tls 192.0.2.2:5061 (example.com)", dns.TypeA},
	{"4.1 NAPTR, transports of ours", "sip:u@EXAMPLE.com.", only(transport.UDP, transport.TCP), "tcp 192.0.2.1:5060, tcp 192.0.2.2:5062", dns.TypeA},
	{"4.1 NAPTR, one transport", "sip:example.com", only(transport.UDP), "udp 192.0.2.1:5060, udp 192.0.2.2:5060", dns.TypeA},
	{"4.1 NAPTR, sips", "sips:example.com", all, "tls 192.0.2.1:5061 (example.com), tls 192.0.2.2:5061 (example.com)", dns.TypeA},
	{"4.1 NAPTR, one order", "sip:equal.example", all, "udp 192.0.2.10:5070, tcp 192.0.2.11:5071", 0},
	{"4.1 NAPTR, higher order", "sip:equal.example", only(transport.TCP), "tcp 192.0.2.11:5071", 0},
	{"RFC 7118 NAPTR", "sip:web.example", all, "wss 192.0.2.20:443 (web.example)", 0},
	{"RFC 7118 NAPTR, no TLS", "sip:web.example", only(transport.WS), "ws 192.0.2.20:80", 0},
	{"RFC 7118 NAPTR, sips", "sips:web.example", all, "wss 192.0.2.20:443 (web.example)", 0},
	{"4.2 NAPTR without SRV", "sip:nosrv.example", all, "tcp 192.0.2.30:5060", 0},
	{"4.1 NAPTR of no use", "sip:nosrv.example", only(transport.UDP), "udp 192.0.2.30:5060", 0},
	{"4.1 no NAPTR", "sip:srv.example", all, "udp 192.0.2.40:5065, tcp 192.0.2.40:5060, tls 192.0.2.40:5061 (srv.example)", 0},
	{"4.1 no NAPTR, one transport", "sip:srv.example", only(transport.TCP), "tcp 192.0.2.40:5060", 0},
	{"4.1 no NAPTR, sips", "sips:srv.example", all, "tls 192.0.2.40:5061 (srv.example)", 0},
	{"4.1 transport given", "sip:example.com;transport=tcp", all, "tcp 192.0.2.1:5060, tcp 192.0.2.2:5062", dns.TypeNAPTR},
	{"4.1 transport given, udp", "sip:example.com;transport=UDP", all, "udp 192.0.2.1:5060, udp 192.0.2.2:5060", dns.TypeNAPTR},
	{"4.1 transport given, tls", "sip:example.com;transport=tls", all, "tls 192.0.2.1:5061 (example.com), tls 192.0.2.2:5061 (example.com)", dns.TypeNAPTR},
	{"4.1 transport given, ws", "sip:example.com;transport=ws", all, "ws 192.0.2.1:8080", dns.TypeNAPTR},
	{"4.2 sips over tcp", "sips:example.com;transport=tcp", all, "tls 192.0.2.1:5061 (example.com), tls 192.0.2.2:5061 (example.com)", dns.TypeNAPTR},
	{"4.2 transport given, no SRV", "sip:plain.example;transport=tcp", all, "tcp [2001:db8::50]:5060, tcp 192.0.2.50:5060, tcp [2001:db8::51]:5060", dns.TypeNAPTR},
	{"4.2 no NAPTR, no SRV", "sip:plain.example", all, "udp [2001:db8::50]:5060, udp 192.0.2.50:5060, udp [2001:db8::51]:5060", 0},
	{
		"4.2 no NAPTR, no SRV, sips", "sips:plain.example", all,
		"tls [2001:db8::50]:5061 (plain.example), tls 192.0.2.50:5061 (plain.example), tls [2001:db8::51]:5061 (plain.example)", 0,
	},
	{"4.1 port given", "sip:example.com:5070", all, "udp 192.0.2.99:5070", dns.TypeNAPTR},
	{"4.2 port given", "sip:example.com:5070;transport=tcp", all, "tcp 192.0.2.99:5070", dns.TypeSRV},
	{"4.1 port given, sips", "sips:example.com:5070", all, "tls 192.0.2.99:5070 (example.com)", dns.TypeSRV},
	{"maddr is the target", "sips:plain.example;maddr=srv.example", all, "tls 192.0.2.40:5061 (plain.example)", 0},
	{"RFC 2782 closed for one transport", "sip:closed.example", all, "tcp 192.0.2.60:5060", dns.TypeA},
	{"CNAME", "sip:www.alias.example:5060", all, "udp 192.0.2.70:5060", dns.TypeSRV},
	{"CNAME of an SRV target", "sip:www.alias.example", only(transport.UDP), "udp 192.0.2.70:5060", 0},
	{"both families, an address once", "sip:dual.example", all, "udp [2001:db8::1]:5060, udp 192.0.2.1:5060, udp [2001:db8::2]:5060, udp 192.0.2.2:5060", 0},
	{"RFC 6724 unique local last", "sip:local.dual.example:5060", all, "udp 192.0.2.3:5060, udp [fd00::1]:5060", 0},
	{"IPv4 in IPv6", "sip:mapped.dual.example:5060", all, "udp 192.0.2.4:5060", 0},
}

// TestSections goes through the branches of RFC 3263 section 4, each time with
// an empty cache, and then once more from the cache.
func TestSections(t *testing.T) {
	t.Parallel()
	for _, c := range sections {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server := dnstest.Serve(t, rfc3263Zone)
			r, _ := resolving(t, Config{Available: c.available}, server)
			uri := parse(t, c.uri)
			if hops, ok := r.Known(uri); ok {
				t.Errorf("known before it was asked: %v", hops)
			}
			if got := lookUp(t, r, c.uri); got != c.want {
				t.Errorf("%s\n got %s\nwant %s", c.uri, got, c.want)
			}
			asked := server.Count("*", 0)
			if n := server.Count(host(uri), c.unasked); c.unasked != 0 && n > 0 {
				t.Errorf("asked for %s", dns.TypeToString[c.unasked])
			}
			if hops, ok := r.Known(uri); !ok || texts(hops) != c.want {
				t.Errorf("from the cache: %v, %v", texts(hops), ok)
			}
			if n := server.Count("*", 0); n != asked {
				t.Errorf("%d questions for what is known", n-asked)
			}
		})
	}
}

// TestNowhere: URIs that lead nowhere, and what is said of them.
func TestNowhere(t *testing.T) {
	t.Parallel()
	server := dnstest.Serve(t, rfc3263Zone)
	from := " from " + server.Addr().String()
	r, _ := resolving(t, Config{}, server)
	for uri, want := range map[string]string{
		"sip:none.example;transport=tcp":           "look up none.example A: NXDOMAIN" + from,
		"sip:none.example.com:5060":                "look up none.example.com A: NXDOMAIN" + from,
		"sip:srv.example:5060":                     "look up srv.example A: no records" + from,
		"sip:shut.example":                         `look up _sip._udp.shut.example SRV: the target "." (no such service)` + from,
		"sip:closed.example;transport=udp":         `look up _sip._udp.closed.example SRV: the target "." (no such service)` + from,
		"sip:zero.dual.example:5060":               "look up zero.dual.example A: no record that can be used" + from,
		"sip:" + strings.Repeat("a", 64) + ".b":    "no host name",
		"sip:example.com;maddr=a%2eb":              `look up "a%2eb": this is no host name`,
		"sip:example.com;maddr=..":                 "no host name",
		"sip:example.com;transport=carrier-pigeon": `"carrier-pigeon"`,
	} {
		err := lookUpError(t, r, uri)
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\n got %v\nwant %s", uri, err, want)
		}
		if errors.Is(err, ErrNoSuchName) != strings.Contains(want, from) {
			t.Errorf("%s: is %v ErrNoSuchName?", uri, err)
		}
		if hops, ok := r.Known(parse(t, uri)); ok {
			t.Errorf("%s: known to be %v", uri, hops)
		}
	}
}

// TestFamilies: what cannot be used is not asked for.
func TestFamilies(t *testing.T) {
	t.Parallel()
	server := dnstest.Serve(t, rfc3263Zone)
	r, _ := resolving(t, Config{Usable: ipv4Only}, server)
	if got := lookUp(t, r, "sip:plain.example:5060"); got != "udp 192.0.2.50:5060" {
		t.Errorf("got %s", got)
	}
	if n := server.Count("*", dns.TypeAAAA); n != 0 {
		t.Errorf("%d questions for AAAA", n)
	}
}
