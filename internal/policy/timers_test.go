package policy_test

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy/policytest"
)

// aged says how long before the question the call arrived; negative: by its clock
// after it.
func aged(ask *redirectv1.DecideRequest, age time.Duration) *redirectv1.DecideRequest {
	ask.Call.ReceivedAt = timestamppb.New(ask.GetAskedAt().AsTime().Add(-age))
	return ask
}

// failedWith is the question after a target of a 302 failed.
func failedWith(status uint32, remaining ...*redirectv1.Target) *redirectv1.DecideRequest {
	ask := policytest.Redirected(302, "")
	ask.Attempts = append(ask.GetAttempts(), &redirectv1.Attempt{
		Target:  &redirectv1.Target{Uri: "sip:x@h", Contact: &redirectv1.ContactRef{}},
		Outcome: redirectv1.Outcome_OUTCOME_RESPONSE, Response: &redirectv1.SipResponse{Status: status},
	})
	ask.Event = &redirectv1.DecideRequest_Failure{Failure: &redirectv1.Failure{}}
	ask.Remaining = remaining
	return ask
}

// advisedWith is the question after a redirect server had nothing to say.
func advisedWith(status uint32) *redirectv1.DecideRequest {
	ask := policytest.Redirected(status, "")
	ask.Event = &redirectv1.DecideRequest_Advice{Advice: &redirectv1.Advice{Response: ask.GetRedirect().GetResponse()}}
	ask.Edge.Features = append(ask.GetEdge().GetFeatures(), "onward", "header_ops")
	return ask
}

func target(uri string, answer time.Duration) *redirectv1.Target {
	return &redirectv1.Target{Uri: uri, AnswerTimeout: durationpb.New(answer)}
}

