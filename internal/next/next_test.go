package next_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/next"
	"github.com/redirectd/redirectd/internal/policy"
)

// TestOneAfterTheOther: the best target first, the next one after a failure, and at
// the end the best response.
func TestOneAfterTheOther(t *testing.T) {
	t.Parallel()
	c := builtin(t, plain)
	a := c.ask(redirected("<sip:a@192.0.2.101>;q=0.5", "<sip:b@192.0.2.102>;q=0.9", "<tel:+1>"))
	c.expectTarget(a, "sip:b@192.0.2.102")
	if a.Rule != "profile default: follow 302" || !strings.Contains(a.Why, "2 of 3 contacts are targets") {
		t.Errorf("why: %q, %q", a.Rule, a.Why)
	}
	c.expectTarget(c.ended(next.Question{Status: 503}), "sip:a@192.0.2.101")
	c.expectEnd(c.ended(next.Question{Response: response("486 Busy Over There")}), next.Pass, 486, "Busy Over There")
}

// TestHowAnAttemptEnds is sections 16.7 step 5 to 7, 16.8 and 16.9 for the last target
// but one and for the last.
func TestHowAnAttemptEnds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		ended  next.Question
		goesOn bool
		action string // of the answer when no target is left, or the search has ended
		status int
		reason string
	}{
		{"busy", next.Question{Status: 486, Reason: "Busy Here"}, true, next.Pass, 486, "Busy Here"},
		{"503 alone becomes 500", next.Question{Status: 503}, true, next.Reject, 500, "Server Internal Error"},
		{"a challenge stops the search", next.Question{Status: 407, Reason: "Who?"}, false, next.Pass, 407, "Who?"},
		{"a 6xx ends it", next.Question{Status: 603, Reason: "Decline"}, false, next.Pass, 603, "Decline"},
		{"nothing was heard", next.Question{Outcome: "response_timeout"}, true, next.Reject, 480, "Temporarily Unavailable"},
		{"it rang in vain", next.Question{Outcome: "answer_timeout", Rang: true}, true, next.Reject, 480, "Temporarily Unavailable"},
		{"not delivered", next.Question{Outcome: "transport_error"}, true, next.Reject, 480, "Temporarily Unavailable"},
		{"no such name", next.Question{Outcome: "unresolvable"}, true, next.Reject, 480, "Temporarily Unavailable"},
		{"the client refuses it", next.Question{Outcome: "refused"}, true, next.Reject, 480, "Temporarily Unavailable"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			client := builtin(t, plain)
			client.ask(redirected("<sip:a@192.0.2.101>", "<sip:b@192.0.2.102>"))
			a := client.ended(c.ended)
			if c.goesOn {
				client.expectTarget(a, "sip:b@192.0.2.102")
				a = client.ended(c.ended)
			}
			client.expectEnd(a, c.action, c.status, c.reason)
		})
	}
}

// TestBestOfAll: of several responses the best one goes to the caller (16.7 step 6).
func TestBestOfAll(t *testing.T) {
	t.Parallel()
	c := builtin(t, plain)
	c.ask(redirected("<sip:a@192.0.2.101>", "<sip:b@192.0.2.102>", "<sip:c@192.0.2.103>"))
	c.ended(next.Question{Status: 404, Reason: "Gone from here"})
	c.ended(next.Question{Status: 500})
	c.expectEnd(c.ended(next.Question{Outcome: "response_timeout"}), next.Pass, 404, "Gone from here")
}

// TestNestedRedirect: the 3xx of a target is the response sent with the token. What was
// tried is known, and what was left comes after.
func TestNestedRedirect(t *testing.T) {
	t.Parallel()
	c := builtin(t, plain)
	c.expectTarget(c.ask(redirected("<sip:a@192.0.2.101>;q=0.9", "<sip:b@192.0.2.102>;q=0.1")), "sip:a@192.0.2.101")
	a := c.ended(next.Question{Response: response("301 Moved", "Contact: <sip:a@192.0.2.101>, <sip:c@192.0.2.103>")})
	c.expectTarget(a, "sip:c@192.0.2.103")
	if !strings.Contains(a.Why, "301 Moved: 1 of 2 contacts are targets, 1 of 10 attempts used") {
		t.Errorf("why: %s", a.Why)
	}
	c.expectTarget(c.ended(next.Question{Status: 302, Contacts: []string{"<sip:d@192.0.2.104>"}}), "sip:d@192.0.2.104")
	c.expectTarget(c.ended(next.Question{Status: 404}), "sip:b@192.0.2.102")
	c.expectEnd(c.ended(next.Question{Status: 302, Contacts: []string{"<sip:c@192.0.2.103>"}}), next.Pass, 404, "Not Found")
}

