package policytest

import redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"

// orderCases: by descending q, missing is 1, ties keep the order of the header.
func orderCases() []Case {
	return []Case{
		{
			Name: "by q",
			Ask:  Redirected(300, "", ContactQ("sip:a@h", 100), ContactQ("sip:b@h", 900), ContactQ("sip:c@h", 0), ContactQ("sip:d@h", 555)),
			Want: "try sip:b@h, sip:d@h, sip:a@h, sip:c@h; exhausted 410 if none",
			Says: []string{"taken: q=0.1, third of 4", "taken: q=0.9, first of 4", "taken: q=0, fourth of 4", "taken: q=0.555, second of 4"},
		},
		{
			Name: "ties keep the order, missing is 1",
			Ask:  Redirected(300, "", ContactQ("sip:a@h", 999), Contact("sip:b@h"), ContactQ("sip:c@h", 1000), Contact("sip:d@h")),
			Want: "try sip:b@h, sip:c@h, sip:d@h, sip:a@h; exhausted 410 if none",
		},
		{
			Name: "q out of range is 1",
			Ask:  Redirected(300, "", ContactQ("sip:a@h", 999), ContactQ("sip:b@h", 4000)),
			Want: "try sip:b@h, sip:a@h; exhausted 410 if none",
			Says: []string{"taken: q=0.999, second of 2", "taken: q out of range (counts as 1), first of 2"},
		},
	}
}

// droppedCases are about contacts that are no targets.
func droppedCases() []Case {
	return []Case{
		{
			Name: "no contact", Ask: Redirected(302, ""), Want: "reject 480",
			Rule: "profile default: nothing usable in 302",
			Text: "302 from 127.0.0.1:5070: it has no contact, 0 of 10 attempts used, answered with 480",
		},
		{
			Name: "other schemes",
			Ask:  Redirected(302, "", Contact("tel:+18003569377;rn=+18003560000;npdi"), Contact("mailto:a@b.test"), Contact("SIP:a@h")),
			Want: "try SIP:a@h; exhausted 480 if none",
			Says: []string{
				"dropped: tel:+18003569377;rn=+18003560000;npdi has the scheme tel; only sip and sips can be tried",
				"dropped: mailto:a@b.test has the scheme mailto; only sip and sips can be tried",
				"taken: no q (counts as 1), first of 1",
			},
		},
		{
			Name: "unreadable",
			Ask: Redirected(302, "", &redirectv1.Contact{Uri: &redirectv1.SipUri{Text: "<sip:a@h"}, Unreadable: `"<" without ">"`},
				Contact("sip:a b@h"), Contact("sip:a@h:99999"), &redirectv1.Contact{}, Contact("sip:b@h\r\nX: y")),
			Want: "reject 480",
			Says: []string{
				`dropped: "<sip:a@h" cannot be read: "<" without ">"`,
				`dropped: "sip:a b@h" cannot be read: URI has the character ' ' at byte 5`,
				`dropped: "sip:a@h:99999" cannot be read: port "99999" is out of range (1 to 65535)`,
				`dropped: "" cannot be read: URI is empty`,
				`dropped: "sip:b@h??X: y" cannot be read: URI has the character '\r' at byte 7`,
			},
		},
		{
			Name: "repeated, by 19.1.4",
			Ask:  Redirected(300, "", ContactQ("sip:a@H.test", 500), Contact("sip:%61@h.TEST"), Contact("sip:A@h.test"), Contact("sip:%61@h.TEST"), Contact("sip:a@h.test:5060")),
			Want: "try sip:%61@h.TEST, sip:A@h.test, sip:a@h.test:5060; exhausted 410 if none",
			Says: []string{
				"dropped: sip:a@H.test equals contact 2, sip:%61@h.TEST",
				"taken: no q (counts as 1), first of 3",
				"taken: no q (counts as 1), second of 3",
				"dropped: sip:%61@h.TEST repeats contact 2",
				"taken: no q (counts as 1), third of 3",
			},
		},
		{
			Name: "method and headers do not make another target",
			Ask:  Redirected(300, "", Contact("sip:a@h;method=INVITE?Subject=x"), Contact("sip:a@h?Subject=y"), Contact("sip:a@h;transport=tcp")),
			Want: "try sip:a@h, sip:a@h;transport=tcp; exhausted 410 if none",
			Says: []string{
				"taken: no q (counts as 1), first of 2",
				"dropped: sip:a@h?Subject=y gives the same Request-URI as contact 1, sip:a@h;method=INVITE?Subject=x",
				"taken: no q (counts as 1), second of 2",
			},
		},
		{
			Name: "parameters stay",
			Ask:  Redirected(302, "", Contact("sip:+1800@gw.test:5080;user=phone;rn=+1801;npdi;cic=0288;maddr=10.1.1.1")),
			Want: "try sip:+1800@gw.test:5080;user=phone;rn=+1801;npdi;cic=0288;maddr=10.1.1.1; exhausted 480 if none",
		},
		{
			Name: "contacts beyond the 64th are mentioned",
			Ask: with(Redirected(302, "", Contact("sip:a@h")), func(req *redirectv1.DecideRequest) {
				req.GetRedirect().ContactsOmitted = 7
			}),
			Want: "try sip:a@h; exhausted 480 if none",
			Text: "302 from 127.0.0.1:5070: 1 of 1 contact is a target (7 more were not shown to the policy), 0 of 10 attempts used",
		},
	}
}

