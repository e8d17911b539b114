package policytest

import (
	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
)

func hasRung(a *redirectv1.Attempt) { a.Rang, a.ProvisionalStatus = true, 180 }

// ringingCases: after_ringing.
func ringingCases() []Case {
	return []Case{
		{
			Name: "img2020 stops once a target has rung", Config: img2020,
			Ask: with(Redirected(302, "", Contact("sip:n@h")), after(486, "sip:a@h"), lastAttempt(hasRung),
				from("sip:b@h"), remaining("sip:c@h")),
			Want: "pass best", Rule: "profile default: after_ringing",
			Says: []string{"dropped: attempt 1 has rung (180 or 183), and profile default has after_ringing: stop"},
		},
		{
			Name: "img2020 stops if the redirecting target has rung itself", Config: img2020,
			Ask: with(Redirected(302, "", Contact("sip:n@h")), from("sip:b@h"), lastAttempt(hasRung)), Want: "reject 480",
		},
		{
			Name: "img2020 goes on if only the next hop has rung", Config: img2020,
			Ask:  with(Redirected(302, "", Contact("sip:n@h")), lastAttempt(hasRung)),
			Want: "try sip:n@h; stop after ringing; exhausted 480 if none",
		},
		{
			Name: "what a target said stands before the mapped code",
			Ask:  with(Redirected(302, "", Contact("sip:a@h")), after(486, "sip:a@h"), from("sip:b@h")),
			Want: "pass best", Rule: "profile default: nothing usable in 302",
		},
		{
			Name: "a timeout says nothing",
			Ask:  with(Redirected(302, "", Contact("sip:a@h")), after(0, "sip:a@h"), from("sip:b@h")),
			Want: "reject 480",
		},
		{
			Name: "the response of an attempt that got none does not count",
			Ask: with(Redirected(302, "", Contact("sip:a@h")), after(486, "sip:a@h"),
				lastAttempt(func(a *redirectv1.Attempt) { a.Outcome = redirectv1.Outcome_OUTCOME_ANSWER_TIMEOUT }), from("sip:b@h")),
			Want: "reject 480",
		},
		{
			Name: "rfc3261 goes on", Ask: with(Redirected(302, "", Contact("sip:n@h")), from("sip:b@h"), lastAttempt(hasRung)),
			Want: "try sip:n@h; exhausted 480 if none",
		},
		{
			Name: "rfc3261 may be told to stop", Config: "profiles: [{name: default, after_ringing: stop}]",
			Ask:  Redirected(302, "", Contact("sip:n@h")),
			Want: "try sip:n@h; stop after ringing; exhausted 480 if none",
		},
	}
}

// failureCases: the event failure, which the built-in policy never asks for.
func failureCases() []Case {
	return []Case{
		{
			Name: "a failure goes on to the remaining targets",
			Ask:  with(Redirected(302, ""), after(486, "sip:a@h"), remaining("sip:b@h", "sip:a@h"), failed),
			Want: "try sip:b@h label kept; exhausted 480 if none", Rule: "profile default: after a failure",
			Text: "486, 1 of 2 remaining targets kept (sip:a@h was tried as attempt 1, which ended with 486)",
		},
		{
			Name: "a timeout without targets", Ask: with(Redirected(302, ""), after(0, "sip:a@h"), failed),
			Want: "reject 480", Text: "sip:a@h, which got no response in time, answered with 480",
		},
		{
			Name: "a timeout after an answer", Ask: with(Redirected(302, ""), after(486, "sip:a@h"), after(0, "sip:b@h"), failed),
			Want: "pass best", Text: "sip:b@h, which got no response in time, the best response so far goes to the caller",
		},
		{
			Name: "a timeout after the next hop has rung", Config: img2020,
			Ask:  with(Redirected(301, ""), lastAttempt(hasRung), after(0, "sip:a@h"), remaining("sip:b@h"), failed),
			Want: "try sip:b@h label kept; stop after ringing; exhausted 410 if none",
		},
		{Name: "a challenge", Ask: with(Redirected(302, ""), after(407, "sip:a@h"), remaining("sip:b@h"), failed), Want: "pass best"},
		{Name: "a 6xx", Ask: with(Redirected(302, ""), after(603, "sip:a@h"), remaining("sip:b@h"), failed), Want: "pass best"},
		{
			Name: "a target that has rung", Config: img2020,
			Ask: with(Redirected(302, ""), after(486, "sip:a@h"), lastAttempt(hasRung), remaining("sip:b@h"), failed), Want: "pass best",
		},
	}
}