// TestAttemptsOfAProfileAreCounted over all questions of a call.
func TestAttemptsOfAProfileAreCounted(t *testing.T) {
	t.Parallel()
	c := builtin(t, "profiles: [{name: default, max_attempts: 3}]")
	c.ask(redirected("<sip:0@192.0.2.100>"))
	for i := range 2 {
		c.expectTarget(c.ended(next.Question{Status: 302, Contacts: []string{fmt.Sprintf("<sip:%d@192.0.2.101>", i)}}), fmt.Sprintf("sip:%d@192.0.2.101", i))
	}
	c.expectEnd(c.ended(next.Question{Status: 302, Contacts: []string{"<sip:x@192.0.2.102>"}}), next.Reject, 480, "Temporarily Unavailable")
}

// endless is a policy that goes on for ever.
var endless = policy.Func(func(_ context.Context, req *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
	return tryAll(fmt.Sprintf("sip:%d@192.0.2.1", len(req.GetAttempts()))), nil
})

// TestLimitsHoldAgainstAPolicy: the nesting of 3xx, the attempts of a call and its time.
func TestLimitsHoldAgainstAPolicy(t *testing.T) {
	t.Parallel()
	chase := func(c *client, q next.Question) (n int, last *next.Answer) {
		for last = c.ask(redirected("<sip:a@192.0.2.101>")); last.Action == next.Try && n < 100; n++ {
			c.now = c.now.Add(time.Second)
			last = c.ended(q)
		}
		return n, last
	}
	t.Run("nesting", func(t *testing.T) {
		t.Parallel()
		c := newClient(t, endless)
		n, last := chase(c, next.Question{Status: 302})
		if n != 10 {
			t.Errorf("%d redirects were followed", n)
		}
		c.expectEnd(last, next.Reject, 480, "Temporarily Unavailable")
	})
	t.Run("attempts", func(t *testing.T) {
		t.Parallel()
		c := newClient(t, policy.Func(func(_ context.Context, req *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
			d := tryAll(fmt.Sprintf("sip:%d@192.0.2.1", len(req.GetAttempts())))
			d.GetTryTargets().ConsultOnFailure = true
			if left := req.GetEdge().GetAttemptsLeft(); int(left) != 64-len(req.GetAttempts()) {
				t.Errorf("%d attempts are left after %d", left, len(req.GetAttempts()))
			}
			return d, nil
		}))
		n, last := chase(c, next.Question{Status: 404})
		if n != 63 { // and the one to the next hop
			t.Errorf("%d attempts", n)
		}
		c.expectEnd(last, next.Pass, 404, "Not Found")
	})
	t.Run("time", func(t *testing.T) {
		t.Parallel()
		c := newClient(t, policy.Func(func(context.Context, *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
			return tryAll("sip:a@192.0.2.1", "sip:b@192.0.2.1"), nil
		}))
		c.ask(redirected("<sip:a@192.0.2.101>"))
		c.now = c.now.Add(3*time.Minute + time.Second)
		c.expectEnd(c.ended(next.Question{Status: 486}), next.Pass, 486, "Busy Here")
	})
}