// TestSetupTimeBoundsEveryTarget: also those that remained, and whatever the
// clocks of a call say.
func TestSetupTimeBoundsEveryTarget(t *testing.T) {
	const config = "profiles: [{name: default, setup_time: 30s}]"
	remained := failedWith(486, target("sip:b@h", 25*time.Second), target("sip:c@h", 5*time.Second), &redirectv1.Target{Uri: "sip:d@h"})
	for _, c := range []struct {
		name string
		ask  *redirectv1.DecideRequest
		want string
	}{
		{"a new one", aged(policytest.Redirected(302, "", policytest.Contact("sip:a@h")), 10*time.Second), "try sip:a@h answer within 20s; consult; exhausted 480 if none"},
		{"one that remained", aged(remained, 20*time.Second), "try sip:b@h answer within 10s, sip:c@h answer within 5s, sip:d@h answer within 10s; consult; exhausted 480 if none"},
		{"a call that arrives later than it was asked about", aged(policytest.Redirected(302, "", policytest.Contact("sip:a@h")), -time.Hour), "try sip:a@h answer within 30s; consult; exhausted 480 if none"},
		{"a call of another age of the world", aged(policytest.Redirected(302, "", policytest.Contact("sip:a@h")), -290*365*24*time.Hour), "try sip:a@h answer within 30s; consult; exhausted 480 if none"},
		{"onward", aged(advisedWith(404), 10*time.Second), "try sip:+15550100@edge.test at onward answer within 20s"},
		{"onward too late", aged(advisedWith(404), 31*time.Second), "pass redirect"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := policytest.Summary(decide(t, config, c.ask)); got != c.want {
				t.Errorf("decision\n got %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestOnwardIsATargetLikeOthers: timers, rules and limits hold for the trunk's own
// route too.
func TestOnwardIsATargetLikeOthers(t *testing.T) {
	const uri = "sip:+15550100@edge.test"
	secure := advisedWith(404)
	secure.Call.RequestUri.Text = "sips:a@h"
	stir := func(ask *redirectv1.DecideRequest) *redirectv1.DecideRequest {
		ask.Edge.Features = append(ask.GetEdge().GetFeatures(), "onward", "header_ops")
		return ask
	}
	again := stir(policytest.Redirected(302, ""))
	again.Attempts = append(again.GetAttempts(), &redirectv1.Attempt{
		Target:  &redirectv1.Target{Uri: uri, Routes: []string{"sip:sbc.example;lr"}, NextHop: "onward"},
		Outcome: redirectv1.Outcome_OUTCOME_RESPONSE, Response: again.GetRedirect().GetResponse(),
	})
	failed := failedWith(503)
	failed.Attempts[0].Response = &redirectv1.SipResponse{Status: 404}
	failed.Attempts[1].Target = &redirectv1.Target{Uri: uri, NextHop: "onward"}
	silent := failedWith(503)
	silent.Attempts[0].Response = &redirectv1.SipResponse{Status: 404}
	silent.Attempts[1].Outcome, silent.Attempts[1].Response = redirectv1.Outcome_OUTCOME_RESPONSE_TIMEOUT, nil
	unusable := policytest.Redirected(302, "", policytest.Contact("mailto:a@h"))
	unusable.Attempts = append(unusable.GetAttempts(), unusable.GetAttempts()[0])
	unusable.Attempts[0] = &redirectv1.Attempt{Target: &redirectv1.Target{Uri: uri, NextHop: "sip:127.0.0.1:5070"}, Outcome: redirectv1.Outcome_OUTCOME_RESPONSE, Response: &redirectv1.SipResponse{Status: 404}}
	for _, c := range []struct {
		name, config string
		ask          *redirectv1.DecideRequest
		want, says   string
	}{
		{"timers of the profile", "response_timeout: 2s, answer_timeout: 20s", advisedWith(404), "try " + uri + " at onward response within 2s answer within 20s", ""},
		{"timers of a rule", "rules: [{name: r, on: [advice], then: {response_timeout: 3s}}]", advisedWith(404), "try " + uri + " at onward response within 3s", ""},
		{"a rule about failures", "rules: [{name: r, on: [failure], then: {reject: 486}}]", advisedWith(404), "try " + uri + " at onward; consult", ""},
		{"which has nothing to say", "exhausted: 404, rules: [{name: r, on: [failure], when: response.status == 486, then: {reject: 404}}]", failed, "pass best", ""},
		{"nor of no answer", "rules: [{name: r, on: [failure], when: response.status == 486, then: {reject: 404}}]", silent, "pass best", ""},
		{"an advice is no answer of a target", "max_attempts: 9", unusable, "reject 480", ""},
		{"a route that cannot be worked out", `rules: [{name: r, on: [advice], then: {via: "${call.attributes['x']}"}}]`, advisedWith(404), "pass redirect", `no advice, and the call cannot go onward: r (policy.yaml:1): via: there is no key "x"`},
		{"never from SIPS to SIP", `rules: [{name: r, on: [advice], then: {next_hop: "sip:gw"}}]`, secure, "pass redirect", "never from SIPS to SIP"},
		{"header fields of a 3xx once", `preset: stir, rules: [{name: r, then: {via: "sip:sbc.example"}}]`, again, "reject 480", "was tried"},
		{"header fields of a 3xx, no route", `preset: stir, rules: [{name: r, then: {via: "${call.attributes['x']}"}}]`, stir(policytest.Redirected(302, "")), "reject 480", `its header fields go nowhere (use: headers), r (policy.yaml:1): via: there is no key "x"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			resp := decide(t, "profiles: [{name: default, "+c.config+"}]", c.ask)
			if got := policytest.Summary(resp); got != c.want {
				t.Errorf("decision\n got %s\nwant %s", got, c.want)
			}
			if text := resp.GetExplanation().GetText(); !strings.Contains(text, c.says) {
				t.Errorf("%q does not say %q", text, c.says)
			}
		})
	}
}

// TestStopGivesTheBestResponse: whatever the profile has for a search that found no
// one.
func TestStopGivesTheBestResponse(t *testing.T) {
	ask := failedWith(486, &redirectv1.Target{Uri: "sip:y@h"})
	for _, then := range []string{"stop", "pass_through"} {
		resp := decide(t, "profiles: [{name: default, exhausted: 404, rules: [{name: r, on: [failure], then: "+then+"}]}]", ask)
		if got := policytest.Summary(resp); got != "pass best" {
			t.Errorf("%s: got %s", then, got)
		}
	}
	ask.Attempts[1].Outcome, ask.Attempts[1].Response = redirectv1.Outcome_OUTCOME_RESPONSE_TIMEOUT, nil
	if got := policytest.Summary(decide(t, "profiles: [{name: default, rules: [{name: r, on: [failure], then: stop}]}]", ask)); got != "reject 480" {
		t.Errorf("got %s", got)
	}
}

// TestUseProxyByAnotherWay: a rule's route leads to the proxy of a 305, not past it.
func TestUseProxyByAnotherWay(t *testing.T) {
	resp := decide(t, "profiles: [{name: default, rules: [{name: r, then: {via: 'sip:sbc.example'}}]}]", policytest.Redirected(305, "", policytest.Contact("sip:proxy.example")))
	if got, want := policytest.Summary(resp), "try sip:+15550100@edge.test via sip:sbc.example;lr via sip:proxy.example;lr; exhausted 410 if none"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestFailuresThatNoEdgeTells: an edge that does not ask after a failure is named.
func TestFailuresThatNoEdgeTells(t *testing.T) {
	ask := policytest.Redirected(302, "", policytest.Contact("sip:a@h"))
	ask.Edge.Features = []string{"routes"}
	resp := decide(t, "profiles: [{name: default, rules: [{name: r, on: [failure], then: stop}]}]", ask)
	if text := resp.GetExplanation().GetText(); !strings.Contains(text, `the edge does not name the feature "consult_on_failure"`) {
		t.Errorf("got %s", text)
	}
}
