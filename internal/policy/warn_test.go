package policy

import (
	"strings"
	"testing"
)

// TestUnreachableRules are warned of, and those that can be reached are not.
func TestUnreachableRules(t *testing.T) {
	for _, c := range []struct {
		name  string
		rules string
		want  []string // beginnings of the texts, without the file
	}{
		{"none", `[{name: a, when: contact.uri.user == "a", then: skip}, {name: b, then: keep}]`, nil},
		{
			"never", `[{name: a, when: 1 > 2, then: skip}]`,
			[]string{":3:21: profiles[0].rules[0].when: the condition never holds"},
		},
		{
			"after all contacts", "\n  - {name: a, then: keep}\n  - {name: b, when: contact.uri.user == \"b\", then: skip}\n  - {name: c, when: call.trunk == \"x\", then: {reject: 403}}",
			[]string{`:5:6: profiles[0].rules[1].name: the rule cannot be reached: rule "a" before it`},
		},
		{
			"after the end", "\n  - {name: a, when: 1 == 1, then: {reject: 403}}\n  - {name: b, then: {label: x}}\n  - {name: c, on: [failure], then: stop}",
			[]string{":5:6: profiles[0].rules[1].name: the rule cannot be reached: a rule before it always ends the search"},
		},
		{
			"the same condition", "\n  - {name: a, when: contact.uri.user == \"b\", then: skip}\n  - {name: b, when: contact.uri.user == \"b\", then: prefer}",
			[]string{`:5:6: profiles[0].rules[1].name: the rule cannot be reached: rule "a" before it has the same condition`},
		},
		{"the same condition, not at an end", "\n  - {name: a, when: contact.uri.user == \"b\", then: prefer}\n  - {name: b, when: contact.uri.user == \"b\", then: {label: x}}", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg, err := ParseConfig("p.yaml", []byte("profiles:\n- name: default\n  rules: "+c.rules+"\n"))
			if err != nil {
				t.Fatal(err)
			}
			if len(cfg.Warnings) != len(c.want) {
				t.Fatalf("got %v, want %d", cfg.Warnings, len(c.want))
			}
			for i, w := range cfg.Warnings {
				if !strings.HasPrefix(w.String(), "p.yaml"+c.want[i]) {
					t.Errorf("got %s, want it to begin with p.yaml%s", w, c.want[i])
				}
			}
		})
	}
}