// TestGuards: what an edge refuses to try is not named, whatever the policy says, and
// the policy hears of it.
func TestGuards(t *testing.T) {
	t.Parallel()
	var details []string
	c := newClient(t, policy.Func(func(_ context.Context, req *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
		for _, a := range req.GetAttempts() {
			if a.GetOutcome() == redirectv1.Outcome_OUTCOME_REFUSED {
				details = append(details, a.GetDetail())
			}
		}
		if len(req.GetAttempts()) > 2 {
			return tryAll("sip:last@192.0.2.1"), nil
		}
		d := tryAll("tel:+1", "nonsense", "sip:onward@192.0.2.1", "sip:route@192.0.2.1", "sip:hop@192.0.2.1",
			"sip:first@192.0.2.1;method=BYE?X=1", "sip:first@192.0.2.1;x=y", "sip:second@192.0.2.1")
		targets := d.GetTryTargets().GetTargets()
		targets[2].NextHop, targets[3].Routes, targets[4].NextHop = "onward", []string{"tel:+1"}, "tel:+2"
		targets[7].Routes = []string{"sip:192.0.2.9"}
		return d, nil
	}))
	c.expectTarget(c.ask(redirected("<sip:a@192.0.2.101>")), "sip:first@192.0.2.1")
	a := c.ended(next.Question{Status: 404})
	c.expectTarget(a, "sip:second@192.0.2.1")
	if !slices.Equal(a.Routes, []string{"sip:192.0.2.9;lr"}) {
		t.Errorf("routes %q", a.Routes)
	}
	c.expectTarget(c.ended(next.Question{Status: 302}), "sip:last@192.0.2.1")
	want := []string{
		"scheme tel can't be tried without routes or next_hop (sip, sips)",
		`URI has no scheme: want "sip:" or "sips:"`,
		"next_hop: the client has no onward route (features)",
		`route: "tel:+1" is no SIP URI`,
		`next_hop: "tel:+2" is no SIP URI`,
		"sip:first@192.0.2.1;x=y was tried as attempt 6",
	}
	if !slices.Equal(details, want) {
		t.Errorf("refused with\n%q\nwant\n%q", details, want)
	}
}

// TestNeverFromSIPSToSIP is section 16.7 step 4.
func TestNeverFromSIPSToSIP(t *testing.T) {
	t.Parallel()
	both := policy.Func(func(context.Context, *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
		return tryAll("sip:a@192.0.2.1", "sips:b@192.0.2.1"), nil
	})
	c := newClient(t, both)
	q := redirected("<sip:a@192.0.2.101>")
	q.Invite = strings.Replace(q.Invite, "sip:bob@", "sips:bob@", 1)
	c.expectTarget(c.ask(q), "sips:b@192.0.2.1")
	c = newClient(t, both)
	c.expectTarget(c.ask(redirected("<sip:a@192.0.2.101>")), "sip:a@192.0.2.1")
}

// TestConsulted: a policy that wants to be asked after each failure is, with its state
// and all attempts; the client only asks what comes next.
func TestConsulted(t *testing.T) {
	t.Parallel()
	c := newClient(t, policy.Func(func(_ context.Context, req *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
		n := len(req.GetAttempts())
		d := tryAll(fmt.Sprintf("sip:%d@192.0.2.1", n))
		d.PolicyState = append(slices.Clone(req.GetPolicyState()), byte('a'+n))
		d.GetTryTargets().ConsultOnFailure = true
		if n == 1 {
			return d, nil
		}
		last := req.GetAttempts()[n-1]
		if req.GetFailure() == nil || last.GetResponse().GetStatus() != 486 || !last.GetRang() || last.GetDuration().AsDuration() != 2*time.Second {
			t.Errorf("question %d: %v", n, req)
		}
		if n == 3 {
			return &redirectv1.DecideResponse{Action: &redirectv1.DecideResponse_Reject{Reject: &redirectv1.FinalResponse{
				Status: 606, ReasonPhrase: "state " + string(req.GetPolicyState()),
			}}}, nil
		}
		return d, nil
	}))
	c.ask(redirected("<sip:a@192.0.2.101>"))
	c.now = c.now.Add(2 * time.Second)
	c.ended(next.Question{Status: 486, Rang: true})
	c.now = c.now.Add(2 * time.Second)
	c.expectEnd(c.ended(next.Question{Status: 486, Rang: true}), next.Reject, 606, "state bc")
}

// TestNoDecision: what is left is tried without the policy; at first there is an error.
func TestNoDecision(t *testing.T) {
	t.Parallel()
	down := false
	errDown := errors.New("down")
	c := newClient(t, policy.Func(func(context.Context, *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
		if down {
			return nil, errDown
		}
		d := tryAll("sip:a@192.0.2.1", "sip:b@192.0.2.1", "sip:c@192.0.2.1")
		d.GetTryTargets().ConsultOnFailure = true
		return d, nil
	}))
	c.ask(redirected("<sip:x@192.0.2.101>"))
	down = true
	c.expectTarget(c.ended(next.Question{Status: 486}), "sip:b@192.0.2.1")
	c.expectTarget(c.ended(next.Question{Status: 302}), "sip:c@192.0.2.1")
	if _, err := c.server.Next(t.Context(), redirected("<sip:x@192.0.2.101>")); !errors.Is(err, errDown) {
		t.Errorf("error %v", err)
	}
	c = newClient(t, policy.Func(func(context.Context, *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
		return &redirectv1.DecideResponse{}, nil
	}))
	c.expectError(redirected("<sip:x@192.0.2.101>"), "the answer of the policy is none: action is unset or unknown: want try_targets, reject or pass_through")
}

