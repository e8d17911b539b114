package next_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/next"
	"github.com/redirectd/redirectd/internal/policy"
)

// TestWrongQuestions: each says what was seen, and what would be right.
func TestWrongQuestions(t *testing.T) {
	t.Parallel()
	c := builtin(t, plain)
	c.ask(redirected("<sip:a@192.0.2.101>"))
	token := c.token
	for _, w := range []struct {
		q    next.Question
		want string
	}{
		{next.Question{}, "invite: it is missing: the request that was redirected, as text, or its uri"},
		{next.Question{Invite: invite}, "response: it is missing: the 3xx as text, or its status and contacts"},
		{next.Question{URI: "sip:bob@example.com"}, "response: it is missing: the 3xx as text, or its status and contacts"},
		{next.Question{Invite: invite, Response: response("200 OK")}, "response: line 1: 200 is no redirect; want 300 to 399"},
		{next.Question{Invite: response("302 Moved"), Response: response("302 Moved")}, "invite: line 1: this is a response, 302 Moved; want the request that it answers"},
		{next.Question{Invite: "INVITE sip:a@b SIP/2.0\n", Response: response("302 Moved")}, "invite: line 1: "},
		{next.Question{Invite: "INVITE sip:a@b SIP/2.0\n", Status: 302}, "invite: line 1: "},
		{next.Question{Invite: invite, Response: strings.Replace(response("302 Moved"), "a84b", "b84b", 1)}, `response: line 5: Call-ID is "b84b`},
		{next.Question{Invite: invite, Response: response("302 Moved"), Status: 302}, "status: the response says it already: leave one of the two out"},
		{next.Question{Invite: invite, Status: 200}, "status: 200 is out of range (300 to 699)"},
		{next.Question{URI: "sip:bob@example.com", Status: 486}, "response: line 1: 486 is no redirect but an advice; want 300 to 399; with advice it is asked about too"},
		{next.Question{URI: "<sip:bob@example.com>", Status: 302}, `uri: "<sip:bob@example.com>" is no URI; want sip:user@host, without brackets`},
		{next.Question{URI: "sip:bob@example.com", CallID: "1\r\nX: y", Status: 302}, "call_id: it has a CR, LF or NUL at byte 1"},
		{next.Question{URI: "sip:bob@example.com", Status: 302, Reason: "a\nb"}, "reason: it has a CR, LF or NUL at byte 1"},
		{next.Question{URI: "sip:bob@example.com", Status: 302, Contacts: []string{"<sip:a@b>", "<sip:a@b>\r\nX: y"}}, "contacts[1]: it has a CR, LF or NUL at byte 9"},
		{next.Question{URI: "sip:bob@example.com", Status: 302, Contacts: make([]string, 65)}, "contacts: 65 are more than 64"},
		{next.Question{Outcome: "refused"}, "token: it is missing: how a target ended is said with the token of the answer that named it"},
		{next.Question{Token: token}, "response: it is missing: the final response of the target as text, or its status, or the outcome"},
		{next.Question{Token: token, Status: 486, Outcome: "refused"}, "response: of response, status and outcome only one is to be given"},
		{next.Question{Token: token, Outcome: "response_timout"}, `outcome: "response_timout" is not known; did you mean response_timeout?`},
		{next.Question{Token: token, Outcome: "eaten by a dog"}, `outcome: "eaten by a dog" is not known; want one of response_timeout, answer_timeout, transport_error, unresolvable, refused`},
		{next.Question{Token: token, Status: 180}, "status: 180 is out of range (300 to 699)"},
		{next.Question{Token: token, Response: response("200 OK")}, "response: line 1: 200 is no failure; want 300 to 699"},
		{next.Question{Token: token, Response: invite}, "response: line 1: this is a request; want the final response of the target"},
		{next.Question{Token: token, Response: "nonsense"}, `response: line 1: "nonsense" begins no SIP message`},
		{next.Question{Token: token, Status: 486, Invite: invite}, "invite: the token has it: say only how the target ended"},
	} {
		a, err := c.server.Next(t.Context(), &w.q)
		if err == nil || !strings.HasPrefix(err.Error(), w.want) {
			t.Errorf("%+v\nsays %+v, %v\nwant %s", w.q, a, err, w.want)
		}
	}
}

