package next_test

import (
	"strings"
	"testing"
	"time"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/next"
	"github.com/redirectd/redirectd/internal/policy"
)

const invite = `INVITE sip:bob@example.com SIP/2.0
Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK74b43
From: "Alice" <sip:alice@caller.example.com>;tag=9fxced76sl
To: <sip:bob@example.com>
Call-ID: a84b4c76e66710@caller.example.com
CSeq: 1 INVITE
History-Info: <sip:bob@example.com>;index=1
X-Tenant: a
`

// response is a response to the invite, with more header fields.
func response(line string, headers ...string) string {
	return "SIP/2.0 " + line + `
Via: SIP/2.0/UDP 192.0.2.5:5060;branch=z9hG4bK1
From: "Alice" <sip:alice@caller.example.com>;tag=9fxced76sl
To: <sip:bob@example.com>;tag=b1
Call-ID: a84b4c76e66710@caller.example.com
CSeq: 1 INVITE
` + strings.Join(append(headers, ""), "\n")
}

// redirected is the first question: a 302 with these contacts.
func redirected(contacts ...string) *next.Question {
	return &next.Question{Invite: invite, Response: response("302 Moved Temporarily", "Contact: "+strings.Join(contacts, ", "))}
}

// client is a client of a server, with a clock of its own.
type client struct {
	t      *testing.T
	server *next.Server
	now    time.Time
	token  string
}

func newClient(t *testing.T, p policy.Policy) *client {
	t.Helper()
	c := &client{t: t, now: time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)}
	c.server = &next.Server{Policy: p, Sealer: next.NewSealer(nil), Now: func() time.Time { return c.now }}
	return c
}

// builtin is a client of the built-in policy, with the text of a policy file.
func builtin(t *testing.T, file string) *client {
	t.Helper()
	config, err := policy.ParseConfig("policy.yaml", []byte(file))
	if err != nil {
		t.Fatal(err)
	}
	return newClient(t, policy.NewBuiltin(config))
}

const plain = "profiles: [{name: default}]"

// ask puts a question, and remembers the token for the next one.
func (c *client) ask(q *next.Question) *next.Answer {
	c.t.Helper()
	a, err := c.server.Next(c.t.Context(), q)
	if err != nil {
		c.t.Fatalf("%+v: %v", q, err)
	}
	c.token = a.Token
	if (a.Token != "") != (a.Action == next.Try) {
		c.t.Errorf("an answer to %s has the token %q", a.Action, a.Token)
	}
	return a
}

// ended asks what comes after the target of the last answer.
func (c *client) ended(q next.Question) *next.Answer {
	c.t.Helper()
	q.Token = c.token
	return c.ask(&q)
}

func (c *client) expectTarget(a *next.Answer, want string) {
	c.t.Helper()
	if a.Action != next.Try || a.Target != want {
		c.t.Fatalf("%+v, want the target %s", a, want)
	}
}

func (c *client) expectEnd(a *next.Answer, action string, status int, reason string) {
	c.t.Helper()
	if a.Action != action || a.Status != status || a.Reason != reason || a.Target != "" {
		c.t.Errorf("%+v, want %s %d %s", a, action, status, reason)
	}
}

// expectError asks what makes no sense.
func (c *client) expectError(q *next.Question, want string) {
	c.t.Helper()
	a, err := c.server.Next(c.t.Context(), q)
	if err == nil || err.Error() != want {
		c.t.Errorf("%+v, %v\nwant the error %s", a, err, want)
	}
}

// tryAll is a decision to try these targets.
func tryAll(uris ...string) *redirectv1.DecideResponse {
	t := &redirectv1.TryTargets{}
	for _, uri := range uris {
		t.Targets = append(t.Targets, &redirectv1.Target{Uri: uri})
	}
	return &redirectv1.DecideResponse{Action: &redirectv1.DecideResponse_TryTargets{TryTargets: t}}
}
