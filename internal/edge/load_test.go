package edge

import (
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

const goodFile = `# every key
listen: [udp://127.0.0.1:5060, "tcp://[::1]:5070"]
advertise: edge1.example.com
admin: 127.0.0.1:9060
next_hop: sip:redirect.example.com;transport=tcp
profile: default
trunks:
  - name: carrier-a
    from: [192.0.2.7/24, 198.51.100.1, "2001:db8::/32", "::ffff:203.0.113.9"]
    next_hop: sip:192.0.2.9:5080;lr
    profile: strict
    attributes: {tenant: "7", class: gold}
  - {name: b, from: [203.0.113.0/24]}
secrets: [00112233445566778899aabbccddeeff, "ffeeddccbbaa99887766554433221100ff"]
shown_headers: [Reason]
allowed_headers: [Identity, X-*]
instance: edge-1
zone: z1
policy: {target: "dns:///redirectd:50051", config: policy.yaml, timeout: 150ms, on_unavailable: pass_through}
limits: {attempts: 8, nesting: 3, setup_time: 90s, decisions: 10, transactions: 20, waiting: 30}
`

func TestLoadConfig(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "edge.yaml")
	if err := os.WriteFile(file, []byte(goodFile), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := LoadConfig(file)
	if err != nil {
		t.Fatal(err)
	}
	want := &Config{
		Advertise: "edge1.example.com", Admin: "127.0.0.1:9060",
		NextHop: []string{"sip:redirect.example.com;transport=tcp"}, Profile: "default",
		Trunks: []Trunk{
			{
				Name: "carrier-a", From: from("192.0.2.0/24", "198.51.100.1/32", "2001:db8::/32", "203.0.113.9/32"),
				NextHop: []string{"sip:192.0.2.9:5080;lr"}, Profile: "strict", Attributes: map[string]string{"tenant": "7", "class": "gold"},
			},
			{Name: "b", From: from("203.0.113.0/24")},
		},
		Secrets: [][]byte{
			{0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff},
			{0xff, 0xee, 0xdd, 0xcc, 0xbb, 0xaa, 0x99, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 0, 0xff},
		},
		ShownHeaders: []string{"Reason"}, AllowedHeaders: []string{"Identity", "X-*"}, Instance: "edge-1", Zone: "z1",
		Policy: PolicyConfig{Target: "dns:///redirectd:50051", File: "policy.yaml", Timeout: 150 * time.Millisecond, OnUnavailable: PassThrough},
		Limits: Limits{Attempts: 8, Nesting: 3, SetupTime: 90 * time.Second, Decisions: 10, Transactions: 20, Waiting: 30},
	}
	if err := want.SetListen([]string{"udp://127.0.0.1:5060", "tcp://[::1]:5070"}); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if err := got.Validate(); err != nil {
		t.Error(err)
	}
}

func TestLoadConfigThatIsNotThere(t *testing.T) {
	t.Parallel()
	if _, err := LoadConfig(filepath.Join(t.TempDir(), "none.yaml")); err == nil || !strings.Contains(err.Error(), "none.yaml") {
		t.Errorf("the error should name the file: %v", err)
	}
}

// TestMappedNetworks means the IPv4 addresses that a mapped one names.
func TestMappedNetworks(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"::ffff:192.0.2.0/120": "192.0.2.0/24", "::ffff:192.0.2.1": "192.0.2.1/32", "192.0.2.77/24": "192.0.2.0/24",
		"2001:db8::1": "2001:db8::1/128",
	} {
		if got, err := parsePrefix(text); err != nil || got.String() != want {
			t.Errorf("%s is %s (%v), want %s", text, got, err, want)
		}
	}
}