// bestCases are about an edge that cannot let a response pass.
func bestCases() []Case {
	plain := func(req *redirectv1.DecideRequest) { req.Edge.Features = []string{"routes"} }
	ended := func(changes ...change) *redirectv1.DecideRequest {
		return with(Redirected(302, "", Contact("tel:+1")), append(changes, plain)...)
	}
	return []Case{
		{
			Name: "the lowest class", Ask: ended(after(503, "sip:a@h"), after(486, "sip:b@h"), after(404, "sip:c@h"), from("sip:d@h")),
			Want: "reject 486",
			Text: "302 from 127.0.0.1:5070: 0 of 1 contact is a target, 4 of 10 attempts used, " +
				`the edge does not name the feature "pass_through": answered with the best status so far, 486`,
		},
		{Name: "a 6xx before all", Ask: ended(after(486, "sip:a@h"), after(603, "sip:b@h"), failed), Want: "reject 603"},
		{Name: "a 408 to INVITE", Ask: ended(after(503, "sip:a@h"), after(408, "sip:b@h"), failed), Want: "reject 408"},
		{Name: "no 408 to anything else", Ask: ended(after(503, "sip:a@h"), after(408, "sip:b@h"), failed, method("MESSAGE")), Want: "reject 503"},
		{
			Name: "none", Config: img2020, Ask: ended(after(0, "sip:a@h"), lastAttempt(hasRung), failed),
			Want: "reject 480", Text: "sip:a@h, which got no response in time, attempt 1 has rung (after_ringing: stop), answered with 480",
		},
		{
			Name: "an edge that has not said what it can do lets it pass",
			Ask:  with(Redirected(302, ""), after(486, "sip:a@h"), failed, func(req *redirectv1.DecideRequest) { req.Edge = nil }), Want: "pass best",
		},
	}
}

// senselessCases are answered with an error: no decision can be made.
func senselessCases() []Case {
	ask := func(changes ...change) *redirectv1.DecideRequest {
		return with(Redirected(302, "", Contact("sip:a@h")), changes...)
	}
	status := func(s uint32) change {
		return func(req *redirectv1.DecideRequest) {
			req.GetRedirect().Response = &redirectv1.SipResponse{Status: s}
		}
	}
	return []Case{
		{Name: "an unknown profile", Ask: ask(profile("gold")), Err: policy.ErrUnknownProfile},
		{Name: "an empty request", Ask: &redirectv1.DecideRequest{}, Err: policy.ErrInvalidRequest},
		{Name: "no call", Ask: ask(func(req *redirectv1.DecideRequest) { req.Call = nil }), Err: policy.ErrInvalidRequest},
		{Name: "no Request-URI", Ask: ask(func(req *redirectv1.DecideRequest) { req.Call.RequestUri = nil }), Err: policy.ErrInvalidRequest},
		{Name: "an advice that is a redirect", Ask: ask(func(req *redirectv1.DecideRequest) {
			req.Event = &redirectv1.DecideRequest_Advice{Advice: &redirectv1.Advice{Response: req.GetRedirect().GetResponse()}}
		}), Err: policy.ErrInvalidRequest},
		{Name: "no event", Ask: ask(func(req *redirectv1.DecideRequest) { req.Event = nil }), Err: policy.ErrInvalidRequest},
		{Name: "no attempts", Ask: ask(func(req *redirectv1.DecideRequest) { req.Attempts = nil }), Err: policy.ErrInvalidRequest},
		{Name: "no target", Ask: ask(lastAttempt(func(a *redirectv1.Attempt) { a.Target = nil })), Err: policy.ErrInvalidRequest},
		{Name: "no response", Ask: ask(func(req *redirectv1.DecideRequest) { req.GetRedirect().Response = nil }), Err: policy.ErrInvalidRequest},
		{Name: "a redirect with 200", Ask: ask(status(200)), Err: policy.ErrInvalidRequest},
		{Name: "a redirect with 400", Ask: ask(status(400)), Err: policy.ErrInvalidRequest},
		{Name: "65 attempts", Ask: ask(after(486, numbered("sip:%02d@h", 64)...)), Err: policy.ErrInvalidRequest},
		{Name: "65 contacts", Ask: Redirected(302, "", contacts(numbered("sip:%02d@h", 65))...), Err: policy.ErrInvalidRequest},
		{Name: "65 remaining targets", Ask: ask(remaining(numbered("sip:%02d@h", 65)...)), Err: policy.ErrInvalidRequest},
	}
}
