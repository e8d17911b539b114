package policytest

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// one is a configuration of one profile with those keys, as a YAML flow map.
func one(keys string) string { return "profiles: [{name: default, " + keys + "}]" }

// onwardEdge names every feature there is.
func onwardEdge(req *redirectv1.DecideRequest) {
	req.Edge.Features = []string{
		"routes", "next_hop", "header_ops", "timeouts", "consult_on_failure", "pass_through", "filtered_pass_through", "onward",
	}
}

// says gives the 3xx, or the call, header fields.
func says(headers ...string) change {
	return func(req *redirectv1.DecideRequest) {
		req.GetRedirect().GetResponse().Headers = fields(headers)
	}
}

func asks(headers ...string) change {
	return func(req *redirectv1.DecideRequest) { req.Call.Headers = fields(headers) }
}

// fields reads pairs of names and values.
func fields(pairs []string) []*redirectv1.Header {
	var all []*redirectv1.Header
	for i := 0; i+1 < len(pairs); i += 2 {
		all = append(all, &redirectv1.Header{Name: pairs[i], Value: pairs[i+1]})
	}
	return all
}

// many are contacts sip:c1@h, sip:c2@h and so on.
func many(n int) []*redirectv1.Contact { return contacts(numbered("sip:c%d@h", n)) }

// rung says that the last attempt rang.
func rung(req *redirectv1.DecideRequest) {
	lastAttempt(func(a *redirectv1.Attempt) { a.Rang = true })(req)
}

// waited lets so much time pass between the arrival of the call and the question.
func waited(d time.Duration) change {
	return func(req *redirectv1.DecideRequest) {
		req.Call.ReceivedAt = timestamppb.New(req.GetAskedAt().AsTime().Add(-d))
	}
}

// cameFrom says that the last attempt's target was the first contact of the next
// hop's 3xx.
func cameFrom(req *redirectv1.DecideRequest) {
	lastAttempt(func(a *redirectv1.Attempt) { a.Target.Contact = &redirectv1.ContactRef{} })(req)
}

