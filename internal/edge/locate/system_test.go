package locate

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/edge/locate/dnstest"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// systemOf returns a resolver whose system has these files, but asks the server
// whatever they say, and the path of the hosts file.
func systemOf(t *testing.T, server *dnstest.Server, resolvConf, hosts string) (*Resolver, *clock, string) {
	t.Helper()
	dir := t.TempDir()
	paths := [2]string{filepath.Join(dir, "resolv.conf"), filepath.Join(dir, "hosts")}
	write(t, paths[0], resolvConf)
	write(t, paths[1], hosts)
	r, k := resolving(t, Config{Usable: ipv4Only}, server)
	r.system = newSystem(paths[0], paths[1], k.Now())
	loaded := r.system.current.Load()
	loaded.servers = r.cfg.Servers
	return r, k, paths[1]
}

func TestSearchList(t *testing.T) {
	t.Parallel()
	const zone = `
pbx.one.example.          A 192.0.2.1
a.b.                      A 192.0.2.2
a.b.one.example.          A 192.0.2.3
c.d.two.example.          A 192.0.2.4
_sip._udp.srv.two.example. SRV 0 0 5070 pbx.one.example.
`
	for _, c := range []struct{ conf, host, want string }{
		{"search one.example two.example", "pbx", "udp 192.0.2.1:5060"},
		{"search one.example two.example", "srv", "udp 192.0.2.1:5070"}, // the search is for the host, not for each record
		{"search one.example two.example", "a.b", "udp 192.0.2.2:5060"}, // ndots:1
		{"search one.example two.example\noptions ndots:2", "a.b", "udp 192.0.2.3:5060"},
		{"search one.example two.example\noptions ndots:2", "a.b.", "udp 192.0.2.2:5060"},
		{"search one.example two.example", "c.d", "udp 192.0.2.4:5060"},
		{"domain one.example", "PBX", "udp 192.0.2.1:5060"},
		{"", "pbx", "NXDOMAIN"},
		{"search one.example", "pbx.", "NXDOMAIN"},
		{"search one.example", "x.y", "look up x.y A: NXDOMAIN"},
		{"search " + strings.Repeat("long.", 49) + "example one.example", "pbx", "udp 192.0.2.1:5060"}, // too long with a host
	} {
		server := dnstest.Serve(t, zone)
		r, _, _ := systemOf(t, server, c.conf, "")
		hops, err := r.Lookup(t.Context(), parse(t, "sip:"+c.host))
		if got := texts(hops); err == nil && got != c.want || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q, %s: got %s, %v; want %s", c.conf, c.host, got, err, c.want)
		}
		if known, ok := r.Known(parse(t, "sip:"+c.host)); ok != (err == nil) || !slices.Equal(known, hops) {
			t.Errorf("%q, %s: from the cache %v, %v", c.conf, c.host, known, ok)
		}
	}
}

// TestSearchStops: a name is not looked for elsewhere because a server failed.
func TestSearchStops(t *testing.T) {
	t.Parallel()
	server := dnstest.Serve(t, "pbx.two.example. A 192.0.2.1")
	server.Behave(dnstest.ServFail, "pbx.one.example")
	r, _, _ := systemOf(t, server, "search one.example two.example", "")
	if err := lookUpError(t, r, "sip:pbx:5060"); !strings.Contains(err.Error(), "pbx.one.example A: SERVFAIL") {
		t.Errorf("got %v", err)
	}
}

func TestHosts(t *testing.T) {
	t.Parallel()
	server := dnstest.Serve(t, "_sip._udp.dns.example. SRV 0 0 5070 b.example.\nb.example. A 192.0.2.99\n")
	r, k, path := systemOf(t, server, "", "# a comment\n192.0.2.1 a.example A.alias # more\n2001:db8::1 six.example\n192.0.2.2\nx y\n")
	for uri, want := range map[string]string{
		"sip:A.example":                  "udp 192.0.2.1:5060",
		"sip:a.alias;transport=tcp":      "tcp 192.0.2.1:5060",
		"sips:a.example":                 "tls 192.0.2.1:5061 (a.example)",
		"sip:localhost:5070":             "udp 127.0.0.1:5070",
		"sip:LOCALHOST.":                 "udp 127.0.0.1:5060",
		"sip:phone.localhost":            "udp 127.0.0.1:5060",
		"sip:example.com;maddr=a.alias.": "udp 192.0.2.1:5060",
	} {
		if hops, ok := r.Known(parse(t, uri)); !ok || texts(hops) != want {
			t.Errorf("%s: got %v, %v; want %s", uri, hops, ok, want)
		}
	}
	if err := lookUpError(t, r, "sip:six.example"); !errors.Is(err, ErrNoSuchName) || !strings.Contains(err.Error(), "hosts file") {
		t.Errorf("no address of that family: %v", err)
	}
	if n := server.Count("*", 0); n != 0 {
		t.Errorf("%d questions for names of the file", n)
	}
	write(t, path, "192.0.2.77 a.example\n192.0.2.78 b.example\n")
	if hops, _ := r.Known(parse(t, "sip:a.example")); texts(hops) != "udp 192.0.2.1:5060" {
		t.Errorf("looked at the file within %s: %v", recheck, hops)
	}
	k.Advance(recheck)
	if hops, _ := r.Known(parse(t, "sip:a.example")); texts(hops) != "udp 192.0.2.77:5060" {
		t.Errorf("after a change: %v", hops)
	}
	if _, ok := r.Known(parse(t, "sip:a.alias")); ok {
		t.Error("a name that left the file is still known")
	}
}

// TestResolvConf: what is taken from the file, and that there is always a server.
func TestResolvConf(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	conf, hosts := filepath.Join(dir, "resolv.conf"), filepath.Join(dir, "hosts")
	s := newSystem(conf, hosts, time.Unix(0, 0))
	if got := s.settings(time.Unix(1, 0)); !slices.Equal(got.servers, []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:53")}) || got.ndots != 1 {
		t.Errorf("without files: %+v", got)
	}
	write(t, conf, "nameserver 192.0.2.53\nnameserver fe80::1%lo\nnameserver ns.example\nsearch A.example. b_c.example bad$.example\noptions ndots:3\n")
	got := s.settings(time.Unix(6, 0))
	servers := []netip.AddrPort{netip.MustParseAddrPort("192.0.2.53:53"), netip.MustParseAddrPort("[fe80::1%lo]:53")}
	if !slices.Equal(got.servers, servers) || !slices.Equal(got.search, []string{"a.example", "b_c.example"}) || got.ndots != 3 {
		t.Errorf("got %+v", got)
	}
	if again := s.settings(time.Unix(20, 0)); again != got {
		t.Error("a file that has not changed was read again")
	}
}
