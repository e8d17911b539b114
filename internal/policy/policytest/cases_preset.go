package policytest

import redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"

// presetCases are the conformance tables of the presets (docs/policy.md): each row
// has the name of the preset and what it says.
func presetCases() []Case {
	var all []Case
	for _, preset := range []struct {
		name  string
		cases []Case
	}{
		{"rfc3261", rfc3261Rows()},
		{"img2020", img2020Rows()},
		{"clearip", clearIPRows()},
		{"lnp", lnpRows()},
		{"transparent", transparentRows()},
		{"stir", stirRows()},
	} {
		for _, c := range preset.cases {
			c.Name = preset.name + ": " + c.Name
			if c.Config == "" {
				c.Config = one("preset: " + preset.name)
			}
			with(c.Ask, onwardEdge)
			all = append(all, c)
		}
	}
	return all
}

func rfc3261Rows() []Case {
	a := Contact("sip:a@h")
	return []Case{
		{Name: "300 is followed", Ask: Redirected(300, "", a), Want: "try sip:a@h; exhausted 410 if none"},
		{Name: "301 is followed", Ask: Redirected(301, "", a), Want: "try sip:a@h; exhausted 410 if none"},
		{Name: "302 is followed", Ask: Redirected(302, "", a), Want: "try sip:a@h; exhausted 480 if none"},
		{Name: "305 is a route", Ask: Redirected(305, "", a), Want: "try sip:+15550100@edge.test via sip:a@h;lr; exhausted 410 if none"},
		{Name: "380 is 410", Ask: Redirected(380, "", a), Want: "reject 410"},
		{Name: "any other 3xx is 410", Ask: Redirected(304, "", a), Want: "reject 410"},
		{Name: "REGISTER is followed", Ask: with(Redirected(302, "", a), method("REGISTER")), Want: "try sip:a@h; exhausted 480 if none"},
		{
			Name: "ten attempts", Ask: Redirected(300, "", many(12)...),
			Want: "try sip:c1@h, sip:c2@h, sip:c3@h, sip:c4@h, sip:c5@h, sip:c6@h, sip:c7@h, sip:c8@h, sip:c9@h, sip:c10@h; exhausted 410 if none",
		},
		{Name: "ringing does not end the search", Ask: with(Redirected(302, "", a), from("sip:x@h"), rung), Want: "try sip:a@h; exhausted 480 if none"},
	}
}

func img2020Rows() []Case {
	a := Contact("sip:a@h")
	return []Case{
		{Name: "300 is followed", Ask: Redirected(300, "", a), Want: "try sip:a@h; stop after ringing; exhausted 410 if none"},
		{Name: "301 is followed", Ask: Redirected(301, "", a), Want: "try sip:a@h; stop after ringing; exhausted 410 if none"},
		{Name: "302 is followed", Ask: Redirected(302, "", a), Want: "try sip:a@h; stop after ringing; exhausted 480 if none"},
		{Name: "305 is 410", Ask: Redirected(305, "", a), Want: "reject 410"},
		{Name: "REGISTER is 480", Ask: with(Redirected(302, "", a), method("REGISTER")), Want: "reject 480"},
		{Name: "ringing ends the search", Ask: with(Redirected(302, "", a), from("sip:x@h"), rung), Want: "reject 480"},
		{
			Name: "ten attempts", Ask: Redirected(300, "", many(11)...),
			Want: "try sip:c1@h, sip:c2@h, sip:c3@h, sip:c4@h, sip:c5@h, sip:c6@h, sip:c7@h, sip:c8@h, sip:c9@h, sip:c10@h; stop after ringing; exhausted 410 if none",
		},
	}
}

func clearIPRows() []Case {
	return []Case{
		{
			Name: "twelve routes", Ask: Redirected(302, "", many(13)...),
			Want: "try sip:c1@h {Identity from response 0}, sip:c2@h {Identity from response 0}, sip:c3@h {Identity from response 0}, sip:c4@h {Identity from response 0}, sip:c5@h {Identity from response 0}, sip:c6@h {Identity from response 0}, sip:c7@h {Identity from response 0}, sip:c8@h {Identity from response 0}, sip:c9@h {Identity from response 0}, sip:c10@h {Identity from response 0}, sip:c11@h {Identity from response 0}, sip:c12@h {Identity from response 0}; exhausted 480 if none",
		},
		{Name: "Identity goes along", Ask: with(Redirected(302, "", Contact("sip:a@h")), says("Identity", "eyJ")), Want: "try sip:a@h {Identity from response 0}; exhausted 480 if none"},
		{Name: "404 is no advice", Ask: advised(404), Want: "try sip:+15550100@edge.test at onward"},
		{Name: "503 is no advice", Ask: advised(503), Want: "try sip:+15550100@edge.test at onward"},
		{Name: "no answer is no advice", Ask: advised(408), Want: "try sip:+15550100@edge.test at onward"},
		{Name: "603 blocks", Ask: advised(603), Want: "pass redirect", Rule: "profile default: blocked"},
		{Name: "any other final response goes to the caller", Ask: advised(500), Want: "pass redirect", Rule: "profile default: not no_advice"},
		{Name: "305 is 410", Ask: Redirected(305, "", Contact("sip:a@h")), Want: "reject 410"},
	}
}

