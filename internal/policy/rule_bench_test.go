package policy_test

import (
	"fmt"
	"strings"
	"testing"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/policytest"
)

// twentyRules are rules as operators write them; none of them holds for the
// benchmark's call, so that all are asked.
var twentyRules = func() string {
	s := "lists: [{name: premium, type: prefixes, values: ['+1900', '+1976', '+882', '+979']}]\nprofiles:\n- name: default\n  rules:\n"
	for i := range 4 {
		s += fmt.Sprintf("  - {name: number %[1]d, when: 'e164(contact.uri).startsWith(\"+190%[1]d\")', then: skip}\n", i)
		s += fmt.Sprintf("  - {name: host %[1]d, when: 'contact.uri.host == \"gw%[1]d.example\" && call.trunk == \"carrier-a\"', then: prefer}\n", i)
		s += fmt.Sprintf("  - {name: list %[1]d, when: 'in_list(contact.uri, \"premium\") && call.profile != \"x%[1]d\"', then: skip}\n", i)
		s += fmt.Sprintf("  - {name: network %[1]d, when: 'in_network(contact.uri.host, \"192.0.%[1]d.0/24\")', then: {label: x}}\n", i)
		s += fmt.Sprintf("  - {name: call %[1]d, when: 'call.trunk == \"carrier-%[1]d\" && attempts.size() > 1', then: {reject: 403}}\n", i)
	}
	return s
}()

// BenchmarkRules shows what twenty rules cost beside none.
func BenchmarkRules(b *testing.B) {
	for _, c := range []struct{ name, config string }{{"none", "profiles: [{name: default}]"}, {"twenty", twentyRules}} {
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
