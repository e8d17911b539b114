package expr_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/redirectd/redirectd/internal/policy/expr"
)

// BenchmarkCondition is what a rule costs for each contact. The target is 0.3 us.
func BenchmarkCondition(b *testing.B) {
	lists := lists(b)
	lists["big"] = bigPrefixList(b)
	env, err := expr.NewEnv(lists)
	if err != nil {
		b.Fatal(err)
	}
	for _, bench := range []struct{ name, src string }{
		{"number", `e164(contact.uri).startsWith("+1900")`},
		{"host and trunk", `contact.uri.host == "b.example" && call.trunk == "carrier-a"`},
		{"prefix list", `in_list(contact.uri, "big")`},
		{"region", `region(contact.uri) == "US"`},
		{"national number", `e164(contact.uri, "US").startsWith("+1900")`},
		{"domain", `in_domain(contact.uri, "*.example")`},
		{"network", `in_network(call.source_address, "192.0.2.0/24")`},
		{"time", `in_time(now, "Mo-Fr 08:00-18:00", "Europe/Berlin")`},
		{"header", `header(call, "X-Tenant") == "acme"`},
		{"share", `share("canary", 50)`},
		{"status", `redirect.response.status == 302 && q(contact) < 0.7`},
		{"loop", `attempts.exists(a, a.outcome == OUTCOME_REFUSED)`},
	} {
		b.Run(bench.name, func(b *testing.B) {
			c, err := env.Condition(bench.src)
			if err != nil {
				b.Fatal(err)
			}
			req := question()
			in := expr.NewInput(req)
			contacts := req.GetRedirect().GetContacts()
			if _, err := c.Eval(in.SetContact(contacts[0])); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			b.ResetTimer()
			for i := 0; b.Loop(); i++ {
				if _, err := c.Eval(in.SetContact(contacts[i%len(contacts)])); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkMatchPrefix is one lookup in a list of 10,000 prefixes. The target is
// 0.3 us.
func BenchmarkMatchPrefix(b *testing.B) {
	list := bigPrefixList(b)
	r := rand.New(rand.NewPCG(1, 2))
	numbers := make([]string, 1024)
	for i := range numbers {
		numbers[i] = fmt.Sprintf("+%d", 1e10+r.Int64N(9e10))
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		_, _ = list.MatchPrefix(numbers[i%len(numbers)])
	}
}

func BenchmarkMatchAddr(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	networks := make([]string, 10_000)
	for i := range networks {
		a := netip.AddrFrom4([4]byte{byte(r.IntN(224)), byte(r.IntN(256)), byte(r.IntN(256)), 0})
		networks[i] = netip.PrefixFrom(a, 16+r.IntN(9)).Masked().String()
	}
	list, err := expr.NewNetworkList(networks)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		_, _ = list.MatchAddr(netip.AddrFrom4([4]byte{byte(i), byte(i >> 3), byte(i >> 5), 1}))
	}
}

func BenchmarkTemplate(b *testing.B) {
	env := environment(b)
	t, err := env.Template(`sip:${e164(contact.uri)}@gw.example;x=${contact.uri.port}`)
	if err != nil {
		b.Fatal(err)
	}
	req := question()
	in := expr.NewInput(req).SetContact(req.GetRedirect().GetContacts()[0])
	b.ReportAllocs()
	for b.Loop() {
		if _, err := t.Eval(in); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSeen(b *testing.B) {
	c, err := environment(b).Condition(`e164(contact.uri).startsWith("+1") && attempts.size() >= 1`)
	if err != nil {
		b.Fatal(err)
	}
	req := question()
	in := expr.NewInput(req).SetContact(req.GetRedirect().GetContacts()[0])
	b.ReportAllocs()
	for b.Loop() {
		_ = c.Seen(in)
	}
}

// BenchmarkNewInput is what a question costs before its first rule.
func BenchmarkNewInput(b *testing.B) {
	req := question()
	b.ReportAllocs()
	for b.Loop() {
		_ = expr.NewInput(req)
	}
}

// BenchmarkCompile is what loading a rule costs.
func BenchmarkCompile(b *testing.B) {
	env := environment(b)
	for b.Loop() {
		if _, err := env.Condition(`e164(contact.uri).startsWith("+1900") && call.trunk == "carrier-a"`); err != nil {
			b.Fatal(err)
		}
	}
}

// bigPrefixList has 10,000 prefixes of 4 to 9 digits.
func bigPrefixList(t testing.TB) *expr.List {
	t.Helper()
	r := rand.New(rand.NewPCG(3, 4))
	prefixes := make([]string, 10_000)
	for i := range prefixes {
		low := int64(1000)
		for range r.IntN(6) {
			low *= 10
		}
		prefixes[i] = fmt.Sprintf("+%d", low+r.Int64N(9*low))
	}
	list, err := expr.NewPrefixList(prefixes)
	if err != nil {
		t.Fatal(err)
	}
	return list
}