// sipsCases: never from SIPS to SIP, whoever demanded SIPS.
func sipsCases() []Case {
	return []Case{
		{
			Name: "the caller wants SIPS", Ask: with(Redirected(302, "", Contact("sip:a@h"), Contact("sips:a@h")), caller("sips:b@edge.test")),
			Want: "try sips:a@h; exhausted 480 if none",
			Says: []string{
				"dropped: sip:a@h after sips:b@edge.test: never from SIPS to SIP (16.7 step 4)",
				"taken: no q (counts as 1), first of 1",
			},
		},
		{
			Name: "the redirecting target was SIPS", Ask: with(Redirected(302, "", Contact("sip:b@h")), from("SIPS:a@h")),
			Want: "reject 480",
			Says: []string{"dropped: sip:b@h after SIPS:a@h: never from SIPS to SIP (16.7 step 4)"},
		},
		{
			Name: "from SIP to SIPS and SIP", Ask: Redirected(302, "", Contact("sips:a@h"), Contact("sip:a@h")),
			Want: "try sips:a@h, sip:a@h; exhausted 480 if none",
		},
		{
			Name: "a 305 to an insecure proxy", Ask: with(Redirected(305, "", Contact("sip:p"), Contact("sips:p")), caller("sips:b@edge.test")),
			Want: "try sips:b@edge.test via sips:p;lr; exhausted 410 if none",
		},
		{
			Name: "remaining targets too",
			Ask:  with(Redirected(302, "", Contact("tel:+1")), caller("sips:b@edge.test"), from("sips:a@h"), remaining("sip:c@h", "sips:d@h")),
			Want: "try sips:d@h label kept; exhausted 480 if none",
			Text: "302 from 127.0.0.1:5070: 0 of 1 contact is a target, 1 of 10 attempts used, 1 of 2 remaining targets kept " +
				"(sip:c@h after sips:b@edge.test: never from SIPS to SIP (16.7 step 4))",
		},
	}
}

// useProxyCases: a 305 keeps the Request-URI and adds a route.
func useProxyCases() []Case {
	return []Case{
		{
			Name: "the Request-URI of the attempt that got it",
			Ask:  with(Redirected(305, "", Contact("sip:p1;transport=tcp;lr"), ContactQ("sip:p2?Subject=x", 300)), from("sip:a@h;user=phone")),
			Want: "try sip:a@h;user=phone via sip:p1;transport=tcp;lr, sip:a@h;user=phone via sip:p2;lr; exhausted 410 if none",
		},
		{
			Name: "a tel Request-URI can be sent through a proxy", Ask: with(Redirected(305, "", Contact("sip:p")), caller("tel:+15550100")),
			Want: "try tel:+15550100 via sip:p;lr; exhausted 410 if none",
		},
		{
			Name: "a proxy that was tried",
			Ask: with(Redirected(305, "", Contact("sip:P"), Contact("sip:q")), after(503, "sip:+15550100@edge.test"),
				lastAttempt(func(a *redirectv1.Attempt) { a.Target.Routes = []string{"sip:p;lr"} }),
				from("sip:+15550100@edge.test")),
			Want: "try sip:+15550100@edge.test via sip:q;lr; exhausted 410 if none",
			Says: []string{
				"dropped: the proxy sip:P was tried as attempt 1, which ended with 503",
				"taken: no q (counts as 1), first of 1",
			},
		},
		{
			Name: "back to the next hop that sent it", Ask: Redirected(305, "", Contact("sip:127.0.0.1:5070")),
			Want: "reject 410",
			Says: []string{"dropped: the proxy sip:127.0.0.1:5070 was tried as the request to the next hop, which ended with 305"},
		},
		{
			Name: "the same proxy twice", Ask: Redirected(305, "", Contact("sip:p"), Contact("sip:p;lr")),
			Want: "try sip:+15550100@edge.test via sip:p;lr; exhausted 410 if none",
			Says: []string{"taken: no q (counts as 1), first of 1", "dropped: sip:p;lr equals contact 1, sip:p"},
		},
		{
			Name: "the same proxy with headers", Ask: Redirected(305, "", Contact("sip:p"), Contact("sip:p?Subject=x")),
			Want: "try sip:+15550100@edge.test via sip:p;lr; exhausted 410 if none",
			Says: []string{"taken: no q (counts as 1), first of 1", "dropped: sip:p?Subject=x gives the same route as contact 1, sip:p"},
		},
		{
			Name: "an edge that has not said what it can do",
			Ask:  with(Redirected(305, "", Contact("sip:p")), func(req *redirectv1.DecideRequest) { req.Edge.Features = nil }),
			Want: "try sip:+15550100@edge.test via sip:p;lr; exhausted 410 if none",
		},
		{
			Name: "an edge that has no routes",
			Ask:  with(Redirected(305, "", Contact("sip:p")), func(req *redirectv1.DecideRequest) { req.Edge.Features = []string{"timeouts"} }),
			Want: "reject 410", Rule: "profile default: 305 needs routes",
			Says: []string{`dropped: the edge does not name the feature "routes", by which a 305 is followed (21.3.4)`},
		},
		{
			Name: "a Request-URI that cannot be read", Ask: with(Redirected(305, "", Contact("sip:p")), caller("sip:a@")),
			Want: "reject 410", Rule: "profile default: 305 Request-URI",
		},
	}
}