// settingCases are the keys of a profile, one by one.
func settingCases() []Case {
	a, b, c := Contact("sip:a@h"), ContactQ("sip:b@h", 500), ContactQ("sip:c@h", 900)
	return []Case{
		{
			Name: "a method that is followed", Config: one("methods: [INVITE]"), Ask: Redirected(302, "", a),
			Want: "try sip:a@h; exhausted 480 if none",
		},
		{
			Name: "a method that is not", Config: one("methods: [INVITE, MESSAGE]"), Ask: with(Redirected(302, "", a), method("SUBSCRIBE")),
			Want: "reject 480", Rule: "profile default: methods",
			Says: []string{"dropped: a redirect of SUBSCRIBE is not followed: methods of profile default are INVITE, MESSAGE"},
		},
		{
			Name: "an unknown 3xx as a 300", Config: one("unknown: as_300"), Ask: Redirected(399, "", a, c),
			Want: "try sip:a@h, sip:c@h; exhausted 410 if none", Rule: "profile default: follow 399",
		},
		{
			Name: "an unknown 3xx as a 300 that is not followed", Config: one("unknown: as_300, follow: [302]"), Ask: Redirected(333, "", a),
			Want: "reject 410", Rule: "profile default: 333 not followed",
		},
		{
			Name: "380 is known", Config: one("unknown: as_300"), Ask: Redirected(380, "", a),
			Want: "reject 410", Rule: "profile default: 380 not followed",
		},
		{
			Name: "contacts of one 3xx", Config: one("max_contacts: 2"), Ask: Redirected(302, "", b, a, c),
			Want: "try sip:a@h, sip:c@h; exhausted 480 if none",
			Says: []string{
				"dropped: contact limit: the first 2 of one 3xx count (max_contacts)",
				"taken: no q (counts as 1), first of 2", "taken: q=0.9, second of 2",
			},
		},
		{
			Name: "nesting", Config: one("max_nesting: 1"), Ask: with(Redirected(302, "", b), from("sip:a@h"), cameFrom),
			Want: "reject 480", Rule: "profile default: max_nesting",
			Text: "302 from 127.0.0.1:5070: it is the second redirect in a row, and max_nesting of profile default is 1, answered with 480",
		},
		{
			Name: "nesting within the limit, others remain", Config: one("max_nesting: 2"),
			Ask:  with(Redirected(302, "", b), from("sip:a@h"), cameFrom, remaining("sip:c@h")),
			Want: "try sip:b@h, sip:c@h label kept; exhausted 480 if none",
		},
		{
			Name: "setup time", Config: one("setup_time: 20s"), Ask: with(Redirected(302, "", a), waited(5*time.Second)),
			Want: "try sip:a@h answer within 15s; consult; exhausted 480 if none",
		},
		{
			Name: "setup time is over", Config: one("setup_time: 20s"), Ask: with(Redirected(302, "", a), waited(20*time.Second), remaining("sip:c@h")),
			Want: "reject 480", Rule: "profile default: setup_time",
			Says: []string{"dropped: the call is older than setup_time of profile default, 20s"},
		},
		{
			Name: "setup time is over after a failure", Config: one("setup_time: 20s"),
			Ask:  with(Redirected(302, ""), after(486, "sip:a@h"), remaining("sip:b@h"), failed, waited(21*time.Second)),
			Want: "pass best", Text: "486, the call is older than setup_time of profile default, 20s, 0 of 1 remaining targets kept, the best response so far goes to the caller",
		},
		{
			Name: "timers of every target", Config: one("response_timeout: 1500ms, answer_timeout: 20s"), Ask: Redirected(302, "", a),
			Want: "try sip:a@h response within 1.5s answer within 20s; exhausted 480 if none",
		},
		{
			Name: "timers that the edge does not have", Config: one("response_timeout: 1500ms, answer_timeout: 20s"),
			Ask:  with(Redirected(302, "", a), func(req *redirectv1.DecideRequest) { req.Edge.Features = []string{"routes"} }),
			Want: "try sip:a@h; exhausted 480 if none",
		},
		{
			Name: "order of the header", Config: one("order: received"), Ask: Redirected(302, "", b, a, c),
			Want: "try sip:b@h, sip:a@h, sip:c@h; exhausted 480 if none",
			Says: []string{
				"moved: q=0.5, first of 3 (by q it would be the third)",
				"moved: no q (counts as 1), second of 3 (by q it would be the first)",
				"moved: q=0.9, third of 3 (by q it would be the second)",
			},
		},
		{
			Name: "shuffled among equals", Config: one("order: shuffled"), Ask: Redirected(302, "", a, Contact("sip:a2@h"), Contact("sip:a3@h"), b),
			Want: "try sip:a2@h, sip:a3@h, sip:a@h, sip:b@h; exhausted 480 if none",
		},
		{
			Name: "nested after the rest", Config: one("nested: after"),
			Ask:  with(Redirected(302, "", a, Contact("sip:c@h")), from("sip:x@h"), remaining("sip:c@h", "sip:d@h")),
			Want: "try sip:c@h label kept, sip:d@h label kept, sip:a@h; exhausted 480 if none",
			Says: []string{"taken: no q (counts as 1), first of 1", "dropped: sip:c@h is among the targets that remain"},
		},
		{
			Name: "nested instead of the rest", Config: one("nested: replace"),
			Ask:  with(Redirected(302, "", a), from("sip:x@h"), remaining("sip:c@h")),
			Want: "try sip:a@h; exhausted 480 if none",
			Text: "302 from 127.0.0.1:5070: 1 of 1 contact is a target, 1 of 10 attempts used, 0 of 1 remaining targets kept (nested: replace)",
		},
		{
			Name: "nested instead of the rest, but nothing usable", Config: one("nested: replace"),
			Ask:  with(Redirected(302, "", Contact("tel:+1")), from("sip:x@h"), remaining("sip:c@h")),
			Want: "try sip:c@h label kept; exhausted 480 if none",
		},
		{
			Name: "always the mapped status", Config: one("exhausted: mapped"),
			Ask:  with(Redirected(302, "", Contact("tel:+1")), after(486, "sip:x@h"), from("sip:y@h")),
			Want: "reject 480",
		},
		{
			Name: "a status of its own", Config: one("exhausted: 404"), Ask: Redirected(302, "", a),
			Want: "try sip:a@h; exhausted 404",
		},
		{
			Name: "a failure that does not go on", Config: one("stop: [486]"),
			Ask:  with(Redirected(302, ""), after(486, "sip:a@h"), remaining("sip:b@h"), failed),
			Want: "pass best", Text: "486, that ends the search (advance), 0 of 1 remaining targets kept, the best response so far goes to the caller",
		},
		{
			Name: "a failure that goes on by the list", Config: one("advance: [404, 500-599]"),
			Ask:  with(Redirected(302, ""), after(503, "sip:a@h"), remaining("sip:b@h"), failed),
			Want: "try sip:b@h label kept; exhausted 480 if none",
		},
		{
			Name: "a timeout that does not go on", Config: one("stop: [timeout]"),
			Ask:  with(Redirected(302, ""), after(0, "sip:a@h"), remaining("sip:b@h"), failed),
			Want: "pass best",
		},
	}
}

