package edge

import (
	"slices"
	"strings"
	"testing"
)

// TestInvalidConfig is wrong as a whole, not in one value, so that a flag may put
// it right. Every mistake is named, not the first only.
func TestInvalidConfig(t *testing.T) {
	t.Parallel()
	const a = "trunks: [{name: a, from: [192.0.2.0/24]"
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"nothing", "", nil},
		{"trunks", "listen: [udp://0.0.0.0:5060]\n" + a + "}]\n", nil},
		{"an open relay", "listen: [udp://0.0.0.0:5060, udp://127.0.0.1:5061, tcp://192.0.2.1:5060]\n", []string{
			"listen: udp://0.0.0.0:5060 is no loopback address: without trunks the edge would relay for everybody; configure trunks",
			"listen: tcp://192.0.2.1:5060 is no loopback address: without trunks the edge would relay for everybody; configure trunks",
		}},
		{"TLS without either", "listen: [tls://127.0.0.1:5061, wss://127.0.0.1:443]\n", []string{
			"listen: tls://127.0.0.1:5061 needs tls.cert and tls.key", "listen: wss://127.0.0.1:443 needs tls.cert and tls.key",
		}},
		{"a listener that is none", "listen: [udp://127.0.0.1:5060]\ntrunks: [{name: a, listeners: [tcp://127.0.0.1:5060]}]\n", []string{
			"trunk a: listeners: tcp://127.0.0.1:5060 is not among listen, which has udp://127.0.0.1:5060",
		}},
		{"a listener by default", "trunks: [{name: a, listeners: [tcp://127.0.0.1:5060]}]\n", nil},
		{"names that nobody shows", a + ", tls_names: [a.example.com]}]\n", []string{
			"trunk a: tls_names: tls.client_auth must be request or require, or nobody shows a name",
			"trunk a: tls_names: no listener of tls or wss is there: udp://127.0.0.1:5060, tcp://127.0.0.1:5060",
		}},
		{"names at a listener without TLS", "listen: [udp://127.0.0.1:5060, tls://127.0.0.1:5061]\ntls: {cert: a, key: b, client_auth: require}\n" +
			"trunks: [{name: a, listeners: [udp://127.0.0.1:5060], tls_names: [a.example.com]}]\n", []string{
			"trunk a: tls_names: no listener of tls or wss is there: udp://127.0.0.1:5060",
		}},
		{"names", "listen: [udp://127.0.0.1:5060, tls://127.0.0.1:5061]\ntls: {cert: a, key: b, client_auth: request}\n" +
			"trunks: [{name: a, tls_names: [a.example.com]}]\n", nil},
		{"next hops out of reach", "listen: [udp://127.0.0.1:5060]\nnext_hop: [sip:192.0.2.1;transport=tcp, sips:a.example.com, sip:a.example.com]\n", []string{
			`next_hop: "sip:192.0.2.1;transport=tcp" needs a listener of tcp; listen has udp://127.0.0.1:5060`,
			`next_hop: "sips:a.example.com" needs a listener of tls or wss; listen has udp://127.0.0.1:5060`,
		}},
		{"next hops of a trunk out of reach", "listen: [tcp://127.0.0.1:5060]\n" + a + ", next_hop: sip:192.0.2.1, onward: [sip:192.0.2.1;transport=tcp, sips:a.example.com:5061]}]\n", []string{
			`trunk a: next_hop: "sip:192.0.2.1" needs a listener of udp; listen has tcp://127.0.0.1:5060`,
			`trunk a: onward: "sips:a.example.com:5061" needs a listener of tls; listen has tcp://127.0.0.1:5060`,
		}},
		{"one port for two", "listen: [udp://127.0.0.1:5060, tcp://127.0.0.1:5060, udp://127.0.0.1:5060, ws://127.0.0.1:5060, tcp://0.0.0.0:5061, ws://127.0.0.1:5061, tcp://127.0.0.1:0, tcp://127.0.0.1:0]\n" + a + "}]\n", []string{
			"listen: udp://127.0.0.1:5060 stands there twice",
			"listen: tcp://127.0.0.1:5060 and ws://127.0.0.1:5060 can't have the same port",
			"listen: tcp://0.0.0.0:5061 and ws://127.0.0.1:5061 can't have the same port",
		}},
		{"next hops that are the edge itself", "listen: [udp://127.0.0.1:5060, tcp://0.0.0.0:5062]\nadvertise: edge.example.com\n" + a +
			", next_hop: [\"sip:127.0.0.1\", \"sip:127.0.0.9:5062;transport=tcp\", \"sip:EDGE.example.com:5060\", \"sip:127.0.0.1:5061\", \"sip:edge.example.com:5061\"]}]\n", []string{
			`trunk a: next_hop: "sip:127.0.0.1" is this edge itself`,
			`trunk a: next_hop: "sip:127.0.0.9:5062;transport=tcp" is this edge itself`,
			`trunk a: next_hop: "sip:EDGE.example.com:5060" is this edge itself`,
		}},
		{"policies beside the first", "records: {file: a.jsonl}\npolicy: {target: 'a:1', timeout: 100ms, shadow: {target: 'a:1', file: a.jsonl}, canary: {target: 'a:1', share: 1%, timeout: 100ms}}\n", []string{
			"policy.shadow.target: a:1 is the first policy itself (policy.target)",
			"policy.shadow.file: call records go to a.jsonl; leave this key out, and these go there, too",
			"policy.canary.target: a:1 is the first policy itself (policy.target)",
			"policy.canary.timeout: 100ms leaves no time to ask the first policy: want less than policy.timeout, 100ms",
		}},
		{"the embedded policy twice", "policy: {shadow: embedded, canary: {target: embedded, share: 1%, max_latency: 100ms}}\n", []string{
			"policy.shadow.target: embedded is the first policy itself (policy.target)",
			"policy.canary.target: embedded is the first policy itself (policy.target)",
			"policy.canary.max_latency: 100ms is never exceeded: after 100ms there is no answer any more (policy.canary.timeout)",
		}},
		{"one policy beside the first twice", "policy: {shadow: 'a:1', canary: {target: 'a:1', share: 1%, timeout: 150ms, max_latency: 149ms}}\n", nil},
		{"a next hop of another family", "next_hop: \"sip:[2001:db8::1]\"\n", []string{
			`next_hop: "sip:[2001:db8::1]" needs a listener of udp and of its address family; listen has udp://127.0.0.1:5060, tcp://127.0.0.1:5060`,
		}},
		{"more from one than in all", "connections: {max: 10, per_source: 11}\n", []string{"connections.per_source: 11 is more than connections.max, 10"}},
		{"less in all than from one by default", "connections: {max: 10}\n", nil},
		{"trunks that nothing is of", "trunks: [{name: a, from: [192.0.2.0/24]}, {name: b, from: [192.0.2.1, 192.0.2.128/25]}, {name: c, from: [192.0.2.9], listeners: [udp://127.0.0.1:5060]}, " +
			"{name: d, from: [192.0.0.0/16]}, {name: e, listeners: [udp://127.0.0.1:5060]}]\n", []string{
			"trunk b: everything it is known by is of trunk a before it, which gets all its requests: put it first, or say more of the other",
			"trunk c: everything it is known by is of trunk a before it, which gets all its requests: put it first, or say more of the other",
		}},
		{"a role without a next hop", a + ", role: redirect-server, recurse_from: next_hop}]\n", []string{
			"trunk a: role: there is no next_hop that could be a redirect-server", "trunk a: recurse_from: there is no next_hop",
		}},
		{"a role with the next hop of the edge", "next_hop: sip:192.0.2.1\n" + a + ", role: redirect-server, recurse_from: next_hop}]\n", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			config, err := ParseConfig("edge.yaml", []byte(c.text))
			if err != nil {
				t.Fatal(err)
			}
			checkMistakes(t, config, c.want...)
		})
	}
}

