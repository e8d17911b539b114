package conformance

import (
	"slices"
	"strings"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// questions are the body of questions whose answers are judged. Each makes sense:
// a policy decides it.
func questions() []question {
	all := slices.Concat(questionsOfStatus(), questionsOfContacts(), questionsOfCall(), questionsOfEdge(), questionsOfAdvice())
	for i := range all {
		if all[i].req.GetRequestId() == "" {
			all[i].req.RequestId = strings.ReplaceAll(all[i].name, " ", "-")
			all[i].req.Call.CallId = all[i].req.GetRequestId() + "@conformance.invalid"
		}
	}
	return all
}

func questionsOfStatus() []question {
	some := func() []*redirectv1.Contact {
		return contacts("sip:a@192.0.2.101 700", "sip:b@192.0.2.102", "sip:c@192.0.2.103 100")
	}
	return []question{
		{"a 300", redirected("", 300, some())},
		{"a 301", redirected("", 301, some())},
		{"a 302", redirected("", 302, some())},
		{"a 305", redirected("", 305, contacts("sip:proxy.example.net;lr"))},
		{"a 380", redirected("", 380, some())},
		{"a 399", redirected("", 399, some())},
		{"no contact", redirected("", 302, nil)},
		{"a phrase in Cyrillic", redirected("", 302, some(), phrase("Абонент переехал"))},
	}
}

func questionsOfContacts() []question {
	at := "@192.0.2.101"
	return []question{
		{"one contact", redirected("", 302, contacts("sip:a"+at))},
		{"equal contacts", redirected("", 302, contacts("sip:alice@Host.example.com;transport=TCP", "sip:%61lice@hOST.example.com;Transport=tcp",
			"sip:alice@host.example.com:5060", "sip:Alice@host.example.com"))},
		{"the Request-URI again", redirected("", 302, contacts(callee, "sip:a"+at))},
		{"contacts that were tried", redirected("", 302, contacts("sip:tried"+at, "sip:%74ried"+at+" 900", "sip:again@192.0.2.90", "sip:new"+at), after(486, "sip:tried"+at))},
		{"an unreadable contact", redirected("", 302, contacts("sip:@h", "sip:a"+at))},
		{"nothing but unreadable contacts", redirected("", 302, contacts("sip:@h", "no URI at all", "sip:a@h:99999"))},
		{"other schemes", redirected("", 302, contacts("tel:+15550101", "mailto:bob@example.com", "https://example.com/", "urn:service:sos", "sip:a"+at))},
		{"a tel alone", redirected("", 302, contacts("tel:+15550101;phone-context=example.com"))},
		{"parts of a URI", redirected("", 302, contacts("sip:+15550101;npdi;rn=+15550199"+at+":5070;user=phone;transport=tcp;maddr=192.0.2.9?X-A=b&Subject=c%20d",
			"sip:[2001:db8::9]:5062", "sip:host.example.com", "sip:a:secret"+at, "sip:m"+at+";method=MESSAGE", "sip:h"+at+"?Route=%3Csip:evil.example.com%3E&body=x"))},
		{"escaped control characters", redirected("", 302, contacts("sip:a%0d%0aX-Evil:%20yes%00b"+at+";p=%0d%0a?X-A=b%0d%0aX-B:%20c", "sip:%0A"+at))},
		{"escapes that are not UTF-8", redirected("", 302, contacts("sip:%ff%fe"+at))},
		{"long contacts", redirected("", 302, contacts(many("sip:%02d-"+strings.Repeat("x", 3900)+at, 18)...))},
		{"64 contacts", redirected("", 300, contacts(many("sip:c%02d"+at+" 500", maxContacts)...))},
		{"q at both ends", redirected("", 302, contacts("sip:zero"+at+" 0", "sip:one"+at+" 1000", "sip:none"+at))},
		{"a caller of SIPS", redirected("", 302, contacts("sip:a"+at, "sips:b@host.example.com", "SIP:c@host.example.com", "SIPS:d@host.example.com"), calling("sips:bob@edge.example.com"))},
		{"SIP contacts for SIPS", redirected("", 302, contacts("sip:a"+at), calling("sips:bob@edge.example.com"))},
		{"a 3xx from a SIPS target", redirected("", 302, contacts("sip:a"+at, "sips:b@host.example.com"), after(486, "sips:s@host.example.com"),
			func(req *redirectv1.DecideRequest) {
				req.Attempts[len(req.GetAttempts())-1].Target.Uri = "sips:t@host.example.com"
			})},
		{"contacts that were left out", redirected("", 302, contacts("sip:a"+at), func(req *redirectv1.DecideRequest) { req.GetRedirect().ContactsOmitted = 7 })},
	}
}

func questionsOfCall() []question {
	at := "@192.0.2.101"
	return []question{
		{"a MESSAGE", redirected("", 302, contacts("sip:a"+at), method("MESSAGE"))},
		{"a MESSAGE without contacts", redirected("", 302, nil, method("MESSAGE"))},
		{"a MESSAGE after a 408", redirected("", 302, contacts("tel:+1"), method("MESSAGE"), after(408, "sip:slow"+at), features("routes"))},
		{"a REGISTER", redirected("", 302, contacts("sip:registrar.example.com"), method("REGISTER"), calling("sip:registrar.example.net"))},
		{"a method that nobody knows", redirected("", 302, contacts("sip:a"+at), method("FROBNICATE"))},
		{"a call to a tel URI", redirected("", 302, contacts("sip:a"+at), calling("tel:+15550100"))},
		{"a 305 of a call to a tel URI", redirected("", 305, contacts("sip:proxy.example.net"), calling("tel:+15550100"))},
		{"targets that remain", ordinary("", after(486, "sip:busy"+at), remaining("sip:r1"+at, "sip:+15550102@192.0.2.102", "sip:busy"+at))},
		{"nothing new, and targets that remain", redirected("", 302, contacts(callee), after(486, "sip:busy"+at), remaining("sip:r1"+at, "sip:r1"+at))},
		{"after a target that rang", ordinary("", after(480, "sip:rang"+at), func(req *redirectv1.DecideRequest) {
			req.Attempts[1].Rang, req.Attempts[1].ProvisionalStatus = true, 180
		})},
		{"after a 6xx", ordinary("", after(603, "sip:no"+at))},
		{"after a target that was refused", ordinary("", after(486, "sip:own"+at), func(req *redirectv1.DecideRequest) {
			req.Attempts[1].Outcome, req.Attempts[1].Response, req.Attempts[1].Detail = redirectv1.Outcome_OUTCOME_REFUSED, nil, "192.0.2.1:5060 is this edge itself"
		})},
		{"a challenged call", ordinary("", func(req *redirectv1.DecideRequest) {
			req.Earlier = []*redirectv1.Attempt{{
				Target: &redirectv1.Target{Uri: "sip:+15550101@192.0.2.101"}, Outcome: redirectv1.Outcome_OUTCOME_RESPONSE,
				Response: &redirectv1.SipResponse{Status: 407},
			}}
		})},
		{"attributes of the trunk", ordinary("", func(req *redirectv1.DecideRequest) {
			req.Call.Attributes = map[string]string{"tenant": "a", "tier": "gold"}
		})},
		{"no time left", ordinary("", func(req *redirectv1.DecideRequest) { req.Call.TimeLeft.Seconds = 0 })},
	}
}

func questionsOfEdge() []question {
	all := []question{
		{"no attempt left", ordinary("", attemptsLeft(0))},
		{"one attempt left", ordinary("", attemptsLeft(1))},
		{"an edge that states no limit", ordinary("", func(req *redirectv1.DecideRequest) { req.Edge.AttemptsLeft = nil })},
		{"an edge that has not said what it can do", ordinary("", features())},
		{"an edge that can nothing but routes", ordinary("", features("routes"))},
		{"an edge that allows no header", ordinary("", allowed())},
		{"an edge that allows one header", ordinary("", allowed("x-b"))},
		{"an edge that allows every header", ordinary("", allowed("*"))},
		{"a 305 at an edge without routes", redirected("", 305, contacts("sip:proxy.example.net"), without("routes"))},
	}
	for _, f := range allFeatures {
		all = append(all, question{"an edge without " + f, ordinary("", without(f), after(486, "sip:busy@192.0.2.91"))})
	}
	return all
}

// without takes a feature from the edge.
func without(feature string) change {
	return features(slices.DeleteFunc(slices.Clone(allFeatures), func(f string) bool { return f == feature })...)
}

func questionsOfAdvice() []question {
	return []question{
		{"advice 404", redirected("", 404, nil, advised)},
		{"advice 503", redirected("", 503, nil, advised)},
		{"advice 603", redirected("", 603, nil, advised)},
		{"advice 407", redirected("", 407, nil, advised)},
		{"advice 408 without a response", redirected("", 408, nil, advised, func(req *redirectv1.DecideRequest) {
			req.GetAdvice().Response.Headers, req.GetAdvice().Response.SourceAddress = nil, ""
		})},
		{"advice to a MESSAGE", redirected("", 408, nil, advised, method("MESSAGE"), without("pass_through"))},
		{"advice without onward", redirected("", 404, nil, advised, without(onward))},
	}
}

// unknownProfiles name a profile that nobody has.
func unknownProfiles() []question {
	return []question{{"a profile that nobody has", ordinary("unknown-profile", profile("no-such-profile-5f8a1c"))}}
}

// nonsensical make no sense: they lack what each question has.
func nonsensical() []question {
	return []question{
		{"a question with nothing in it", &redirectv1.DecideRequest{}},
		{"a question without call", ordinary("no-call", func(req *redirectv1.DecideRequest) { req.Call = nil })},
		{"a question without event", ordinary("no-event", func(req *redirectv1.DecideRequest) { req.Event = nil })},
		{"a question without attempts", ordinary("no-attempts", func(req *redirectv1.DecideRequest) { req.Attempts = nil })},
		{"a redirect with 200", ordinary("no-redirect", func(req *redirectv1.DecideRequest) { req.GetRedirect().Response.Status = 200 })},
	}
}
