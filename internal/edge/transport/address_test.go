package transport

import (
	"net/netip"
	"strings"
	"testing"
)

func TestParseAddress(t *testing.T) {
	for in, want := range map[string]string{
		"udp://127.0.0.1:5060":          "udp://127.0.0.1:5060",
		"TCP://[::1]:5060":              "tcp://[::1]:5060",
		"tcp://0.0.0.0:0":               "tcp://0.0.0.0:0",
		"udp://[::]:65535":              "udp://[::]:65535",
		"udp://[::ffff:192.0.2.1]:5060": "udp://192.0.2.1:5060",
		"udp://[fe80::1%eth0]:5060":     "udp://[fe80::1%eth0]:5060",
	} {
		got, err := ParseAddress(in)
		if err != nil || got.String() != want {
			t.Errorf("%s: %s, %v, want %s", in, got, err, want)
		}
	}
}

func TestParseAddressErrors(t *testing.T) {
	for in, want := range map[string]string{
		"":                      `want "udp://127.0.0.1:5060"`,
		"127.0.0.1:5060":        `want "udp://127.0.0.1:5060"`,
		"sctp://127.0.0.1:5060": `transport "sctp" is unknown: want udp, tcp, tls, ws or wss`,
		"none://127.0.0.1:5060": `transport "none" is unknown`,
		"udp://127.0.0.1":       "no port",
		"udp://[::1]":           "no port",
		"udp://localhost:5060":  `host "localhost" is no IP address`,
		"udp://:5060":           `host "" is no IP address`,
		"udp://::1:5060":        "needs brackets: want [::1]",
		"udp://127.0.0.1:65536": `port "65536" is out of range`,
		"udp://127.0.0.1:":      `port "" is out of range`,
		"udp://127.0.0.1:5060/": `port "5060/" is out of range`,
		"udp://127.0.0.1:-1":    `port "-1" is out of range`,
		"udp://127.0.0.1:sip":   `port "sip" is out of range`,
		"udp://[127.0.0.1:5060": `is no IP address`,
		"udp://[127.0.0.1]:50":  `is no IP address`,
		"udp://127.0.0.1]:5060": `is no IP address`,
	} {
		got, err := ParseAddress(in)
		if err == nil {
			t.Errorf("%s: read as %s, want an error with %q", in, got, want)
		} else if !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), `"`+in+`"`) {
			t.Errorf("%s: %v, want %q and the address in it", in, err, want)
		}
	}
}

func TestKind(t *testing.T) {
	for _, tc := range []struct {
		kind      Kind
		name, via string
		reliable  bool
	}{{UDP, "udp", "UDP", false}, {TCP, "tcp", "TCP", true}, {0, "none", "", false}, {200, "none", "", false}} {
		if tc.kind.String() != tc.name || tc.kind.ViaName() != tc.via || tc.kind.Reliable() != tc.reliable {
			t.Errorf("%d: %q %q %v, want %q %q %v", tc.kind, tc.kind, tc.kind.ViaName(), tc.kind.Reliable(), tc.name, tc.via, tc.reliable)
		}
	}
}

func TestListenErrors(t *testing.T) {
	if _, err := Listen(Config{}, newSink()); err == nil || !strings.Contains(err.Error(), "no listen address") {
		t.Errorf("no address: %v", err)
	}
	taken := serve(t, Config{}, newSink(), "udp://127.0.0.1:0", "tcp://127.0.0.1:0")
	free := Address{UDP, netip.MustParseAddrPort("127.0.0.1:0")}
	for _, l := range taken.Listeners() {
		again := Address{Kind: l.Kind, AddrPort: l.Addr}
		_, err := Listen(Config{Listen: []Address{free, again}}, newSink())
		if err == nil || !strings.Contains(err.Error(), "cannot listen on "+again.String()) ||
			!strings.Contains(err.Error(), "address already in use") {
			t.Errorf("%s twice: %v", again, err)
		}
	}
	if _, err := Listen(Config{Listen: []Address{{AddrPort: free.AddrPort}}}, newSink()); err == nil {
		t.Error("a listener without a transport was bound")
	}
}