// TestPolicyFile: what a policy file says reaches a client that knows nothing of it.
func TestPolicyFile(t *testing.T) {
	t.Parallel()
	t.Run("reject", func(t *testing.T) {
		t.Parallel()
		c := builtin(t, "profiles: [{name: default, redirect: disabled}]")
		c.expectEnd(c.ask(redirected("<sip:a@192.0.2.101>")), next.Reject, 480, "Temporarily Unavailable")
	})
	t.Run("profile and trunk", func(t *testing.T) {
		t.Parallel()
		c := builtin(t, "profiles: [{name: default}, {name: \"off\", redirect: disabled, map: {302: 403}}]")
		q := redirected("<sip:a@192.0.2.101>")
		q.Profile = "off"
		c.expectEnd(c.ask(q), next.Reject, 403, "Forbidden")
	})
	t.Run("pass", func(t *testing.T) {
		t.Parallel()
		c := builtin(t, "profiles: [{name: default, preset: transparent}]")
		c.expectEnd(c.ask(redirected("<sip:a@192.0.2.101>")), next.Pass, 302, "Moved Temporarily")
	})
	t.Run("no search after ringing", func(t *testing.T) {
		t.Parallel()
		c := builtin(t, "profiles: [{name: default, preset: img2020}]")
		c.ask(redirected("<sip:a@192.0.2.101>", "<sip:b@192.0.2.102>"))
		c.expectEnd(c.ended(next.Question{Status: 486, Rang: true}), next.Pass, 486, "Busy Here")
	})
	t.Run("305", func(t *testing.T) {
		t.Parallel()
		c := builtin(t, plain)
		q := redirected("<sip:proxy.example.com>")
		q.Response = strings.Replace(q.Response, "302 Moved Temporarily", "305 Use Proxy", 1)
		a := c.ask(q)
		c.expectTarget(a, "sip:bob@example.com")
		if !slices.Equal(a.Routes, []string{"sip:proxy.example.com;lr"}) {
			t.Errorf("routes %q", a.Routes)
		}
		q.Features = []string{"pass_through"}
		c.expectEnd(c.ask(q), next.Reject, 410, "Gone")
	})
	t.Run("advice", func(t *testing.T) {
		t.Parallel()
		c := builtin(t, "profiles: [{name: default, preset: clearip}]")
		q := &next.Question{Invite: invite, Response: response("404 No Advice")}
		c.expectError(q, "response: line 1: 404 is no redirect but an advice; want 300 to 399; with advice it is asked about too")
		q.Advice, q.Features = true, append(slices.Clone(next.DefaultFeatures), "onward")
		a := c.ask(q)
		c.expectTarget(a, "sip:bob@example.com")
		if !a.Onward || a.NextHop != "" {
			t.Errorf("%+v", a)
		}
		c.expectEnd(c.ended(next.Question{Status: 486}), next.Pass, 486, "Busy Here")
	})
	t.Run("the caller wants the 3xx", func(t *testing.T) {
		t.Parallel()
		c := builtin(t, plain)
		q := redirected("<sip:a@192.0.2.101>")
		q.Invite += "Request-Disposition: proxy, No-Recurse\n"
		c.expectEnd(c.ask(q), next.Pass, 302, "Moved Temporarily")
	})
	t.Run("timers", func(t *testing.T) {
		t.Parallel()
		c := builtin(t, "profiles: [{name: default, response_timeout: 2s, answer_timeout: 20s}]")
		if a := c.ask(redirected("<sip:a@192.0.2.101>")); a.ResponseTimeoutMs != 2000 || a.AnswerTimeoutMs != 20000 {
			t.Errorf("%+v", a)
		}
	})
}
