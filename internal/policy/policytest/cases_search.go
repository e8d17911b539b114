package policytest

import (
	"fmt"
	"strings"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// limitCases: max_attempts of the profile and attempts_left of the edge.
func limitCases() []Case {
	many := numbered("sip:t%02d@h", 12)
	return []Case{
		{
			Name: "12 contacts, 10 attempts", Ask: Redirected(302, "", contacts(many)...),
			Want: "try " + strings.Join(many[:10], ", ") + "; exhausted 480 if none",
			Text: "302 from 127.0.0.1:5070: 10 of 12 contacts are targets, 0 of 10 attempts used",
			Says: append(firstOf(10),
				"dropped: attempt limit: 0 of 10 used (max_attempts), what is left goes to targets before this one",
				"dropped: attempt limit: 0 of 10 used (max_attempts), what is left goes to targets before this one"),
		},
		{
			Name: "attempts count over nested redirects", Config: "profiles: [{name: default, max_attempts: 3}]",
			Ask:  with(Redirected(302, "", Contact("sip:b@h"), Contact("sip:c@h")), after(486, "sip:x@h"), from("sip:a@h")),
			Want: "try sip:b@h; exhausted 480 if none",
			Text: "302 from 127.0.0.1:5070: 1 of 2 contacts are targets, 2 of 3 attempts used",
		},
		{
			Name: "all used", Config: "profiles: [{name: default, max_attempts: 1}]",
			Ask:  with(Redirected(302, "", Contact("sip:b@h")), from("sip:a@h"), remaining("sip:c@h")),
			Want: "reject 480",
			Text: "302 from 127.0.0.1:5070: 0 of 1 contact is a target, 1 of 1 attempts used, 0 of 1 remaining targets kept (sip:c@h: attempt limit: 1 of 1 used (max_attempts)), answered with 480",
			Says: []string{"dropped: attempt limit: 1 of 1 used (max_attempts)"},
		},
		{
			Name: "what the edge refused does not count", Config: "profiles: [{name: default, max_attempts: 2}]",
			Ask: with(Redirected(302, "", Contact("sip:c@h")), after(0, "sip:b@h"),
				lastAttempt(func(a *redirectv1.Attempt) { a.Outcome = redirectv1.Outcome_OUTCOME_REFUSED }), from("sip:a@h")),
			Want: "try sip:c@h; exhausted 480 if none",
		},
		{
			Name: "the limit of the edge", Ask: with(Redirected(302, "", Contact("sip:a@h"), Contact("sip:b@h")), attemptsLeft(1)),
			Want: "try sip:a@h; exhausted 480 if none",
			Says: []string{
				"taken: no q (counts as 1), first of 1",
				"dropped: attempt limit: the edge makes 1 more (edge.attempts_left), what is left goes to targets before this one",
			},
		},
		{
			Name: "the edge makes none", Ask: with(Redirected(301, "", Contact("sip:a@h")), attemptsLeft(0)),
			Want: "reject 410",
			Says: []string{"dropped: attempt limit: the edge makes 0 more (edge.attempts_left)"},
		},
		{
			Name: "an edge that does not introduce itself",
			Ask:  with(Redirected(302, "", Contact("sip:a@h")), func(req *redirectv1.DecideRequest) { req.Edge = nil }),
			Want: "try sip:a@h; exhausted 480 if none",
		},
		{
			Name: "an edge that states no limit",
			Ask:  with(Redirected(302, "", Contact("sip:a@h")), func(req *redirectv1.DecideRequest) { req.Edge.AttemptsLeft = nil }),
			Want: "try sip:a@h; exhausted 480 if none",
		},
		{
			Name: "64 targets at most", Config: "profiles: [{name: default, max_attempts: 64}]",
			Ask:  with(Redirected(302, "", contacts(numbered("sip:t%02d@h", 64))...), remaining("sip:r@h")),
			Want: "try " + strings.Join(numbered("sip:t%02d@h", 64), ", ") + "; exhausted 480 if none",
		},
		{
			Name: "an answer of 64 KiB at most", Config: "profiles: [{name: default, max_attempts: 64}]",
			Ask:  Redirected(302, "", contacts(numbered("sip:%02d"+strings.Repeat("x", 4000)+"@h", 12))...),
			Want: "try " + strings.Join(numbered("sip:%02d"+strings.Repeat("x", 4000)+"@h", 8), ", ") + "; exhausted 480 if none",
		},
		{
			Name: "the longest explanation and as many targets as fit", Config: "profiles: [{name: default, max_attempts: 64}]",
			Ask: with(Redirected(302, strings.Repeat("r", 500), unreadable(64)...), from("sip:a@h"),
				remaining(numbered("sip:%02d"+strings.Repeat("x", 4000)+"@h", 12)...)),
			Want: "try " + strings.Join(numbered("sip:%02d"+strings.Repeat("x", 4000)+"@h", 8), " label kept, ") + " label kept; exhausted 480 if none",
		},
	}
}

// nestedCases: a target answers with a 3xx itself; depth first, nothing twice.
func nestedCases() []Case {
	return []Case{
		{
			Name: "new contacts before the remaining targets",
			Ask:  with(Redirected(302, "Moved", Contact("sip:n1@h"), Contact("sip:n2@h")), from("sip:a@h"), remaining("sip:b@h", "sip:c@h")),
			Want: "try sip:n1@h, sip:n2@h, sip:b@h label kept, sip:c@h label kept; exhausted 480 if none",
			Text: "302 Moved from 127.0.0.1:5070: 2 of 2 contacts are targets, 1 of 10 attempts used, 2 of 2 remaining targets kept",
		},
		{
			Name: "a contact that remains is tried now",
			Ask:  with(Redirected(302, "", Contact("sip:C@h"), Contact("sip:c@h")), from("sip:a@h"), remaining("sip:b@h", "sip:c@H")),
			Want: "try sip:C@h, sip:c@h, sip:b@h label kept; exhausted 480 if none",
		},
		{
			Name: "a loop", Ask: with(Redirected(302, "", Contact("sip:A@H")), after(302, "sip:A@h"), from("sip:b@h")),
			Want: "reject 480", Rule: "profile default: nothing usable in 302",
			Says: []string{"dropped: sip:A@H equals sip:A@h, tried as attempt 1, which ended with 302"},
		},
		{
			Name: "a target that redirects to itself", Ask: with(Redirected(301, "", Contact("sip:a@h")), from("sip:a@h")),
			Want: "reject 410",
			Says: []string{"dropped: sip:a@h was tried as attempt 1, which ended with 301"},
		},
		{
			Name: "how the other one ended",
			Ask: with(Redirected(302, "", Contact("sip:t@h"), Contact("sip:x@h"), Contact("sip:n@h"), Contact("sip:r@h"), Contact("sip:w@h"), Contact("sip:u@h")),
				after(0, "sip:t@h"),
				ended("sip:x@h", redirectv1.Outcome_OUTCOME_TRANSPORT_ERROR), ended("sip:n@h", redirectv1.Outcome_OUTCOME_UNRESOLVABLE),
				ended("sip:r@h", redirectv1.Outcome_OUTCOME_REFUSED), ended("sip:w@h", redirectv1.Outcome_OUTCOME_ANSWER_TIMEOUT),
				ended("sip:u@h", redirectv1.Outcome_OUTCOME_UNSPECIFIED), from("sip:a@h")),
			Want: "reject 480",
			Says: []string{
				"dropped: sip:t@h was tried as attempt 1, which got no response in time",
				"dropped: sip:x@h was tried as attempt 2, which could not be delivered",
				"dropped: sip:n@h was tried as attempt 3, whose name did not resolve",
				"dropped: sip:r@h was tried as attempt 4, which the edge refused: because",
				"dropped: sip:w@h was tried as attempt 5, which got no final response in time",
				"dropped: sip:u@h was tried as attempt 6, whose outcome is not known",
			},
		},
		{
			Name: "the original Request-URI, now without the next hop", Ask: Redirected(302, "", Contact("sip:+15550100@edge.test")),
			Want: "try sip:+15550100@edge.test; exhausted 480 if none",
		},
		{
			Name: "the original Request-URI, that had no next hop",
			Ask: with(Redirected(302, "", Contact("sip:+15550100@EDGE.test")), lastAttempt(func(a *redirectv1.Attempt) {
				a.Target = &redirectv1.Target{Uri: "sip:+15550100@edge.test"}
			})),
			Want: "reject 480",
			Says: []string{"dropped: sip:+15550100@EDGE.test equals sip:+15550100@edge.test, tried as the request to the next hop, which ended with 302"},
		},
	}
}

// remainingCases: a target answers with a 3xx while targets of the decision in
// force are left.
func remainingCases() []Case {
	return []Case{
		{
			Name: "nothing new, but targets remain", Ask: with(Redirected(302, "", Contact("tel:+1")), from("sip:a@h"), remaining("sip:b@h")),
			Want: "try sip:b@h label kept; exhausted 480 if none",
			Text: "302 from 127.0.0.1:5070: 0 of 1 contact is a target, 1 of 10 attempts used, 1 of 1 remaining targets kept",
		},
		{
			Name: "a 380 of a target goes on to the others", Ask: with(Redirected(380, "", Contact("sip:n@h")), from("sip:a@h"), remaining("sip:b@h")),
			Want: "try sip:b@h label kept; exhausted 410 if none", Rule: "profile default: 380 not followed",
		},
		{
			Name: "remaining targets that cannot be sent or were tried are left out",
			Ask:  with(Redirected(302, "", Contact("sip:n@h")), from("sip:a@h"), remaining("sip:a@H", "tel:+1", "garbage", "sip:b@h", "sip:b@h")),
			Want: "try sip:n@h, sip:b@h label kept; exhausted 480 if none",
			Text: "302 from 127.0.0.1:5070: 1 of 1 contact is a target, 1 of 10 attempts used, 1 of 5 remaining targets kept " +
				"(sip:a@H equals sip:a@h, tried as attempt 1, which ended with 302; tel:+1 cannot be sent to; garbage cannot be sent to; and 1 more)",
		},
		{
			Name: "a remaining target that a new contact repeats",
			Ask:  with(Redirected(302, "", Contact("sip:b@h")), from("sip:a@h"), remaining("sip:b@h")),
			Want: "try sip:b@h; exhausted 480 if none",
			Text: "302 from 127.0.0.1:5070: 1 of 1 contact is a target, 1 of 10 attempts used, 0 of 1 remaining targets kept (sip:b@h comes before)",
		},
		{
			Name: "a remaining target of another scheme that has a route",
			Ask: with(Redirected(302, ""), from("sip:a@h"), remaining("tel:+1", "tel:+2"), func(req *redirectv1.DecideRequest) {
				req.Remaining[0].Routes = []string{"sip:p;lr"}
			}),
			Want: "try tel:+1 via sip:p;lr label kept; exhausted 480 if none",
		},
		{
			Name: "disabled meanwhile", Config: disabled, Ask: with(Redirected(302, "", Contact("sip:n@h")), from("sip:a@h"), remaining("sip:b@h")),
			Want: "reject 480",
		},
		{
			Name: "the caller's earlier INVITE tried it",
			Ask: with(Redirected(302, "", Contact("sip:a@h")), func(req *redirectv1.DecideRequest) {
				req.Earlier = []*redirectv1.Attempt{{
					Target: &redirectv1.Target{Uri: "sip:a@h"}, Outcome: redirectv1.Outcome_OUTCOME_RESPONSE,
					Response: &redirectv1.SipResponse{Status: 407},
				}}
			}),
			Want: "try sip:a@h; exhausted 480 if none",
		},
	}
}

func ended(uri string, o redirectv1.Outcome) change {
	return func(req *redirectv1.DecideRequest) {
		a := &redirectv1.Attempt{Target: &redirectv1.Target{Uri: uri}, Outcome: o}
		if o == redirectv1.Outcome_OUTCOME_REFUSED {
			a.Detail = "because"
		}
		req.Attempts = append(req.GetAttempts(), a)
	}
}

func numbered(format string, n int) []string {
	texts := make([]string, n)
	for i := range texts {
		texts[i] = fmt.Sprintf(format, i+1)
	}
	return texts
}

func contacts(uris []string) []*redirectv1.Contact {
	list := make([]*redirectv1.Contact, len(uris))
	for i, u := range uris {
		list[i] = Contact(u)
	}
	return list
}

// unreadable are contacts whose texts grow most when they are quoted.
func unreadable(n int) []*redirectv1.Contact {
	list := contacts(make([]string, n))
	for _, c := range list {
		c.Uri.Text, c.Unreadable = strings.Repeat("\u0080", 48), strings.Repeat("u", 500)
	}
	return list
}

func firstOf(n int) []string {
	words := strings.Fields("first second third fourth fifth sixth seventh eighth ninth tenth")
	says := make([]string, n)
	for i := range says {
		says[i] = fmt.Sprintf("taken: no q (counts as 1), %s of %d", words[i], n)
	}
	return says
}