// TestInvalidWithoutAFile has what a file can't say.
func TestInvalidWithoutAFile(t *testing.T) {
	t.Parallel()
	c := &Config{Trunks: []Trunk{{Name: "a", NextHop: []string{"tel:+1"}}, {Name: "a", From: from("192.0.2.0/24")}}}
	c.NextHop = append(slices.Repeat([]string{"sip:192.0.2.1"}, 13), "sip:a.example.com;method=INVITE", "sip:a.example.com?Subject=x", "sip:0.0.0.0", "sip:[::]:5060")
	checkMistakes(t, c,
		"next_hop: 17 are more than 16: they are tried one after another",
		`next_hop: "sip:a.example.com;method=INVITE": a next hop has no method parameter and no ?headers (19.1.1)`,
		`next_hop: "sip:a.example.com?Subject=x": a next hop has no method parameter and no ?headers (19.1.1)`,
		`next_hop: "sip:0.0.0.0" leads nowhere: it is no address of a host`,
		`next_hop: "sip:[::]:5060" leads nowhere: it is no address of a host`,
		"trunk a: want at least one of from, listeners and tls_names: without any it would be everybody",
		`trunk a: next_hop: "tel:+1" is no SIP URI (sip:HOST:PORT)`,
		"trunk a: the name is that of an earlier trunk")
	if err := c.SetListen([]string{"udp://127.0.0.1:0", "sctp://127.0.0.1:1"}); err == nil || !strings.HasPrefix(err.Error(), `--listen: listen address "sctp://127.0.0.1:1": `) {
		t.Errorf("got %v", err)
	}
}

func checkMistakes(t *testing.T, c *Config, want ...string) {
	t.Helper()
	got := ""
	if err := c.Validate(); err != nil {
		got = err.Error()
	}
	if got != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}
