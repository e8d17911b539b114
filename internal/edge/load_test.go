package edge

import (
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/callrecord"
	"github.com/redirectd/redirectd/internal/edge/transport"
	"github.com/redirectd/redirectd/internal/linelog"
	"github.com/redirectd/redirectd/internal/policy/canary"
	"github.com/redirectd/redirectd/internal/policy/record"
	"github.com/redirectd/redirectd/internal/policy/shadow"
)

const goodFile = `# every key
listen: [udp://127.0.0.1:5060, "tcp://[::1]:5070", tls://127.0.0.1:5061]
advertise: edge1.example.com
admin: 127.0.0.1:9060
next_hop: sip:redirect.example.com;transport=tcp
profile: default
trunks:
  - name: carrier-a
    from: [192.0.2.7/24, 198.51.100.1, "2001:db8::/32", "::ffff:203.0.113.9"]
    next_hop: sip:192.0.2.9:5080;lr
    onward: [sip:core1.example.net, sips:core2.example.net]
    response_timeout: 1500ms
    role: redirect-server
    recurse_from: next_hop
    oversize: udp
    profile: strict
    methods: [INVITE, OPTIONS, X-PING]
    credentials: forward
    shown_headers: []
    allowed_headers: [Date]
    limits: {attempts: 3, nesting: 2, setup_time: 30s, transactions: 500}
    targets: {deny: [private]}
    attributes: {tenant: "7", class: gold}
  - {name: b, listeners: [tls://127.0.0.1:5061], tls_names: [SIP.Example.com], role: proxy, recurse_from: any, credentials: strip}
strangers: ignore
tls: {cert: edge.pem, key: edge.key, ca: ca.pem, client_auth: request}
dns: {servers: [192.0.2.53, "192.0.2.54:5353", "2001:db8::53", "[2001:db8::54]:53"], timeout: 3s, unreachable_for: 1m}
targets: {allow: [203.0.113.0/24, private], deny: [loopback, link_local, multicast, 10.9.9.9], ports: [5060, 1024-65535]}
connections: {max: 500, per_source: 50, idle: 10m, handshake: 3s, message: 4s, write: 2s, queue: 65536}
secrets: [00112233445566778899aabbccddeeff, "ffeeddccbbaa99887766554433221100ff"]
shown_headers: [Reason]
allowed_headers: [Identity, X-*]
instance: edge-1
zone: z1
policy:
  {target: "dns:///redirectd:50051", config: policy.yaml, timeout: 150ms, on_unavailable: pass_through,
   shadow: {target: 127.0.0.1:50052, share: 12.5%, timeout: 2s, concurrency: 8, queue: 50, file: shadow.jsonl},
   canary: {target: embedded, share: 5%, trunks: [carrier-a, b], timeout: 90ms, max_errors: 0%, max_latency: 50ms, window: 2m, min_questions: 100, back_after: 1h},
   record: {file: recording.jsonl, max_size: 1GiB, max_backups: 3, max_age: 7d, compress: gzip, share: 0.5%, redact: users}}
limits: {attempts: 8, nesting: 3, setup_time: 90s, decisions: 10, transactions: 20, waiting: 30, addresses: 5}
records: {file: records.jsonl, max_size: 2GiB, max_backups: 5, max_age: 30d, compress: zstd, redact: users}
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
				NextHop: []string{"sip:192.0.2.9:5080;lr"}, Onward: []string{"sip:core1.example.net", "sips:core2.example.net"},
				ResponseTimeout: 1500 * time.Millisecond, Role: RoleRedirectServer, RecurseFrom: RecurseFromNextHop, Profile: "strict", Oversize: OversizeUDP,
				Methods: []string{"INVITE", "OPTIONS", "X-PING"}, ForwardCredentials: true,
				ShownHeaders: []string{}, AllowedHeaders: []string{"Date"},
				Limits:     TrunkLimits{Attempts: 3, Nesting: 2, SetupTime: 30 * time.Second, Transactions: 500},
				Targets:    &Targets{Deny: from("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")},
				Attributes: map[string]string{"tenant": "7", "class": "gold"},
			},
			{
				Name: "b", Listeners: []transport.Address{mustAddress(t, "tls://127.0.0.1:5061")}, TLSNames: []string{"sip.example.com"},
				Role: RoleProxy, RecurseFrom: RecurseFromAny,
			},
		},
		Strangers: Ignore,
		TLS:       transport.TLSConfig{Cert: "edge.pem", Key: "edge.key", CA: "ca.pem", ClientAuth: transport.ClientAuthRequest},
		DNS: DNSConfig{
			Servers: []netip.AddrPort{
				netip.MustParseAddrPort("192.0.2.53:53"), netip.MustParseAddrPort("192.0.2.54:5353"),
				netip.MustParseAddrPort("[2001:db8::53]:53"), netip.MustParseAddrPort("[2001:db8::54]:53"),
			},
			Timeout: 3 * time.Second, UnreachableFor: time.Minute,
		},
		Targets: Targets{
			Allow: from("203.0.113.0/24", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"),
			Deny:  from("127.0.0.0/8", "::1/128", "169.254.0.0/16", "fe80::/10", "224.0.0.0/4", "ff00::/8", "10.9.9.9/32"),
			Ports: []PortRange{{5060, 5060}, {1024, 65535}},
		},
		Connections: ConnectionLimits{
			Max: 500, PerSource: 50, Idle: 10 * time.Minute, Handshake: 3 * time.Second, Message: 4 * time.Second, Write: 2 * time.Second, Queue: 65536,
		},
		Secrets: [][]byte{
			{0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff},
			{0xff, 0xee, 0xdd, 0xcc, 0xbb, 0xaa, 0x99, 0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 0, 0xff},
		},
		ShownHeaders: []string{"Reason"}, AllowedHeaders: []string{"Identity", "X-*"}, Instance: "edge-1", Zone: "z1",
		Policy: PolicyConfig{
			Target: "dns:///redirectd:50051", File: "policy.yaml", Timeout: 150 * time.Millisecond, OnUnavailable: PassThrough,
			Shadow: &shadow.Config{Target: "127.0.0.1:50052", Share: 12.5, Timeout: 2 * time.Second, Concurrency: 8, Queue: 50, File: "shadow.jsonl"},
			Canary: &canary.Config{
				Target: "embedded", Share: 5, Trunks: []string{"carrier-a", "b"}, Timeout: 90 * time.Millisecond, MaxErrors: new(0.0),
				MaxLatency: 50 * time.Millisecond, Window: 2 * time.Minute, MinQuestions: 100, BackAfter: time.Hour,
			},
			Record: record.Config{
				Config: linelog.Config{File: "recording.jsonl", MaxSize: 1 << 30, MaxBackups: 3, MaxAge: 7, Compress: linelog.CompressGzip},
				Share:  0.5, Redact: record.RedactUsers,
			},
		},
		Limits: Limits{Attempts: 8, Nesting: 3, SetupTime: 90 * time.Second, Decisions: 10, Transactions: 20, Waiting: 30, Addresses: 5},
		Records: callrecord.Config{
			Config: linelog.Config{File: "records.jsonl", MaxSize: 2 << 30, MaxBackups: 5, MaxAge: 30, Compress: linelog.CompressZstd},
			Redact: callrecord.RedactUsers,
		},
	}
	if err := want.SetListen([]string{"udp://127.0.0.1:5060", "tcp://[::1]:5070", "tls://127.0.0.1:5061"}); err != nil {
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
			`2:5: trunks[0].name: the key is missing`, `3:5: trunks[1].from: the key is missing: a trunk has at least one of from, listeners and tls_names`,
		}},
		{"bad trunks", "trunks:\n  - {name: a, from: [192.0.2.1, nowhere, 192.0.2.0/33]}\n  - {name: a, from: [192.0.2.2], color: red, next_hop: x}\n", []string{
			`2:33: trunks[0].from[1]: "nowhere" is no address and no network: want 192.0.2.1 or 192.0.2.0/24`,
			`2:42: trunks[0].from[2]: "192.0.2.0/33" is no address and no network: want 192.0.2.1 or 192.0.2.0/24`,
			`3:6: trunks[1].name: "a" is the name of an earlier trunk`,
			`3:34: trunks[1].color: unknown key; known here: name, from, listeners, tls_names, next_hop, onward, response_timeout, role, recurse_from, oversize, profile, methods, credentials, shown_headers, allowed_headers, limits, targets, attributes`,
			`3:56: trunks[1].next_hop: "x": URI has no scheme: want "sip:" or "sips:"`,
		}},
		{"from is no list", "trunks:\n  - {name: a, from: 192.0.2.1}\n", []string{`2:21: trunks[0].from: this is "192.0.2.1"; want a list of values, like [a, b]`}},
		{"trunks are no list", "trunks: {name: a}\n", []string{`1:9: trunks: this is a map; want a list of maps`}},
		{"policy is no map", "policy: embedded\n", []string{`1:9: policy: this is "embedded"; want a map of keys to values`}},
		{"policy out of range", "policy:\n  timeout: 11s\n  on_unavailable: maybe\n", []string{
			`2:12: policy.timeout: 11s is out of range (10ms to 10s)`,
			`3:19: policy.on_unavailable: "maybe" is not allowed; want one of map, embedded, pass_through`,
		}},
		{"second policies without what they need", "policy: {shadow: {}, canary: {}}\n", []string{
			`1:18: policy.shadow.target: the key is missing`,
			`1:30: policy.canary.target: the key is missing`,
			`1:30: policy.canary.share: the key is missing`,
		}},
		{"a shadow that is nowhere", "policy: {shadow: ''}\n", []string{`1:18: policy.shadow: the target is empty`}},
		{"a shadow in a list", "policy: {shadow: [a:1]}\n", []string{`1:18: policy.shadow: this is a list; want one value, or a map of keys to values`}},
		{"a bad shadow", "policy:\n  shadow: {target: '', share: 101%, timeout: 1ms, concurrency: 0, queue: 0, file: '', trunks: [a]}\n", []string{
			`2:12: policy.shadow.target: the target is empty`,
			`2:31: policy.shadow.share: 101% is out of range (above 0% to 100%)`,
			`2:46: policy.shadow.timeout: 1ms is out of range (10ms to 10s)`,
			`2:64: policy.shadow.concurrency: 0 is out of range (1 to 1000)`,
			`2:74: policy.shadow.queue: 0 is out of range (1 to 100000)`,
			`2:77: policy.shadow.file: the name is empty; want a file, or stdout`,
			`2:87: policy.shadow.trunks: unknown key; known here: target, share, timeout, concurrency, queue, file`,
		}},
		{"a bad canary", "policy:\n  canary: {target: 'a:1', share: 0%, trunks: [], timeout: 11s, max_errors: 100%, max_latency: 1us, window: 1ms, min_questions: 0, back_after: 25h}\n", []string{
			`2:34: policy.canary.share: 0% is out of range (above 0% to 100%)`,
			`2:38: policy.canary.trunks: the list is empty; name at least one, or leave the key out`,
			`2:59: policy.canary.timeout: 11s is out of range (10ms to 10s)`,
			`2:76: policy.canary.max_errors: 100% is out of range (0% to below 100%)`,
			`2:95: policy.canary.max_latency: 1us is out of range (1ms to 10s)`,
			`2:108: policy.canary.window: 1ms is out of range (1s to 1h)`,
			`2:128: policy.canary.min_questions: 0 is out of range (1 to 100000)`,
			`2:143: policy.canary.back_after: 25h is out of range (1s to 24h)`,
		}},
		{"shares that are none", "policy: {shadow: {target: 'a:1', share: 5}, canary: {target: 'b:1', share: 5.%, max_errors: -1%}}\n", []string{
			`1:41: policy.shadow.share: "5" is no share; want a percentage, as in 5% or 0.5%`,
			`1:76: policy.canary.share: "5.%" is no share; want a percentage, as in 5% or 0.5%`,
			`1:93: policy.canary.max_errors: "-1%" is no share; want a percentage, as in 5% or 0.5%`,
		}},
		{"a canary of trunks that are not there", "trunks: [{name: carrier-a, from: [192.0.2.1]}, {name: b, from: [192.0.2.2]}]\npolicy: {canary: {target: 'a:1', share: 5%, trunks: [carrier-a, carier-b, x, b]}}\n", []string{
			`2:65: policy.canary.trunks[1]: there is no trunk "carier-b"; did you mean "carrier-a"?`,
			`2:75: policy.canary.trunks[2]: there is no trunk "x"; did you mean "b"?`,
		}},
		{"a canary of trunks without any", "policy: {canary: {target: 'a:1', share: 5%, trunks: [a]}}\n", []string{`1:54: policy.canary.trunks[0]: there is no trunk "a": none is configured`}},
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
		{"strangers", "strangers: drop\n", []string{`1:12: strangers: "drop" is not allowed; want one of reject, ignore`}},
		{"tls", "tls: {certs: a, client_auth: yes}\n", []string{
			`1:7: tls.certs: unknown key; did you mean "cert"?`,
			`1:30: tls.client_auth: "yes" is not allowed; want one of none, request, require`,
		}},
		{"tls is no map", "tls: edge.pem\n", []string{`1:6: tls: this is "edge.pem"; want a map of keys to values`}},
		{"dns", "dns: {servers: [ns.example.com, \"192.0.2.1:0\", 192.0.2.1:99999], timeout: 50ms, unreachable_for: 2h}\n", []string{
			`1:17: dns.servers[0]: "ns.example.com" is no address: want 192.0.2.53, 192.0.2.53:53 or [2001:db8::53]:53`,
			`1:33: dns.servers[1]: "192.0.2.1:0" is no address: want 192.0.2.53, 192.0.2.53:53 or [2001:db8::53]:53`,
			`1:48: dns.servers[2]: "192.0.2.1:99999" is no address: want 192.0.2.53, 192.0.2.53:53 or [2001:db8::53]:53`,
			`1:75: dns.timeout: 50ms is out of range (100ms to 30s)`,
			`1:98: dns.unreachable_for: 2h is out of range (1s to 1h)`,
		}},
		{"no DNS servers", "dns: {servers: []}\n", []string{`1:7: dns.servers: the list is empty; name at least one, or leave the key out`}},
		{"targets", "targets:\n  allow: [multicast, privat]\n  deny: [10.0.0.0/33]\n  ports: [0, 70000, 9-8, a-b, 5060-, sip]\n  port: 1\n", []string{
			`2:11: targets.allow[0]: multicast can't be allowed: no request goes there`,
			`2:22: targets.allow[1]: "privat" is no network: want 192.0.2.1, 192.0.2.0/24, or private, loopback, link_local or multicast`,
			`3:10: targets.deny[0]: "10.0.0.0/33" is no network: want 192.0.2.1, 192.0.2.0/24, or private, loopback, link_local or multicast`,
			`4:11: targets.ports[0]: "0" is no port and no range of ports: want 5060 or 1024-65535`,
			`4:14: targets.ports[1]: "70000" is no port and no range of ports: want 5060 or 1024-65535`,
			`4:21: targets.ports[2]: "9-8" is no port and no range of ports: want 5060 or 1024-65535`,
			`4:26: targets.ports[3]: "a-b" is no port and no range of ports: want 5060 or 1024-65535`,
			`4:31: targets.ports[4]: "5060-" is no port and no range of ports: want 5060 or 1024-65535`,
			`4:38: targets.ports[5]: "sip" is no port and no range of ports: want 5060 or 1024-65535`,
			`5:3: targets.port: unknown key; did you mean "ports"?`,
		}},
		{"lists that would mean all", "targets: {allow: [], ports: []}\ntrunks: [{name: a, from: [], listeners: [], tls_names: [], methods: []}]\n", []string{
			`1:11: targets.allow: the list is empty; name at least one, or leave the key out`,
			`1:22: targets.ports: the list is empty; name at least one, or leave the key out`,
			`2:20: trunks[0].from: the list is empty; name at least one, or leave the key out`,
			`2:30: trunks[0].listeners: the list is empty; name at least one, or leave the key out`,
			`2:45: trunks[0].tls_names: the list is empty; name at least one, or leave the key out`,
			`2:60: trunks[0].methods: the list is empty; name at least one, or leave the key out`,
		}},
		{"connections", "connections: {max: 0, per_source: 0, idle: 1, handshake: 2m, message: 1ms, write: 1h, queue: 1}\n", []string{
			`1:20: connections.max: 0 is out of range (1 to 1000000)`, `1:35: connections.per_source: 0 is out of range (1 to 1000000)`,
			`1:44: connections.idle: 1 is no time with its unit; want 1s to 24h`, `1:58: connections.handshake: 2m is out of range (100ms to 1m)`, `1:71: connections.message: 1ms is out of range (100ms to 5m)`,
			`1:83: connections.write: 1h is out of range (100ms to 5m)`, `1:94: connections.queue: 1 is out of range (65536 to 1073741824)`,
		}},
		{"who a trunk is", "trunks: [{name: a, listeners: [udp://host:1], tls_names: [\"*.example.com\", 192.0.2.1, a..b, -a.example.com, \"\"]}]\n", []string{
			`1:32: trunks[0].listeners[0]: listen address "udp://host:1": host "host" is no IP address: want one such as 127.0.0.1, 0.0.0.0 or [::1]`,
			`1:59: trunks[0].tls_names[0]: "*.example.com" is no domain: want one such as sip.example.com, without a wildcard (RFC 5922 section 7.2)`,
			`1:76: trunks[0].tls_names[1]: "192.0.2.1" is no domain: want one such as sip.example.com, without a wildcard (RFC 5922 section 7.2)`,
			`1:87: trunks[0].tls_names[2]: "a..b" is no domain: want one such as sip.example.com, without a wildcard (RFC 5922 section 7.2)`,
			`1:93: trunks[0].tls_names[3]: "-a.example.com" is no domain: want one such as sip.example.com, without a wildcard (RFC 5922 section 7.2)`,
			`1:109: trunks[0].tls_names[4]: "" is no domain: want one such as sip.example.com, without a wildcard (RFC 5922 section 7.2)`,
		}},
		{"what a trunk may", "trunks:\n- name: a\n  from: [192.0.2.1]\n  methods: [invite, ACK, CANCEL, \"a b\"]\n  role: redirect\n  recurse_from: nobody\n  response_timeout: 33s\n" +
			"  onward: [tel:+1]\n  credentials: keep\n  allowed_headers: [To]\n  shown_headers: [x]\n  limits: {attempts: 65, waiting: 1, transactions: 0}\n  targets: {deny: [nowhere]}\n", []string{
			`4:13: trunks[0].methods[0]: "invite" is another method than INVITE: write it in capitals`,
			`4:21: trunks[0].methods[1]: ACK goes with its INVITE: leave it out`,
			`4:26: trunks[0].methods[2]: CANCEL goes with its INVITE: leave it out`,
			`4:34: trunks[0].methods[3]: "a b" is no method: want one such as INVITE`,
			`5:9: trunks[0].role: "redirect" is not allowed; want one of proxy, redirect-server`,
			`6:17: trunks[0].recurse_from: "nobody" is not allowed; want one of any, next_hop`,
			`7:21: trunks[0].response_timeout: 33s is out of range (100ms to 32s)`,
			`8:12: trunks[0].onward[0]: "tel:+1" is no SIP URI (sip:HOST:PORT)`,
			`9:16: trunks[0].credentials: "keep" is not allowed; want one of strip, forward`,
			`10:21: trunks[0].allowed_headers[0]: To can't be allowed: no decision may touch it`,
			`11:19: trunks[0].shown_headers[0]: "x" is no name of a header field in its long form`,
			`12:22: trunks[0].limits.attempts: 65 is out of range (1 to 64)`,
			`12:26: trunks[0].limits.waiting: unknown key; known here: attempts, nesting, setup_time, transactions`,
			`12:52: trunks[0].limits.transactions: 0 is out of range (1 to 10000000)`,
			`13:20: trunks[0].targets.deny[0]: "nowhere" is no network: want 192.0.2.1, 192.0.2.0/24, or private, loopback, link_local or multicast`,
		}},
		{"records", "records: {max_size: 0MiB, max_backups: 0, max_age: 0d, compress: yes, redact: all}\n", []string{
			`1:10: records.file: the key is missing`, `1:21: records.max_size: 0MiB is out of range (1MiB to 10GiB)`, `1:40: records.max_backups: 0 is out of range (1 to 1000)`,
			`1:52: records.max_age: 0d is out of range (1d to 3650d)`, `1:66: records.compress: "yes" is not allowed; want one of none, gzip, zstd`,
			`1:79: records.redact: "all" is not allowed; want one of none, users`,
		}},
		{"sizes and ages without a unit", "records: {file: a, max_size: 100, max_age: 1w, fil: b}\n", []string{
			`1:30: records.max_size: "100" is no size with its unit; want 1MiB to 10GiB, as in 100MiB`,
			`1:44: records.max_age: "1w" is no time in days; want 1d to 3650d`, `1:48: records.fil: unknown key; did you mean "file"?`,
		}},
		{"a size too big", "records: {file: \"\", max_size: 11GiB}\n", []string{
			`1:11: records.file: the name is empty; want a file, or stdout`, `1:31: records.max_size: 11GiB is out of range (1MiB to 10GiB)`,
		}},
		{"recordings", "policy: {record: {max_backups: 1001, share: 5, redact: all}}\n", []string{
			`1:18: policy.record.file: the key is missing`, `1:32: policy.record.max_backups: 1001 is out of range (1 to 1000)`,
			`1:45: policy.record.share: "5" is no share; want a percentage, as in 5% or 0.5%`,
			`1:56: policy.record.redact: "all" is not allowed; want one of none, users`,
		}},
		{"recordings of none", "policy: {record: {file: stdout, share: 0%, max_age: 1d}}\n", []string{
			`1:40: policy.record.share: 0% is out of range (above 0% to 100%)`, `1:44: policy.record.max_age: of stdout nothing is rotated; leave it out`,
		}},
		{"records on standard output", "records: {file: stdout, max_size: 1MiB, redact: none}\n", []string{
			`1:25: records.max_size: of stdout nothing is rotated; leave it out`,
		}},
		{"records are no map", "records: stdout\n", []string{`1:10: records: this is "stdout"; want a map of keys to values`}},
		{"addresses", "limits: {addresses: 17}\n", []string{`1:21: limits.addresses: 17 is out of range (1 to 16)`}},
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