// guardCases are deny and allow.
func guardCases() []Case {
	in := func(keys string, want string, says string, contact string, changes ...change) Case {
		return Case{
			Name: keys + " and " + contact, Config: one(keys),
			Ask:  with(Redirected(302, "", Contact(contact)), changes...),
			Want: want, Says: []string{says},
		}
	}
	const none = "reject 480"
	got := func(uri string) string { return "try " + uri + "; exhausted 480 if none" }
	const kept = "taken: no q (counts as 1), first of 1"
	own := func(req *redirectv1.DecideRequest) {
		req.Edge.OwnAddresses = []string{"edge1.example.com:5060", "[2001:db8::1]:5061"}
	}
	return []Case{
		in(`deny: {domains: ["*.evil.example"]}`, none, "dropped: host a.EVIL.example matches *.evil.example in deny.domains", "sip:a@a.EVIL.example"),
		in(`deny: {domains: ["*.evil.example"]}`, got("sip:a@evil.example"), kept, "sip:a@evil.example"),
		in(`deny: {networks: [10.0.0.0/8, "2001:db8::/32"]}`, none, "dropped: host 10.1.2.3 matches 10.0.0.0/8 in deny.networks", "sip:a@10.1.2.3"),
		in(`deny: {networks: [10.0.0.0/8, "2001:db8::/32"]}`, none, "dropped: host 2001:db8::7 matches 2001:db8::/32 in deny.networks", "sip:a@[2001:db8::7]"),
		in(`deny: {networks: [10.0.0.0/8]}`, got("sip:a@11.1.2.3"), kept, "sip:a@11.1.2.3"),
		in(`deny: {ports: [1-1023]}`, none, "dropped: port 25 is in deny.ports", "sip:a@h:25"),
		in(`deny: {ports: [5061]}`, none, "dropped: port 5061 is in deny.ports", "sip:a@h;transport=TLS"),
		in(`deny: {schemes: [sips]}`, none, "dropped: the scheme sips is in deny.schemes", "sips:a@h"),
		in(`deny: {prefixes: ["+1900", "+88"]}`, none, "dropped: number +19005551212 begins with +1900 in deny.prefixes", "sip:+1-900-555-1212@h"),
		in(`deny: {prefixes: ["+1900"]}`, none, "dropped: number +19005551212 begins with +1900 in deny.prefixes", "sip:19005551212@h"),
		in(`deny: {prefixes: ["+1900"]}`, none, "dropped: number +19005551212 begins with +1900 in deny.prefixes", "sip:%2B19005551212;phone-context=x@h"),
		in(`deny: {prefixes: ["+1900"]}`, got("sip:+18005551212@h"), kept, "sip:+18005551212@h"),
		in(`deny: {own_address: true}`, none, "dropped: sip:a@EDGE1.example.com is an address of the edge itself (deny.own_address)", "sip:a@EDGE1.example.com", own),
		in(`deny: {own_address: true}`, got("sip:a@edge1.example.com:5070"), kept, "sip:a@edge1.example.com:5070", own),
		in(`deny: {own_address: true}`, none, "dropped: sips:a@[2001:db8:0::1] is an address of the edge itself (deny.own_address)", "sips:a@[2001:db8:0::1]", own),
		in(`allow: {domains: [gw.example], networks: [192.0.2.0/24]}`, got("sip:a@192.0.2.7"), kept, "sip:a@192.0.2.7"),
		in(`allow: {domains: [gw.example], networks: [192.0.2.0/24]}`, got("sip:a@GW.example."), kept, "sip:a@GW.example."),
		in(`allow: {domains: [gw.example], networks: [192.0.2.0/24]}`, none, `dropped: host "other.example" is not among those of allow`, "sip:a@other.example"),
		in(`allow: {domains: [gw.example], ports: [5060-5070]}`, none, `dropped: port 5080 is not in allow.ports`, "sip:a@gw.example:5080"),
		in(`allow: {schemes: [sips]}`, none, "dropped: the scheme sip is not in allow.schemes", "sip:a@h"),
		in(`allow: {prefixes: ["+1"]}`, none, `dropped: user "15550100" is no E.164 number, and allow names prefixes`, "sip:15550100@h"),
		in(`allow: {prefixes: ["+1"]}`, none, "dropped: number +4930123456 begins with none of the prefixes of allow", "sip:+4930123456@h"),
		in(`allow: {prefixes: ["+1"]}, deny: {prefixes: ["+1900"]}`, none, "dropped: number +19005551212 begins with +1900 in deny.prefixes", "sip:+19005551212@h"),
	}
}
