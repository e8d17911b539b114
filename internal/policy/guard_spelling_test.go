package policy_test

import (
	"strings"
	"testing"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/policytest"
)

// decide asks a policy file about a question.
func decide(t *testing.T, config string, ask *redirectv1.DecideRequest) *redirectv1.DecideResponse {
	t.Helper()
	cfg, err := policy.ParseConfig("policy.yaml", []byte(config))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := policy.NewBuiltin(cfg).Decide(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	if err := policytest.Sound(ask, resp); err != nil {
		t.Error(err)
	}
	return resp
}

// TestGuardsAreNotEvadedBySpelling: what a contact reaches counts, however it is
// written.
func TestGuardsAreNotEvadedBySpelling(t *testing.T) {
	const (
		deny = "profiles: [{name: default, deny: {networks: [10.0.0.0/8], domains: ['*.evil.example'], prefixes: ['+1900', '+882'], " +
			"ports: [1-1023], schemes: [sips], own_address: true}}]"
		allow = "profiles: [{name: default, allow: {networks: [192.0.2.0/24], domains: [gw.example]}}]"
	)
	for _, c := range []struct{ name, config, uri, want string }{
		{"maddr is where it goes", deny, "sip:a@gw.example;maddr=10.1.2.3", "host 10.1.2.3 matches 10.0.0.0/8 in deny.networks"},
		{"escaped", deny, "sip:a@gw.example;%6Daddr=10.1.2.%33", "host 10.1.2.3 matches 10.0.0.0/8 in deny.networks"},
		{"mapped", deny, "sip:a@gw.example;MADDR=[::ffff:10.1.2.3]", "host ::ffff:10.1.2.3 matches 10.0.0.0/8 in deny.networks"},
		{"a name", deny, "sip:a@gw.example;maddr=X.Evil.Example.", "host X.Evil.Example. matches *.evil.example in deny.domains"},
		{"the host beside it counts too", deny, "sip:a@10.1.2.3;maddr=gw.example", "host 10.1.2.3 matches 10.0.0.0/8 in deny.networks"},
		{"the edge itself", deny, "sip:a@gw.example;maddr=edge1.example", "is an address of the edge itself"},
		{"not allowed", allow, "sip:a@gw.example;maddr=203.0.113.1", `host "203.0.113.1" is not among those of allow`},
		{"nor by the host beside it", allow, "sip:a@evil.example;maddr=192.0.2.1", `host "evil.example" is not among those of allow`},
		{"both allowed", allow, "sip:a@gw.example;maddr=192.0.2.1", ""},
		{"port of a transport", deny, "sip:a@h;transport=ws", "port 80 is in deny.ports"},
		{"port of a secure transport", deny, "sip:a@h;transport=WSS", "port 443 is in deny.ports"},
		{"scheme", deny, "SIPS:a@h", "the scheme sips is in deny.schemes"},
		{"escaped digits", deny, "sip:%2B%31900%3555@h", "number +1900555 begins with +1900"},
		{"separators first", deny, "sip:(1)900-555-1212@h", "number +19005551212 begins with +1900"},
		{"blanks first", deny, "sip:%20+1900.555.1212@h", "number +19005551212 begins with +1900"},
		{"more digits than any number has", deny, "sip:+19005551212123456789@h", "number +190055512121234 begins with +1900"},
		{"more to dial", deny, "sip:+19005551212%2C%2C1@h", "number +19005551212 begins with +1900"},
		{"more to dial, without a plus", deny, "sip:19005551212*1@h", "number +19005551212 begins with +1900"},
		{"the trunk 0 that is not dialled", deny, "sip:+1(0)9005551212@h", "number +19005551212 begins with +1900"},
		{"the international prefix", deny, "sip:0019005551212@h", "number +19005551212 begins with +1900"},
		{"with a plus too", deny, "sip:+00882123456@h", "number +882123456 begins with +882"},
		{"a context", deny, "tel:9005551212;phone-context=+1", "number +19005551212 begins with +1900"},
		{"a context in the user part", deny, "sip:900-555-1212;Phone-Context=%2B1@h;user=phone", "number +19005551212 begins with +1900"},
		{"not what only looks so", deny, "sip:1900bob@h", ""},
		{"another country", deny, "sip:+4419005551212@h", ""},
		{"a name", deny, "sip:bob@h", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			ask := policytest.Redirected(302, "", policytest.Contact(c.uri))
			ask.Edge.OwnAddresses = []string{"edge1.example:5060"}
			resp := decide(t, c.config, ask)
			v := resp.GetExplanation().GetContacts()[0]
			denied := v.GetRule() == "deny" || v.GetRule() == "allow"
			if denied != (c.want != "") || !strings.Contains(v.GetText(), c.want) {
				t.Errorf("rule %q, %q; want %q", v.GetRule(), v.GetText(), c.want)
			}
		})
	}
}
