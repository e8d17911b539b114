package policytest

import redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"

// tableCases are the rows of the 3xx table, redirect enabled and disabled.
func tableCases() []Case {
	a, b := "sip:a@10.0.0.1", "sip:b@10.0.0.2"
	return []Case{
		{
			Name: "300 is followed", Ask: Redirected(300, "Multiple Choices", Contact(a), Contact(b)),
			Want: "try sip:a@10.0.0.1, sip:b@10.0.0.2; exhausted 410 if none",
			Rule: "profile default: follow 300",
			Text: "300 Multiple Choices from 127.0.0.1:5070: 2 of 2 contacts are targets, 0 of 10 attempts used",
			Says: []string{"taken: no q (counts as 1), first of 2", "taken: no q (counts as 1), second of 2"},
		},
		{
			Name: "301 is followed", Ask: Redirected(301, "Moved Permanently", Contact(a)),
			Want: "try sip:a@10.0.0.1; exhausted 410 if none",
			Rule: "profile default: follow 301",
		},
		{
			Name: "302 is followed", Ask: Redirected(302, "Moved Temporarily", Contact(a)),
			Want: "try sip:a@10.0.0.1; exhausted 480 if none",
			Text: "302 Moved Temporarily from 127.0.0.1:5070: 1 of 1 contact is a target, 0 of 10 attempts used",
		},
		{
			Name: "305 is followed", Ask: Redirected(305, "Use Proxy", Contact(b)),
			Want: "try sip:+15550100@edge.test via sip:b@10.0.0.2;lr; exhausted 410 if none",
			Rule: "profile default: follow 305",
		},
		{
			Name: "380 is mapped", Ask: Redirected(380, "Alternative Service", Contact(a)),
			Want: "reject 410", Rule: "profile default: 380 not followed",
			Text: "380 Alternative Service from 127.0.0.1:5070: 380 names alternatives in its body, its Contact is no target (21.3.5), answered with 410",
			Says: []string{"dropped: 380 names alternatives in its body, its Contact is no target (21.3.5)"},
		},
		{
			Name: "an unknown 3xx is mapped", Ask: Redirected(399, "Whatever", Contact(a)),
			Want: "reject 410", Rule: "profile default: 399 not followed",
			Text: "399 Whatever from 127.0.0.1:5070: 399 is not in follow (300, 301, 302, 305) of profile default, answered with 410",
		},
		closed(300, "reject 410"),
		closed(301, "reject 410"),
		closed(302, "reject 480"),
		closed(305, "reject 410"),
		closed(380, "reject 410"),
		closed(399, "reject 410"),
	}
}

func closed(status uint32, want string) Case {
	names := map[uint32]string{300: "300", 301: "301", 302: "302", 305: "305", 380: "380", 399: "399"}
	return Case{
		Name:   names[status] + " with redirect disabled",
		Config: disabled,
		Ask:    Redirected(status, "", Contact("sip:a@10.0.0.1")),
		Want:   want,
		Rule:   "profile default: redirect disabled",
		Says:   []string{"dropped: redirect is disabled in profile default"},
	}
}

// profileCases are about which profile holds, and what it changes.
func profileCases() []Case {
	redirected := func(status uint32, changes ...change) *redirectv1.DecideRequest {
		return with(Redirected(status, "", Contact("sip:a@10.0.0.1")), changes...)
	}
	return []Case{
		{Name: "no profile named is default", Config: two, Ask: redirected(302), Want: "try sip:a@10.0.0.1; exhausted 480 if none"},
		{Name: "the named profile", Config: two, Ask: redirected(302, profile("closed")), Want: "reject 480", Rule: "profile closed: redirect disabled"},
		{
			Name: "without a default the first one", Config: "profiles: [{name: x, redirect: disabled}, {name: y}]",
			Ask: redirected(302), Want: "reject 480", Rule: "profile x: redirect disabled",
		},
		{Name: "a map of its own", Config: "profiles: [{name: default, redirect: disabled, map: {302: 603, default: 404}}]", Ask: redirected(302), Want: "reject 603"},
		{Name: "a default of its own", Config: "profiles: [{name: default, redirect: disabled, map: {default: 404}}]", Ask: redirected(301), Want: "reject 404"},
		{Name: "an entry of its own leaves the others", Config: "profiles: [{name: default, redirect: disabled, map: {301: 404}}]", Ask: redirected(302), Want: "reject 480"},
		{Name: "exhausted by the map", Config: "profiles: [{name: default, map: {302: 404}}]", Ask: redirected(302), Want: "try sip:a@10.0.0.1; exhausted 404 if none"},
		{Name: "302 only", Config: "profiles: [{name: default, follow: [302]}]", Ask: redirected(300), Want: "reject 410", Rule: "profile default: 300 not followed"},
		{Name: "an unknown 3xx is followed if told to", Config: "profiles: [{name: default, follow: [399]}]", Ask: redirected(399), Want: "try sip:a@10.0.0.1; exhausted 410 if none"},
		{Name: "nothing is followed", Config: "profiles: [{name: default, follow: []}]", Ask: redirected(302), Want: "reject 480"},
		{Name: "REGISTER is followed", Ask: redirected(302, method("REGISTER")), Want: "try sip:a@10.0.0.1; exhausted 480 if none"},
		{
			Name: "REGISTER is mapped by img2020", Config: img2020, Ask: redirected(302, method("REGISTER")), Want: "reject 480",
			Rule: "profile default: register",
			Says: []string{"dropped: a redirect of REGISTER is not followed in profile default (register: map)"},
		},
		{Name: "img2020 follows INVITE", Config: img2020, Ask: redirected(302), Want: "try sip:a@10.0.0.1; stop after ringing; exhausted 480 if none"},
		{Name: "img2020 maps 305", Config: img2020, Ask: redirected(305), Want: "reject 410", Rule: "profile default: 305 not followed"},
	}
}

func method(name string) change {
	return func(req *redirectv1.DecideRequest) { req.Call.Method = name }
}