// TestDefaults is what an empty file means.
func TestDefaults(t *testing.T) {
	t.Parallel()
	c, err := ParseConfig("edge.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	c.setDefaults()
	loopback := netip.MustParseAddrPort("127.0.0.1:5060")
	if len(c.Listen) != 2 || c.Listen[0].String() != "udp://"+loopback.String() || c.Listen[1].String() != "tcp://"+loopback.String() {
		t.Errorf("listen is %v", c.Listen)
	}
	limits := Limits{Attempts: 64, Nesting: 10, SetupTime: 3 * time.Minute, Decisions: 1000, Transactions: 200_000, Addresses: 4, Waiting: 1000}
	if c.Limits != limits || c.Policy.Timeout != 200*time.Millisecond || c.Policy.OnUnavailable != Map {
		t.Errorf("limits %+v, policy %+v", c.Limits, c.Policy)
	}
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
}

// TestBadConfig names every mistake with its place, and what is allowed.
func TestBadConfig(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, text string
		want       []string // after "edge.yaml:"
	}{
		{"a key with a slip", "listn: []\n", []string{`1:1: listn: unknown key; did you mean "listen"?`}},
		{"a key twice", "zone: a\nzone: b\n", []string{`2:1: zone: the key stands here twice, first in line 1`}},
		{"no YAML", "listen: [\n", []string{`1:1: not YAML: did not find expected node content`}},
		{"no map", "- a\n", []string{`1:1: this is a list; a file is a map of keys to values`}},
		{"listen is no list", "listen: udp://127.0.0.1:5060\n", []string{`1:9: listen: this is "udp://127.0.0.1:5060"; want a list of values, like [a, b]`}},
		{"bad listeners", "listen: [sctp://127.0.0.1:5061,\n  udp://localhost:5060, tcp://127.0.0.1]\n", []string{
			`1:10: listen[0]: listen address "sctp://127.0.0.1:5061": transport "sctp" is unknown: want udp, tcp, tls, ws or wss`,
			`2:3: listen[1]: listen address "udp://localhost:5060": host "localhost" is no IP address: want one such as 127.0.0.1, 0.0.0.0 or [::1]`,
			`2:25: listen[2]: listen address "tcp://127.0.0.1": no port: want one from 0 (a free one) to 65535 after a colon, as in 127.0.0.1:5060 or [::1]:5060`,
		}},
		{"next hop of another scheme", "next_hop: tel:+1\n", []string{`1:11: next_hop: "tel:+1" is no SIP URI (sip:HOST:PORT)`}},
		{"next hop without one", "next_hop: example.com\n", []string{`1:11: next_hop: "example.com": URI has no scheme: want "sip:" or "sips:"`}},
		{"trunks lack what they need", "trunks:\n  - from: [192.0.2.0/24]\n  - name: a\n", []string{
			`2:5: trunks[0].name: the key is missing`, `3:5: trunks[1].from: the key is missing`,
		}},
		{"bad trunks", "trunks:\n  - {name: a, from: [192.0.2.1, nowhere, 192.0.2.0/33]}\n  - {name: a, from: [192.0.2.2], color: red, next_hop: x}\n", []string{
			`2:33: trunks[0].from[1]: "nowhere" is no address and no network: want 192.0.2.1 or 192.0.2.0/24`,
			`2:42: trunks[0].from[2]: "192.0.2.0/33" is no address and no network: want 192.0.2.1 or 192.0.2.0/24`,
			`3:6: trunks[1].name: "a" is the name of an earlier trunk`,
			`3:34: trunks[1].color: unknown key; known here: name, from, next_hop, profile, credentials, attributes`,
			`3:56: trunks[1].next_hop: "x": URI has no scheme: want "sip:" or "sips:"`,
		}},
		{"from is no list", "trunks:\n  - {name: a, from: 192.0.2.1}\n", []string{`2:21: trunks[0].from: this is "192.0.2.1"; want a list of values, like [a, b]`}},
		{"trunks are no list", "trunks: {name: a}\n", []string{`1:9: trunks: this is a map; want a list of maps`}},
		{"policy is no map", "policy: embedded\n", []string{`1:9: policy: this is "embedded"; want a map of keys to values`}},
		{"policy out of range", "policy:\n  timeout: 11s\n  on_unavailable: maybe\n", []string{
			`2:12: policy.timeout: 11s is out of range (10ms to 10s)`,
			`3:19: policy.on_unavailable: "maybe" is not allowed; want one of map, embedded, pass_through`,
		}},
		{"a time without a unit", "policy: {timeout: 200}\n", []string{`1:19: policy.timeout: 200 is no time with its unit; want 10ms to 10s`}},
		{"limits", "limits: {attempts: 0, nesting: 65, setup_time: 10ms, decisions: many, waiting: -1}\n", []string{
			`1:20: limits.attempts: 0 is out of range (1 to 64)`, `1:32: limits.nesting: 65 is out of range (1 to 64)`,
			`1:48: limits.setup_time: 10ms is out of range (1s to 1h)`,
			`1:65: limits.decisions: "many" is no whole number; want 1 to 1000000`, `1:80: limits.waiting: -1 is out of range (1 to 1000000)`,
		}},
		{"secrets are not shown", "secrets: [abc, 00112233445566778899aabbccddeeff]\n", []string{
			`1:11: secrets[0]: want 32 to 128 hexadecimal digits, such as openssl rand -hex 32 prints`,
		}},
		{"headers that can't be touched", "allowed_headers: [Via, X-*, m, \"a b\"]\n", []string{
			`1:19: allowed_headers[0]: Via can't be allowed: no decision may touch it`,
			`1:29: allowed_headers[2]: "m" is no name of a header field in its long form`,
			`1:32: allowed_headers[3]: "a b" is no name of a header field in its long form`,
		}},
		{"too many secrets", "secrets: [" + strings.Repeat("00112233445566778899aabbccddeeff, ", 9) + "]\n", []string{
			`1:283: secrets[8]: more than 8 secrets`,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := ParseConfig("edge.yaml", []byte(c.text))
			if err == nil {
				t.Fatal("no error")
			}
			want := "edge.yaml:" + strings.Join(c.want, "\nedge.yaml:")
			if err.Error() != want {
				t.Errorf("got\n%v\nwant\n%s", err, want)
			}
		})
	}
}

// TestInvalidConfig is wrong as a whole, not in one value, so that a flag may put
// it right.
func TestInvalidConfig(t *testing.T) {
	t.Parallel()
	open := &Config{}
	if err := open.SetListen([]string{"udp://0.0.0.0:5060"}); err != nil {
		t.Fatal(err)
	}
	const relay = "listen: udp://0.0.0.0:5060 is no loopback address: without trunks the edge would relay for everybody; configure trunks"
	if err := open.Validate(); err == nil || err.Error() != relay {
		t.Errorf("got %v, want %s", err, relay)
	}
	open.Trunks = []Trunk{{Name: "a", From: from("192.0.2.0/24"), NextHop: []string{"sip:"}}}
	if err := open.Validate(); err == nil || !strings.HasPrefix(err.Error(), `trunk a: next_hop: "sip:": `) {
		t.Errorf("got %v", err)
	}
	open.Trunks[0].NextHop, open.Trunks[0].From = nil, nil
	if err := open.Validate(); err == nil || err.Error() != "trunk a: from is empty: want at least one address or network" {
		t.Errorf("got %v", err)
	}
	open.Trunks[0].From = from("192.0.2.0/24")
	if err := open.Validate(); err != nil {
		t.Error(err)
	}
	if err := open.SetListen([]string{"udp://127.0.0.1:0", "sctp://127.0.0.1:1"}); err == nil || !strings.HasPrefix(err.Error(), `--listen: listen address "sctp://127.0.0.1:1": `) {
		t.Errorf("got %v", err)
	}
}
