package policy_test

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy/policytest"
)

// TestRulesTextsStayInTheirPlace: what a redirect server writes into a contact does
// not become another part of a URI, nor a line, by a rule that repeats it.
func TestRulesTextsStayInTheirPlace(t *testing.T) {
	for _, c := range []struct{ name, then, contact, want string }{
		{"a user is no host", `{next_hop: "sip:${contact.uri.user}@gw.example"}`, "sip:a%40evil.example%3Bx@h", "try sip:a%40evil.example%3Bx@h at sip:a%40evil.example;x@gw.example; exhausted 480 if none"},
		{"nor of a route", `{via: "sip:${contact.uri.user}@gw.example"}`, "sip:a%40evil.example%3Bx@h", "try sip:a%40evil.example%3Bx@h via sip:a%40evil.example;x@gw.example;lr; exhausted 480 if none"},
		{"a value is no parameter", `{via: "sip:gw.example;x=${contact.uri.user}"}`, "sip:1%3Bmaddr=evil.example@h", "try sip:1%3Bmaddr=evil.example@h via sip:gw.example;x=1%3Bmaddr%3Devil.example;lr; exhausted 480 if none"},
		{"a value is no host", `{via: "sip:gw.example;x=${contact.uri.user}"}`, "sip:1%40evil.example@h", "try sip:1%40evil.example@h via sip:gw.example;x=1%40evil.example;lr; exhausted 480 if none"},
		{"a label of a host is no host", `{via: "sip:${contact.uri.user}.gw.example"}`, "sip:evil.example%3Bx=@h", "reject 480"},
		{"an escape stays one", `{next_hop: "sip:${contact.uri.user}@gw.example"}`, "sip:a%2540b@h", "try sip:a%2540b@h at sip:a%2540b@gw.example; exhausted 480 if none"},
		{"a host may be one", `{next_hop: "sip:${contact.uri.host};lr"}`, "sip:a@h.example", "try sip:a@h.example at sip:h.example;lr; exhausted 480 if none"},
		{"a URI may be one", `{next_hop: "${contact.uri.text}"}`, "sip:a@h.example:5070", "try sip:a@h.example:5070 at sip:a@h.example:5070; exhausted 480 if none"},
		{"a next hop has no headers", `{next_hop: "${contact.uri.text}"}`, "sip:a@h.example?Route=x", "try sip:a@h.example at sip:a@h.example; exhausted 480 if none"},
		{"a label is one line", `{label: "to ${contact.uri.user}"}`, "sip:a%0D%0Ab%00@h", "try sip:a%0D%0Ab%00@h label to a??b?; exhausted 480 if none"},
		{"no host is no host of before", `{rewrite: {host: "${header(response, 'X-Gateway')}"}}`, "sip:a@h", "reject 480"},
		{"no user is no call without one", `{rewrite: {user: "${e164(contact.uri)}", host: gw.example}}`, "sip:bob@h", "reject 480"},
		{"a user can be taken out", `{rewrite: {user: "", host: gw.example}}`, "sip:bob@h", "try sip:gw.example; exhausted 480 if none"},
		{"a tel URI has no host to change", `{rewrite: {host: gw.example}, next_hop: "sip:gw.example"}`, "tel:+15550100", "reject 480"},
		{"what is no number gets no host", `{rewrite: {scheme: sip, host: gw.example}}`, "mailto:bob@h", "reject 480"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ask := policytest.Redirected(302, "", policytest.Contact(c.contact))
			resp := decide(t, "profiles: [{name: default, rules: [{name: r, when: 'contact.uri.text != \"\"', then: "+c.then+"}]}]", ask)
			if got := policytest.Summary(resp); got != c.want {
				t.Errorf("decision\n got %s\nwant %s\n%v", got, c.want, policytest.Verdicts(resp))
			}
			if data, err := proto.Marshal(resp); err != nil || strings.ContainsAny(textsOf(resp), "\r\n\x00") {
				t.Errorf("%v, %q", err, data)
			}
		})
	}
}

func textsOf(resp *redirectv1.DecideResponse) string {
	s := resp.GetExplanation().GetText()
	for _, target := range resp.GetTryTargets().GetTargets() {
		s += target.GetUri() + target.GetLabel() + target.GetNextHop() + strings.Join(target.GetRoutes(), "")
	}
	return s
}