func lnpRows() []Case {
	return []Case{
		{
			Name: "rn and npdi go onward with the original target", Ask: Redirected(302, "", Contact("tel:+18003569377;rn=+18003560000;npdi")),
			Want: "try sip:+15550100;rn=+18003560000;npdi@edge.test at onward; exhausted 480 if none",
		},
		{
			Name: "of a SIP URI too", Ask: Redirected(302, "", Contact("sip:+15550100;rn=+18003560000;npdi;cic=+10288@10.0.0.1;user=phone")),
			Want: "try sip:+15550100;rn=+18003560000;npdi;cic=+10288@edge.test at onward; exhausted 480 if none",
		},
		{
			Name: "as parameters of the URI too", Ask: Redirected(302, "", Contact("sip:+15550100@10.0.0.1;rn=+18003560000;user=phone")),
			Want: "try sip:+15550100;rn=+18003560000@edge.test at onward; exhausted 480 if none",
		},
		{
			Name: "what the caller had is replaced", Ask: with(Redirected(302, "", Contact("tel:+15550100;npdi")), caller("sip:+15550100;rn=+1999;phone-context=x@edge.test;user=phone")),
			Want: "try sip:+15550100;phone-context=x;npdi@edge.test;user=phone at onward; exhausted 480 if none",
		},
		{
			Name: "a tel Request-URI", Ask: with(Redirected(302, "", Contact("tel:+15550100;rn=+18003560000;npdi")), caller("tel:+15550100")),
			Want: "try tel:+15550100;rn=+18003560000;npdi at onward; exhausted 480 if none",
		},
		{
			Name: "a place is no data", Ask: Redirected(302, "", Contact("sip:a@10.0.0.1")), Want: "reject 480",
			Says: []string{"dropped: sip:a@10.0.0.1 has none of rn, cic and npdi (use: number)"},
		},
		{
			Name: "the first one counts", Ask: Redirected(302, "", Contact("tel:+15550100;npdi"), Contact("tel:+15550100;rn=+1999;npdi")),
			Want: "try sip:+15550100;npdi@edge.test at onward; exhausted 480 if none",
		},
		{Name: "no advice goes onward", Ask: advised(404), Want: "try sip:+15550100@edge.test at onward"},
		{
			Name: "without a route of its own", Ask: Redirected(302, "", Contact("tel:+15550100;npdi")), Config: one("preset: lnp, follow: [301]"), Want: "reject 480",
		},
	}
}

func transparentRows() []Case {
	a, b := Contact("sip:a@h"), Contact("sip:b@10.0.0.1")
	filtered := one("preset: transparent, deny: {networks: [10.0.0.0/8]}")
	return []Case{
		{Name: "302 passes", Ask: Redirected(302, "", a, b), Want: "pass redirect", Says: []string{"taken: sip:a@h stays", "taken: sip:b@10.0.0.1 stays"}},
		{Name: "380 passes", Ask: Redirected(380, "", a), Want: "pass redirect"},
		{Name: "any other 3xx passes", Ask: Redirected(399, ""), Want: "pass redirect"},
		{
			Name: "contacts are filtered", Config: filtered, Ask: Redirected(302, "", a, b), Want: "pass redirect contacts [0]",
			Says: []string{"taken: sip:a@h stays", "dropped: host 10.0.0.1 matches 10.0.0.0/8 in deny.networks"},
		},
		{Name: "none may pass", Config: filtered, Ask: Redirected(302, "", b), Want: "reject 480"},
		{Name: "unreadable contacts go", Ask: Redirected(302, "", a, Contact("sip:a b@h")), Want: "pass redirect contacts [0]"},
	}
}

func stirRows() []Case {
	return []Case{
		{
			Name: "the original target goes onward with the headers of the 3xx",
			Ask:  with(Redirected(302, "", Contact("sip:whatever@h")), says("Identity", "eyJ", "P-Asserted-Identity", "<tel:+1;verstat=TN-Validation-Passed>")),
			Want: "try sip:+15550100@edge.test at onward {Identity from response 0, P-Asserted-Identity from response 0 replacing}; exhausted 480 if none",
			Text: "302 from 127.0.0.1:5070: its header fields go onward with the original target (use: headers), 0 of 10 attempts used",
			Says: []string{"dropped: the 3xx is data and not a place (use: headers)"},
		},
		{
			Name: "without a contact too", Ask: Redirected(302, ""),
			Want: "try sip:+15550100@edge.test at onward {Identity from response 0, P-Asserted-Identity from response 0 replacing}; exhausted 480 if none",
		},
		{Name: "once", Ask: with(Redirected(302, ""), from("sip:+15550100@edge.test"), lastAttempt(func(a *redirectv1.Attempt) { a.Target.NextHop = "onward" })), Want: "reject 480"},
		{
			Name: "never from SIPS to SIP", Ask: with(Redirected(302, ""), from("sips:a@h")), Want: "reject 480",
			Text: "302 from 127.0.0.1:5070: its header fields go nowhere (use: headers), " +
				"sip:+15550100@edge.test after sips:a@h: never from SIPS to SIP (16.7 step 4), 1 of 10 attempts used, answered with 480",
		},
		{Name: "603 blocks", Ask: advised(603), Want: "pass redirect"},
		{Name: "no advice goes onward", Ask: advised(503), Want: "try sip:+15550100@edge.test at onward"},
		{Name: "305 is 410", Ask: Redirected(305, "", Contact("sip:a@h")), Want: "reject 410"},
	}
}
