package policytest

import (
	"fmt"
	"strings"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// ruled is a configuration with rules, each in flow style after "- ".
func ruled(rules ...string) string {
	return "profiles:\n- name: default\n  rules:\n  - " + strings.Join(rules, "\n  - ") + "\n"
}

// ruleCases are what rules do: to a contact, to a target, to the whole search.
func ruleCases() []Case {
	a, b, c := Contact("sip:a@h"), ContactQ("sip:b@h", 500), ContactQ("sip:+19005551212@gw.example", 900)
	const premium = `{name: premium, when: 'e164(contact.uri).startsWith("+1900")', then: skip}`
	return []Case{
		{
			Name: "rule: skip", Config: ruled(premium), Ask: Redirected(302, "", a, c),
			Want: "try sip:a@h; exhausted 480 if none",
			Says: []string{
				"taken: no q (counts as 1), first of 1",
				`dropped: sip:+19005551212@gw.example: e164(contact.uri) = "+19005551212"`,
			},
		},
		{
			Name:   "rule: keep stops the rules after it",
			Config: ruled(`{name: friend, when: contact.uri.host == "gw.example", then: keep}`, premium),
			Ask:    Redirected(302, "", c), Want: "try sip:+19005551212@gw.example; exhausted 480 if none",
			Says: []string{`taken: q=0.9, first of 1; friend (policy.yaml:4): contact.uri.host = "gw.example"`},
		},
		{
			Name: "rule: prefer", Config: ruled(`{name: best, when: contact.uri.user == "b", then: prefer}`), Ask: Redirected(302, "", a, b),
			Want: "try sip:b@h, sip:a@h; exhausted 480 if none",
			Says: []string{
				"moved: no q (counts as 1), second of 2 (by q it would be the first)",
				`moved: q=0.5, first of 2 (by q it would be the second); best (policy.yaml:4): contact.uri.user = "b"`,
			},
		},
		{
			Name: "rule: defer", Config: ruled(`{name: worst, when: contact.uri.user == "a", then: defer}`), Ask: Redirected(302, "", a, b),
			Want: "try sip:b@h, sip:a@h; exhausted 480 if none",
		},
		{
			Name: "rule: reject the call", Config: ruled(`{name: fraud, when: call.trunk == "x", then: {reject: {status: 603, reason: "No ${call.trunk}", headers: [{set: X-Why, value: fraud}]}}}`),
			Ask:  with(Redirected(302, "Moved", a), onwardEdge, func(req *redirectv1.DecideRequest) { req.Call.Trunk = "x" }),
			Want: "reject 603 No x {=X-Why: fraud}", Rule: "fraud (policy.yaml:4)",
			Text: `302 Moved from 127.0.0.1:5070: call.trunk = "x", answered with 603`,
			Says: []string{"dropped: the rule ends the search"},
		},
		{
			Name: "rule: reject the call for one contact", Config: ruled(`{name: fraud, when: contact.uri.host == "gw.example", then: {reject: 403}}`),
			Ask: Redirected(302, "", a, c, b), Want: "reject 403", Rule: "fraud (policy.yaml:4)",
			Text: `302 from 127.0.0.1:5070: sip:+19005551212@gw.example: contact.uri.host = "gw.example", answered with 403`,
		},
		{
			Name: "rule: reject before the table", Config: ruled(`{name: alt, when: response.status == 380, then: {reject: 404}}`),
			Ask: Redirected(380, "", a), Want: "reject 404",
		},
		{
			Name: "rule: let it pass", Config: ruled(`{name: alt, when: redirect.response.status == 380, then: pass_through}`),
			Ask: Redirected(380, "", a), Want: "pass redirect", Rule: "alt (policy.yaml:4)",
		},
		{
			Name: "rule: of an advice", Config: ruled(`{name: blocked, on: [advice], when: response.status == 404, then: {reject: 603}}`),
			Ask: advised(404), Want: "reject 603", Text: "404 from 127.0.0.1:5070: response.status = 404, answered with 603",
		},
		{
			Name: "rule: headers of a call without advice", Config: ruled(`{name: mark, on: [advice], then: {headers: [{set: X-Advice, value: "none"}], label: own}}`),
			Ask: with(advised(404), onwardEdge), Want: "try sip:+15550100@edge.test at onward label own {=X-Advice: none}",
		},
		{
			Name: "rule: of a failure", Config: ruled(`{name: busy, on: [failure], when: response.status == 486, then: {reject: 486}}`),
			Ask: with(Redirected(302, ""), after(486, "sip:x@h"), remaining("sip:y@h"), failed), Want: "reject 486",
			Rule: "busy (policy.yaml:4)", Text: "486: response.status = 486, answered with 486",
		},
		{
			Name: "rule: asks for failures", Config: ruled(`{name: busy, on: [failure], when: attempts.size() > 3, then: stop}`),
			Ask: Redirected(302, "", a), Want: "try sip:a@h; consult; exhausted 480 if none",
		},
		{
			Name: "rule: stop after a failure", Config: ruled(`{name: busy, on: [failure], when: attempts.size() > 1, then: stop}`),
			Ask: with(Redirected(302, ""), after(486, "sip:x@h"), remaining("sip:y@h"), failed), Want: "pass best",
		},
		{
			Name: "rule: a failure that is none of its business", Config: ruled(`{name: busy, on: [failure], when: response.status == 486, then: stop}`),
			Ask: with(Redirected(302, ""), after(503, "sip:x@h"), remaining("sip:y@h"), failed), Want: "try sip:y@h label kept; consult; exhausted 480 if none",
		},
		{
			Name:   "rule: rewrite",
			Config: ruled(`{name: gw, then: {rewrite: {scheme: sips, user: "00${contact.uri.user}", host: gw.example, port: 5070, params: {tgrp: "${call.trunk}x", lr: ""}, remove_params: [transport]}}}`),
			Ask:    Redirected(302, "", Contact("sip:49301234@h;transport=tcp")), Want: "try sips:0049301234@gw.example:5070;tgrp=x;lr; exhausted 480 if none",
		},
		{
			Name: "rule: a tel contact becomes a SIP URI", Config: ruled(`{name: gw, when: contact.uri.scheme == "tel", then: {rewrite: {scheme: sip, host: gw.example}}}`),
			Ask: Redirected(302, "", Contact("tel:+18005551212;npdi")), Want: "try sip:+18005551212;npdi@gw.example;user=phone; exhausted 480 if none",
		},
		{
			Name: "rule: rewritten to what was tried", Config: ruled(`{name: gw, then: {rewrite: {host: x}}}`),
			Ask: with(Redirected(302, "", a, Contact("sip:a@y")), from("sip:a@x")), Want: "reject 480",
		},
		{
			Name: "rule: rewritten to what is none", Config: ruled(`{name: gw, then: {rewrite: {host: "${contact.uri.user}"}}}`),
			Ask: Redirected(302, "", Contact("sip:a%20b@h"), a), Want: "try sip:a@a; exhausted 480 if none",
			Says: []string{
				`dropped: sip:a%20b@h: it cannot be rewritten: host "a b" has the character ' '`,
				"taken: no q (counts as 1), first of 1; gw (policy.yaml:4): it has no condition",
			},
		},
		{
			Name: "rule: by another way", Config: ruled(`{name: sbc, then: {via: ["sip:sbc1.example;transport=tcp", "sip:sbc2.example;lr"], next_hop: "sip:10.0.0.1"}}`),
			Ask: Redirected(302, "", a), Want: "try sip:a@h via sip:sbc1.example;transport=tcp;lr via sip:sbc2.example;lr at sip:10.0.0.1; exhausted 480 if none",
		},
		{
			Name: "rule: a tel contact by another way", Config: ruled(`{name: gw, then: {next_hop: onward}}`),
			Ask: with(Redirected(302, "", Contact("tel:+18005551212")), onwardEdge), Want: "try tel:+18005551212 at onward; exhausted 480 if none",
		},
		{
			Name: "rule: onward without one", Config: ruled(`{name: gw, then: {next_hop: onward}}`), Ask: Redirected(302, "", a), Want: "reject 480",
			Says: []string{`dropped: sip:a@h: the edge does not name the feature "onward"`},
		},
		{
			Name: "rule: timers and label", Config: ruled(`{name: slow, when: contact.uri.user == "a", then: {response_timeout: 2s, answer_timeout: 1m, label: "to-${contact.uri.user}"}}`),
			Ask: Redirected(302, "", a, b), Want: "try sip:a@h label to-a response within 2s answer within 1m0s, sip:b@h; exhausted 480 if none",
		},
		{
			Name: "rule: several change one contact", Config: ruled(`{name: one, then: {label: first}}`, `{name: two, then: {label: second, weight: 3}}`),
			Ask: Redirected(302, "", a), Want: "try sip:a@h label second; exhausted 480 if none",
			Says: []string{"taken: no q (counts as 1), first of 1; one (policy.yaml:4): it has no condition; two (policy.yaml:5): it has no condition"},
		},
		{
			Name: "rule: a condition that cannot be worked out keeps nobody out who may come in", Config: ruled(`{name: odd, when: 'contact.params[3].name == "x"', then: prefer}`),
			Ask: Redirected(302, "", b, a), Want: "try sip:a@h, sip:b@h; exhausted 480 if none",
		},
		{
			Name: "rule: one that keeps out fails closed", Config: ruled(`{name: odd, when: 'contact.params[3].name == "x"', then: skip}`),
			Ask: Redirected(302, "", a), Want: "reject 480",
		},
		{
			Name: "rule: a list", Config: "lists: [{name: bad, type: prefixes, values: ['+1900', '+882']}]\n" + ruled(`{name: bad, when: 'in_list(contact.uri, "bad")', then: skip}`),
			Ask: Redirected(302, "", c, a), Want: "try sip:a@h; exhausted 480 if none",
		},
		{
			Name: "rule: weights", Config: "profiles: [{name: default, order: weighted, rules: [{name: much, when: contact.uri.user == \"b\", then: {weight: 65535}}]}]",
			Ask: Redirected(302, "", a, Contact("sip:b@h"), Contact("sip:d@h")), Want: "try sip:b@h, sip:d@h, sip:a@h; exhausted 480 if none",
		},
	}
}

// longCases are answers that would outgrow the contract.
func longCases() []Case {
	var rules []string
	for i := range 8 {
		rules = append(rules, fmt.Sprintf(`{name: "%d %s", when: 'contact.uri.user.startsWith("c") && contact.uri.host != "%s"', then: {label: "%s", headers: [{add: X-A, value: "%s"}]}}`,
			i, strings.Repeat("n", 60), strings.Repeat("h", 300), strings.Repeat("l", 200), strings.Repeat("v", 2000)))
	}
	var values []string
	for i := range 16 {
		values = append(values, fmt.Sprintf(`{add: X-%d, value: "%s"}`, i, strings.Repeat("v", 3000)))
	}
	return []Case{
		{
			Name: "long: verdicts of many rules", Config: "profiles:\n- name: default\n  max_attempts: 64\n  rules:\n  - " + strings.Join(rules, "\n  - ") + "\n",
			Ask: with(Redirected(302, "", many(64)...), onwardEdge), Want: "try",
		},
		{
			Name: "long: header fields of an answer", Config: ruled(`{name: long, then: {reject: {status: 403, headers: [` + strings.Join(values, ", ") + `]}}}`),
			Ask: with(Redirected(302, "", many(1)...), onwardEdge), Want: "reject",
		},
	}
}
