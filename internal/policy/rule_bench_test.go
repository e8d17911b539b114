package policy_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/policytest"
)

// twentyRules are those of bench/.
func twentyRules(tb testing.TB) string {
	tb.Helper()
	data, err := os.ReadFile("../../bench/rules.yaml")
	if err != nil {
		tb.Fatal(err)
	}
	return string(data)
}

// BenchmarkRules shows what twenty rules cost beside none.
func BenchmarkRules(b *testing.B) {
	for _, c := range []struct{ name, config string }{{"none", "profiles: [{name: default}]"}, {"twenty", twentyRules(b)}} {
		cfg, err := policy.ParseConfig("p.yaml", []byte(c.config))
		if err != nil {
			b.Fatal(err)
		}
		p := policy.NewBuiltin(cfg)
		for _, n := range []int{1, 12} {
			var contacts []*redirectv1.Contact
			for i := range n {
				contact := policytest.ContactQ(fmt.Sprintf("sip:+1555010%02d@10.0.0.%d:5080;transport=tcp", i, i+1), uint32(990-i*10))
				contact.Uri.Scheme, contact.Uri.User, contact.Uri.Host, contact.Uri.Port = "sip", fmt.Sprintf("+1555010%02d", i), fmt.Sprintf("10.0.0.%d", i+1), 5080
				contacts = append(contacts, contact)
			}
			req := policytest.Redirected(302, "Moved Temporarily", contacts...)
			b.Run(fmt.Sprintf("rules=%s/contacts=%d", c.name, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					resp, err := p.Decide(b.Context(), req)
					if err != nil || strings.Contains(resp.GetExplanation().GetText(), "cannot") {
						b.Fatal(resp, err)
					}
				}
			})
		}
	}
}
