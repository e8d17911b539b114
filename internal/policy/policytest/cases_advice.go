package policytest

import redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"

// advised asks about an advice, for an edge with a route of its own.
func advised(status uint32, changes ...change) *redirectv1.DecideRequest {
	req := Redirected(status, "")
	req.Event = &redirectv1.DecideRequest_Advice{Advice: &redirectv1.Advice{Response: req.GetRedirect().GetResponse()}}
	req.Edge.Features = append(req.GetEdge().GetFeatures(), "onward")
	return with(req, changes...)
}

// adviceCases are about a next hop that is a redirect server and nothing else.
func adviceCases() []Case {
	plain := func(req *redirectv1.DecideRequest) { req.Edge.Features = []string{"routes"} }
	return []Case{
		{
			Name: "404: no advice", Ask: advised(404), Want: "try sip:+15550100@edge.test at onward", Rule: "profile default: onward",
			Text: "404 from 127.0.0.1:5070: no advice, the call goes onward",
		},
		{Name: "503: no advice", Ask: advised(503), Want: "try sip:+15550100@edge.test at onward"},
		{Name: "408: no answer", Ask: advised(408), Want: "try sip:+15550100@edge.test at onward"},
		{Name: "no advice to a sips call", Ask: advised(404, caller("sips:a@h")), Want: "try sips:a@h at onward"},
		{Name: "after redirects were switched off", Config: disabled, Ask: advised(404), Want: "try sip:+15550100@edge.test at onward"},
		{Name: "onward after ringing", Config: img2020, Ask: advised(404), Want: "try sip:+15550100@edge.test at onward; stop after ringing"},
		{
			Name: "603: block", Ask: advised(603), Want: "pass redirect", Rule: "profile default: blocked",
			Text: "603 from 127.0.0.1:5070: a 6xx of a redirect server blocks the call, it goes to the caller",
		},
		{Name: "a challenge of the redirect server", Ask: advised(407), Want: "pass redirect", Rule: "profile default: challenge"},
		{Name: "no attempt left for the own route", Ask: advised(404, attemptsLeft(0)), Want: "pass redirect", Rule: "profile default: no attempt left"},
		{Name: "an edge without an own route", Ask: advised(404, plain), Want: "reject 404", Rule: "profile default: no advice"},
		{Name: "no answer, to an edge without an own route", Ask: advised(408, plain), Want: "reject 408"},
		{Name: "no answer to another method", Ask: advised(408, plain, method("MESSAGE")), Want: "reject 480"},
	}
}
