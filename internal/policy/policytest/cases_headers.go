package policytest

import redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"

// headerCases are what happens to header fields.
func headerCases() []Case {
	a := Contact("sip:a@h")
	ask := func(changes ...change) *redirectv1.DecideRequest {
		return with(Redirected(302, "", a), append([]change{onwardEdge}, changes...)...)
	}
	only := func(names ...string) change {
		return func(req *redirectv1.DecideRequest) { req.Edge.AllowedHeaders = names }
	}
	contact := func(uri string, changes ...change) *redirectv1.DecideRequest {
		return with(Redirected(302, "", Contact(uri)), append([]change{onwardEdge}, changes...)...)
	}
	const end = "; exhausted 480 if none"
	return []Case{
		{
			Name: "headers: copied from the 3xx", Config: one("copy_headers: [Identity, {name: P-Asserted-Identity, as: X-Verified, replace: true}]"), Ask: ask(),
			Want: "try sip:a@h {Identity from response 0, P-Asserted-Identity from response 0 as X-Verified replacing}" + end,
		},
		{
			Name: "headers: of the 3xx that brought the contact", Config: one("copy_headers: [Identity]"), Ask: with(ask(), from("sip:x@h")),
			Want: "try sip:a@h {Identity from response 1}" + end,
		},
		{
			Name: "headers: outside the allow list of the edge", Config: one("copy_headers: [Identity, X-Tenant]"), Ask: ask(only("X-*")),
			Want: "try sip:a@h {X-Tenant from response 0}" + end,
			Text: "302 from 127.0.0.1:5070: 1 of 1 contact is a target, 0 of 10 attempts used; Identity is not among the header fields that the edge lets a policy touch (edge.allowed_headers)",
		},
		{
			Name: "headers: an edge that allows none", Config: one("copy_headers: [Identity]"), Ask: ask(only()),
			Want: "try sip:a@h" + end,
			Text: "302 from 127.0.0.1:5070: 1 of 1 contact is a target, 0 of 10 attempts used; Identity is not among the header fields that the edge lets a policy touch (edge.allowed_headers)",
		},
		{
			Name: "headers: an edge that has said nothing", Config: one("copy_headers: [Identity]"), Ask: with(ask(), func(req *redirectv1.DecideRequest) { req.Edge = nil }),
			Want: "try sip:a@h {Identity from response 0}" + end,
		},
		{
			Name: "headers: an edge that touches none", Config: one("copy_headers: [Identity]"), Ask: Redirected(302, "", a),
			Want: "try sip:a@h" + end,
			Text: `302 from 127.0.0.1:5070: 1 of 1 contact is a target, 0 of 10 attempts used; the edge does not name the feature "header_ops": no header field is touched`,
		},
		{
			Name: "headers: of a contact, off", Ask: contact("sip:a@h?Subject=x"), Want: "try sip:a@h" + end,
		},
		{
			Name: "headers: of a contact, by name", Config: one("contact_headers: [Subject, Call-Info]"), Ask: contact("sip:a@h?subject=x&Priority=urgent&Call-Info=y&call-info=z"),
			Want: "try sip:a@h {subject from contact 0 replacing, Call-Info from contact 0}" + end,
		},
		{
			Name: "headers: of a contact, never", Config: one(`contact_headers: ["*"]`),
			Ask:  contact("sip:a@h?From=x&f=x&To=x&Call-ID=x&CSeq=x&Via=x&Record-Route=x&Route=x&Max-Forwards=1&Contact=x&Authorization=x&Proxy-Authorization=x&Accept=x&Accept-Language=x&Allow=x&Supported=x&Organization=x&User-Agent=x&Content-Type=x&Date=x&Mime-Version=x&Timestamp=x&body=x&Subject=s"),
			Want: "try sip:a@h {Subject from contact 0 replacing}" + end,
		},
		{
			Name: "headers: of a rule", Config: ruled(`{name: h, then: {headers: [{add: X-A, value: "${contact.uri.host}"}, {set: X-B, value: b}, {remove: X-C}, {copy: Identity}, {copy: X-D, from: request, as: X-E, replace: true}, {copy: Subject, from: contact}]}}`),
			Ask: ask(), Want: "try sip:a@h {+X-A: h, =X-B: b, -X-C, Identity from response 0, X-D from request as X-E replacing, Subject from contact 0}" + end,
		},
		{
			Name: "headers: a value that would be two lines", Config: ruled(`{name: h, then: {headers: [{set: X-A, value: "${contact.uri.display_name}"}]}}`),
			Ask: with(ask(), func(req *redirectv1.DecideRequest) {
				req.GetRedirect().Contacts = []*redirectv1.Contact{{Uri: &redirectv1.SipUri{Text: "sip:a@h", DisplayName: "a\r\nVia: x"}}}
			}), Want: "try sip:a@h" + end,
			Says: []string{"taken: no q (counts as 1), first of 1; h (policy.yaml:4): it has no condition; h (policy.yaml:4): X-A: the value has a control character"},
		},
		{
			Name: "headers: Diversion", Config: one("diversion: true"), Ask: ask(),
			Want: "try sip:a@h {=Diversion: <sip:+15550100@edge.test>;reason=unconditional;counter=1;privacy=off, Diversion from request}" + end,
		},
		{
			Name: "headers: Diversion with the reason that the 3xx gives, and privacy", Config: one("diversion: true"),
			Ask:  ask(says("Reason", "Q.850;cause=17", "reason", `SIP ; cause=486;text="Busy Here"`), asks("Privacy", "id;history")),
			Want: "try sip:a@h {=Diversion: <sip:+15550100@edge.test>;reason=user-busy;counter=1;privacy=full, Diversion from request}" + end,
		},
		{
			Name: "headers: Diversion twice, the newest on top", Config: one("diversion: true"), Ask: with(ask(), from("sip:x@h;x=1"), cameFrom),
			Want: "try sip:a@h {=Diversion: <sip:x@h;x=1>;reason=unconditional;counter=1;privacy=off, +Diversion: <sip:+15550100@edge.test>;reason=unconditional;counter=1;privacy=off, Diversion from request}" + end,
		},
		{
			Name: "headers: History-Info of a call that had none", Config: one("history_info: true"), Ask: with(ask(), func(req *redirectv1.DecideRequest) {
				req.GetRedirect().Contacts = append(req.GetRedirect().GetContacts(), Contact("sip:+15550100@h"))
			}),
			Want: "try sip:a@h {=History-Info: <sip:+15550100@edge.test?Reason=SIP%3Bcause%3D302>;index=1, <sip:a@h>;index=1.1;mp=1}, " +
				"sip:+15550100@h {=History-Info: <sip:+15550100@edge.test?Reason=SIP%3Bcause%3D302>;index=1, <sip:+15550100@h>;index=1.2;rc=1}; consult" + end,
		},
		{
			Name: "headers: History-Info goes on from the caller's", Config: one("history_info: true"),
			Ask: ask(asks("History-Info", `"Bob, B." <sip:bob@a>;index=1, <sip:+15550100@edge.test?Privacy=history>;index=1.1;foo=bar`, "Privacy", "history")),
			Want: `try sip:a@h {=History-Info: "Bob, B." <sip:bob@a>;index=1, <sip:+15550100@edge.test?Privacy=history&Reason=SIP%3Bcause%3D302>;index=1.1;foo=bar, ` +
				`<sip:a@h?Privacy=history>;index=1.1.1;mp=1.1}; consult` + end,
		},
		{
			Name: "headers: History-Info with a gap", Config: one("history_info: true"), Ask: ask(asks("History-Info", "<sip:bob@a>;index=1.2")),
			Want: "try sip:a@h {=History-Info: <sip:bob@a>;index=1.2, <sip:+15550100@edge.test?Reason=SIP%3Bcause%3D302>;index=1.2.0.1, <sip:a@h>;index=1.2.0.1.1;mp=1.2.0.1}; consult" + end,
		},
		{
			Name: "headers: History-Info tells of what was tried", Config: one("history_info: true"), Ask: with(ask(), after(486, "sip:x@h"), after(0, "sip:y@h"), from("sip:z@h"), cameFrom),
			Want: "try sip:a@h {=History-Info: <sip:+15550100@edge.test?Reason=SIP%3Bcause%3D302>;index=1, <sip:x@h?Reason=SIP%3Bcause%3D486>;index=1.1;mp=1, " +
				"<sip:y@h?Reason=SIP%3Bcause%3D408>;index=1.2;mp=1, <sip:z@h?Reason=SIP%3Bcause%3D302>;index=1.3;mp=1, <sip:a@h>;index=1.4;mp=1.3}; consult" + end,
		},
		{
			Name: "headers: History-Info as the redirect server says", Config: one("history_info: true"), Ask: with(ask(), func(req *redirectv1.DecideRequest) {
				req.GetRedirect().Contacts = []*redirectv1.Contact{{Uri: a.GetUri(), Params: []*redirectv1.Param{{Name: "RC", Value: "1"}}}}
			}),
			Want: "try sip:a@h {=History-Info: <sip:+15550100@edge.test?Reason=SIP%3Bcause%3D302>;index=1, <sip:a@h>;index=1.1;rc=1}; consult" + end,
		},
	}
}