// TestWithoutText: a client that has no text of the messages says what it knows, and
// the policy is shown nothing that was only made up.
func TestWithoutText(t *testing.T) {
	t.Parallel()
	var asked *redirectv1.DecideRequest
	c := newClient(t, policy.Func(func(_ context.Context, req *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
		asked = req
		return tryAll(fmt.Sprintf("sip:%d@192.0.2.1", len(req.GetAttempts()))), nil
	}))
	expectShown := func(contact string) {
		t.Helper()
		r := asked.GetRedirect()
		if len(r.GetContacts()) != 1 || r.GetContacts()[0].GetUri().GetText() != contact {
			t.Errorf("contacts %v", r.GetContacts())
		}
		if h := r.GetResponse().GetHeaders(); len(h) != 1 || h[0].GetName() != "Contact" {
			t.Errorf("header fields %v", h)
		}
	}
	c.ask(&next.Question{
		URI: "sip:+15550100@example.com", From: `"Alice" <sip:alice@example.com>`, CallID: "abc",
		Status: 302, Contacts: []string{"<sip:b@192.0.2.102>;q=0.5"},
		Trunk: "a", Profile: "b", Attributes: map[string]string{"tier": "gold"},
	})
	call := asked.GetCall()
	if call.GetMethod() != "INVITE" || call.GetRequestUri().GetUser() != "+15550100" || call.GetCallee().GetText() != "sip:+15550100@example.com" ||
		call.GetCaller().GetText() != "sip:alice@example.com" || call.GetCaller().GetDisplayName() != "Alice" || call.GetCallId() != "abc" ||
		call.GetSourceAddress() != "" || len(call.GetHeaders()) != 0 ||
		call.GetTrunk() != "a" || call.GetProfile() != "b" || call.GetAttributes()["tier"] != "gold" {
		t.Errorf("call %v", call)
	}
	expectShown("sip:b@192.0.2.102")
	c.ended(next.Question{Status: 301, Contacts: []string{"sip:c@192.0.2.103"}})
	if asked.GetCall().GetCallId() != "abc" || asked.GetCall().GetAttributes()["tier"] != "gold" {
		t.Errorf("call %v", asked.GetCall())
	}
	expectShown("sip:c@192.0.2.103")
	c.ask(&next.Question{Invite: invite, Status: 302, Contacts: []string{"<sip:b@192.0.2.102>"}})
	if asked.GetCall().GetCallId() != "a84b4c76e66710@caller.example.com" {
		t.Errorf("call %v", asked.GetCall())
	}
	expectShown("sip:b@192.0.2.102")
}

// FuzzNext: no question breaks the server, and what it answers makes sense.
func FuzzNext(f *testing.F) {
	f.Add("", invite, response("302 Moved", "Contact: <sip:a@b>"), "", 0, "")
	f.Add("", "", "", "sip:a@b", 302, "<sip:a@b>;q=0.5")
	f.Add("v1.AAAA", "", "", "", 486, "")
	f.Fuzz(func(t *testing.T, token, invite, response, uri string, status int, contact string) {
		c := builtin(t, plain)
		a, err := c.server.Next(t.Context(), &next.Question{
			Token: token, Invite: invite, Response: response, URI: uri, Status: status, Contacts: []string{contact},
		})
		for range 3 {
			if err != nil {
				return
			}
			text := a.Target + a.Reason + a.Why + strings.Join(append(a.Routes, a.AddHeaders...), "")
			if strings.ContainsAny(text, "\r\n\x00") || a.Action != next.Try && (a.Status < 300 || a.Status > 699) || a.Action == next.Try && a.Target == "" {
				t.Fatalf("%+v", a)
			}
			if a.Action != next.Try {
				return
			}
			a, err = c.server.Next(t.Context(), &next.Question{Token: a.Token, Response: response, Status: status, Contacts: []string{contact}})
		}
	})
}
