package locate

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"github.com/redirectd/redirectd/internal/edge/locate/dnstest"
	"github.com/redirectd/redirectd/internal/edge/transport"
)

// TestQuestionsOfOneLookup: a zone that leads to ever more questions gets 64.
func TestQuestionsOfOneLookup(t *testing.T) {
	t.Parallel()
	var zone strings.Builder
	for i := range 2 * maxNAPTR {
		fmt.Fprintf(&zone, "example. NAPTR 1 %d \"s\" \"SIP+D2U\" \"\" _sip._udp.n%d.example.\n", i, i)
		for k := range 2 * maxSRV {
			fmt.Fprintf(&zone, "_sip._udp.n%d.example. SRV %d 0 5060 gone%d.n%d.example.\n", i, k, k, i)
		}
	}
	server := dnstest.Serve(t, zone.String())
	r, _ := resolving(t, Config{}, server)
	err := lookUpError(t, r, "sip:example")
	if n := server.Count("*", 0); n != maxQuestions || !strings.Contains(err.Error(), "asked 64 questions already") {
		t.Errorf("%d questions, %v", n, err)
	}
}

// TestGivingUp: the time of a lookup, or of its caller, is over while DNS still
// has its own.
func TestGivingUp(t *testing.T) {
	t.Parallel()
	server := dnstest.Serve(t, "")
	r, _ := resolving(t, Config{Timeout: time.Minute}, server)
	r.asking[question{name: "a.example", qtype: dns.TypeNAPTR}] = nil // by another, for ever
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := r.Lookup(ctx, parse(t, "sip:a.example")); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "a.example NAPTR") {
		t.Errorf("the caller's time: %v", err)
	}
	r.cfg.Timeout = 20 * time.Millisecond
	if err := lookUpError(t, r, "sip:a.example"); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "a.example NAPTR: no answer from") {
		t.Errorf("the lookup's time: %v", err)
	}
}

// TestNoDataBehindAlias: a server that says that the end of a chain has no such
// record is not asked again.
func TestNoDataBehindAlias(t *testing.T) {
	t.Parallel()
	server := dnstest.Serve(t, `
example.       SOA   ns.example. root.example. 1 3600 600 86400 300
www.example.   CNAME host.example.
host.example.  A     192.0.2.1
`)
	r, _ := resolving(t, Config{}, server)
	if got := lookUp(t, r, "sip:www.example:5060"); got != "udp 192.0.2.1:5060" || server.Count("host.example", 0) != 0 {
		t.Errorf("got %s, with %d questions for the end of the chain", got, server.Count("host.example", 0))
	}
}

// TestTellingError: of several reasons the one that may pass is told, or a caller
// takes a failure of DNS for a name that does not exist.
func TestTellingError(t *testing.T) {
	t.Parallel()
	server := dnstest.Serve(t, "_sip._tcp.example. SRV 0 0 5060 gone.example.\n_sip._tcp.example. SRV 1 0 5060 broken.example.")
	server.Behave(dnstest.ServFail, "broken.example")
	r, _ := resolving(t, Config{}, server)
	err := lookUpError(t, r, "sip:example;transport=tcp")
	if errors.Is(err, ErrNoSuchName) || !strings.Contains(err.Error(), "broken.example") {
		t.Errorf("got %v", err)
	}
}

// TestUnusable: addresses of a family that there is no socket for.
func TestUnusable(t *testing.T) {
	t.Parallel()
	server := dnstest.Serve(t, "a.example. AAAA ::ffff:192.0.2.1\n")
	ipv6Only := func(_ transport.Kind, a netip.Addr) bool { return a.Is6() }
	r, _ := resolving(t, Config{Usable: ipv6Only}, server)
	if err := lookUpError(t, r, "sip:a.example:5060"); !strings.Contains(err.Error(), "192.0.2.1:5060 cannot be reached: no udp socket") {
		t.Errorf("IPv4 in IPv6: %v", err)
	}
	r, _ = resolving(t, Config{Usable: func(transport.Kind, netip.Addr) bool { return false }}, server)
	if err := lookUpError(t, r, "sips:a.example:5060"); !strings.Contains(err.Error(), "a.example: no tls socket") {
		t.Errorf("no family: %v", err)
	}
	if n := server.Count("*", dns.TypeA); n != 0 {
		t.Errorf("%d questions for A", n)
	}
}

// TestServiceNames: sips by WebSocket (RFC 7118 section 7.2), and NAPTR records whose
// replacement is not of the usual form.
func TestServiceNames(t *testing.T) {
	t.Parallel()
	r, _ := resolving(t, Config{Usable: ipv4Only}, dnstest.Serve(t, `
_sips._ws.example. SRV 0 0 8443 a.example.
a.example.         A   192.0.2.1
odd.example.       NAPTR 1 1 "s" "SIP+D2T" "" servers.example.
odd.example.       NAPTR 1 2 "s" "SIP+D2T" "" _tcp.example.
odd.example.       NAPTR 1 0 "s" "SIP+D2T" "!.*!x!" _tcp.example.
odd.example.       NAPTR 0 0 "a" "SIP+D2T" "" a.example.
servers.example.   SRV 0 0 5062 a.example.
servers.example.   SRV 0 0 0    a.example.
_tcp.example.      SRV 0 0 5063 a.example.
`))
	for uri, want := range map[string]string{
		"sips:example;transport=ws": "wss 192.0.2.1:8443 (example)",
		"sip:odd.example":           "tcp 192.0.2.1:5062, tcp 192.0.2.1:5063",
	} {
		if got := lookUp(t, r, uri); got != want {
			t.Errorf("%s: got %s, want %s", uri, got, want)
		}
	}
}
