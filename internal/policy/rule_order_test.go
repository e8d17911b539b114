package policy_test

import (
	"strings"
	"testing"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/policytest"
)

// TestRulesAreAskedInTheirOrder: a rule about the whole call that ends the search
// has its place among those about contacts.
func TestRulesAreAskedInTheirOrder(t *testing.T) {
	const (
		friend = `{name: friend, when: contact.uri.host == "friend", then: keep}`
		foe    = `{name: foe, when: contact.uri.host == "foe", then: {reject: 403}}`
		bad    = `{name: bad, when: contact.uri.host != "friend", then: skip}`
		rest   = `{name: rest, then: {reject: 603}}`
		pass   = `{name: pass, when: response.status == 302, then: pass_through}`
		mark   = `{name: mark, then: {label: x}}`
	)
	for _, c := range []struct{ name, profile, rules, contacts, want, rule string }{
		{"the friend is kept", "", friend + "," + rest, "sip:a@friend", "try sip:a@friend; exhausted 480 if none", ""},
		{"anybody else is not", "", friend + "," + rest, "sip:a@friend sip:a@h", "reject 603", "rest (policy.yaml:1)"},
		{"nor is nobody", "", friend + "," + rest, "", "reject 603", "rest (policy.yaml:1)"},
		{"nor what cannot be read", "", friend + "," + rest, "sip:", "reject 603", "rest (policy.yaml:1)"},
		{"nor what a guard keeps out", "deny: {domains: [friend]},", friend + "," + rest, "sip:a@friend", "reject 603", "rest (policy.yaml:1)"},
		{"the first that ends it counts", "", foe + "," + rest, "sip:a@foe", "reject 403", "foe (policy.yaml:1)"},
		{"and no other", "", rest + "," + foe, "sip:a@foe", "reject 603", "rest (policy.yaml:1)"},
		{"all are skipped", "", bad + "," + rest, "sip:a@h sip:b@h", "reject 603", "rest (policy.yaml:1)"},
		{"before any contact", "", pass + "," + bad, "sip:a@h", "pass redirect", "pass (policy.yaml:1)"},
		{"after what ends nothing", "", mark + "," + pass, "sip:a@friend", "pass redirect", "pass (policy.yaml:1)"},
		{"where redirects are off", "redirect: disabled,", friend + "," + rest, "sip:a@friend", "reject 603", "rest (policy.yaml:1)"},
		{"where they pass", "redirect: pass_through,", friend + "," + rest, "sip:a@friend", "pass redirect", ""},
		{"where contacts are no places", "use: headers,", friend + "," + rest, "sip:a@friend", "reject 603", "rest (policy.yaml:1)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var contacts []*redirectv1.Contact
			for uri := range strings.FieldsSeq(c.contacts) {
				contacts = append(contacts, policytest.Contact(uri))
			}
			resp := decide(t, "profiles: [{name: default, "+c.profile+" rules: ["+c.rules+"]}]", policytest.Redirected(302, "", contacts...))
			if got := policytest.Summary(resp); got != c.want || c.rule != "" && resp.GetExplanation().GetRule() != c.rule {
				t.Errorf("got %s by %s, want %s by %s\n%v", got, resp.GetExplanation().GetRule(), c.want, c.rule, resp.GetExplanation())
			}
		})
	}
}

// TestNoWarningOfWhatIsReached: the same condition twice is no mistake where the
// first rule leaves something to the second.
func TestNoWarningOfWhatIsReached(t *testing.T) {
	for _, c := range []struct {
		name, first, second string
		warns               bool
	}{
		{"of another event", `{name: a, when: response.status == 486, then: {reject: 486}}`, `{name: b, on: [failure], when: response.status == 486, then: stop}`, false},
		{"of the same events", `{name: a, when: response.status == 486, then: {reject: 486}}`, `{name: b, when: response.status == 486, then: {label: x}}`, true},
		{"of failures", `{name: a, on: [failure], when: response.status == 486, then: stop}`, `{name: b, on: [failure], when: response.status == 486, then: {reject: 486}}`, true},
		{"skipped, and then refused", `{name: a, when: call.trunk == "x", then: skip}`, `{name: b, when: call.trunk == "x", then: {reject: 486}}`, false},
		{"skipped, and yet preferred", `{name: a, when: call.trunk == "x", then: skip}`, `{name: b, when: call.trunk == "x", then: prefer}`, true},
		{"skipped, and a header of an advice", `{name: a, when: call.trunk == "x", then: skip}`, `{name: b, when: call.trunk == "x", then: {label: x}}`, false},
		{"a contact, twice", `{name: a, when: contact.uri.host == "x", then: keep}`, `{name: b, when: contact.uri.host == "x", then: {reject: 486}}`, true},
	} {
		cfg, err := policy.ParseConfig("policy.yaml", []byte("profiles: [{name: default, rules: ["+c.first+", "+c.second+"]}]"))
		if err != nil {
			t.Fatal(err)
		}
		if warns := len(cfg.Warnings) > 0; warns != c.warns {
			t.Errorf("%s: %v", c.name, cfg.Warnings)
		}
	}
}
