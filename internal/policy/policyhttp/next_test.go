package policyhttp_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/redirectd/redirectd/internal/next"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/policyhttp"
)

const (
	textForm = "text/plain"
	jsonForm = "application/json"
	formForm = "application/x-www-form-urlencoded"

	invite = `INVITE sip:bob@example.com SIP/2.0
Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK74b43
From: "Alice" <sip:alice@caller.example.com>;tag=9fxced76sl
To: <sip:bob@example.com>
Call-ID: a84b4c76e66710@caller.example.com
CSeq: 1 INVITE
Content-Length: 5

v=0
`
	moved = `SIP/2.0 302 Moved Temporarily
Via: SIP/2.0/UDP 192.0.2.5:5060;branch=z9hG4bK1
From: "Alice" <sip:alice@caller.example.com>;tag=9fxced76sl
To: <sip:bob@example.com>;tag=b1
Call-ID: a84b4c76e66710@caller.example.com
CSeq: 1 INVITE
Contact: <sip:a@192.0.2.101>;q=0.7
Contact: <sip:b@192.0.2.102>;q=0.9

`
)

var tokenText = regexp.MustCompile(`v1\.[\w-]+`)

// masked hides what is another one each time.
func masked(s string) string { return tokenText.ReplaceAllString(s, "TOKEN") }

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestForms: the same conversation in each form of question and answer.
func TestForms(t *testing.T) {
	t.Parallel()
	d := open(t, policy.NewBuiltin(nil), policyhttp.Options{})
	why := "302 Moved Temporarily: 2 of 2 contacts are targets, 0 of 10 attempts used"
	for _, c := range []struct {
		name, form, first string
		again             func(token string) string
		want, then        string
	}{
		{
			"text", textForm, "Trunk: a\nallowed-header: X-*\n\n" + invite + "\n" + moved,
			func(token string) string { return "Token: " + token + "\nStatus: 503\n" },
			"Action: try\nTarget: sip:b@192.0.2.102\nRule: profile default: follow 302\nWhy: " + why + "\nToken: TOKEN\n",
			"Action: try\nTarget: sip:a@192.0.2.101\nToken: TOKEN\n",
		},
		{
			"text with CRLF, the response first", textForm, strings.ReplaceAll("Trunk: a\n"+moved+invite, "\n", "\r\n"),
			func(token string) string {
				return "token: " + token + "\r\n\r\n" + strings.Replace(moved, "302", "503", 1)
			},
			"Action: try\nTarget: sip:b@192.0.2.102\nRule: profile default: follow 302\nWhy: " + why + "\nToken: TOKEN\n",
			"Action: try\nTarget: sip:a@192.0.2.101\nToken: TOKEN\n",
		},
		{
			"JSON", jsonForm + "; charset=utf-8", jsonOf(t, map[string]any{"invite": invite, "response": moved, "trunk": "a", "attributes": map[string]string{"tier": "gold"}, "advice": false, "profile": nil}),
			func(token string) string {
				return jsonOf(t, map[string]any{"token": token, "status": 503, "rang": true})
			},
			`{"action":"try","target":"sip:b@192.0.2.102","token":"TOKEN","rule":"profile default: follow 302","why":"` + why + `"}` + "\n",
			`{"action":"try","target":"sip:a@192.0.2.101","token":"TOKEN"}` + "\n",
		},
		{
			"form", formForm, url.Values{"invite": {invite}, "response": {moved}, "attribute": {"tier=gold", "site=b"}}.Encode(),
			func(token string) string { return "token=" + token + "&outcome=response_timeout" },
			"action=try&rule=profile%20default%3A%20follow%20302&target=sip%3Ab%40192.0.2.102&token=TOKEN&why=302%20Moved%20Temporarily%3A%202%20of%202%20contacts%20are%20targets%2C%200%20of%2010%20attempts%20used",
			"action=try&target=sip%3Aa%40192.0.2.101&token=TOKEN",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := d.next(t, c.form, c.first)
			media, _, _ := strings.Cut(c.form, ";")
			if got.StatusCode != 200 || got.Header.Get("Content-Type") != media || masked(got.body) != c.want {
				t.Fatalf("%s %s %s\nwant %s", got.Status, got.Header.Get("Content-Type"), masked(got.body), c.want)
			}
			if got = d.next(t, c.form, c.again(tokenText.FindString(got.body))); got.StatusCode != 200 || masked(got.body) != c.then {
				t.Errorf("%s %s\nwant %s", got.Status, masked(got.body), c.then)
			}
		})
	}
}

// TestAccept: an answer has the form of the question, unless Accept names another one.
func TestAccept(t *testing.T) {
	t.Parallel()
	d := open(t, policy.NewBuiltin(nil), policyhttp.Options{})
	for _, c := range []struct{ question, accept, want string }{
		{"", "", textForm},
		{textForm, "*/*", textForm},
		{textForm, "text/html, application/json;q=0.5", jsonForm},
		{jsonForm, "text/plain", textForm},
		{formForm, "application/json", jsonForm},
		{formForm, "image/png", formForm},
	} {
		body := map[string]string{"": "URI: sip:a@b\nStatus: 302", textForm: "URI: sip:a@b\nStatus: 302", jsonForm: `{"uri":"sip:a@b","status":302}`, formForm: "uri=sip:a@b&status=302"}[c.question]
		got := d.next(t, c.question, body, "Accept", c.accept)
		if got.StatusCode != 200 || got.Header.Get("Content-Type") != c.want || !strings.Contains(got.body, "480") {
			t.Errorf("%+v: %s %s %s", c, got.Status, got.Header.Get("Content-Type"), got.body)
		}
	}
}

// TestQuery: what is the same for each call may stand in the URL.
func TestQuery(t *testing.T) {
	t.Parallel()
	d := open(t, policy.NewBuiltin(nil), policyhttp.Options{})
	got := d.send(t, http.MethodPost, "/v1/next?profile=gold&features=routes,next_hop", textForm, invite+moved)
	if got.StatusCode != 400 || got.body != "Code: failed_precondition\nMessage: unknown profile \"gold\"; there are: default\n" {
		t.Errorf("%s %s", got.Status, got.body)
	}
}

// TestWrongBodies: what is wrong is said in the words and with the status of Connect.
func TestWrongBodies(t *testing.T) {
	t.Parallel()
	d := open(t, policy.NewBuiltin(nil), policyhttp.Options{})
	for _, c := range []struct {
		form, body string
		status     int
		code, want string
	}{
		{jsonForm, `{"staus": 302}`, 400, "invalid_argument", `staus: unknown field; did you mean "status"?`},
		{jsonForm, `{"zzzzzzzzzzzz": 302}`, 400, "invalid_argument", `zzzzzzzzzzzz: unknown field; known here: advice, allowed_headers, attributes, call_id, contacts, features, from, invite, outcome, profile, rang, reason, response, status, to, token, trunk, uri`},
		{jsonForm, `{"status": "many"}`, 400, "invalid_argument", `status: "many" is no final status of a failure; want 300 to 699`},
		{jsonForm, `{"status": 200}`, 400, "invalid_argument", `status: "200" is no final status of a failure; want 300 to 699`},
		{jsonForm, `{"rang": "perhaps"}`, 400, "invalid_argument", `rang: "perhaps" is neither true nor false`},
		{jsonForm, `{"features": ["flying"]}`, 400, "invalid_argument", `features: "flying" is not known; want some of routes, next_hop, header_ops, timeouts, consult_on_failure, pass_through, onward`},
		{jsonForm, `{"contacts": [1]}`, 400, "invalid_argument", `contacts[0]: it is no string`},
		{jsonForm, `{"attributes": {"a": 1}}`, 400, "invalid_argument", `attributes.a: it is no string`},
		{jsonForm, `{"attributes": "a"}`, 400, "invalid_argument", `attributes: "a" has no =; want name=value`},
		{jsonForm, `[]`, 400, "invalid_argument", `body: json: cannot unmarshal array into Go value of type map[string]json.RawMessage; want a JSON object`},
		{jsonForm, ``, 400, "invalid_argument", `body: `},
		{jsonForm, `{"uri": "sip:a@b", "status": 302, "token": "v1.AAAA"}`, 400, "invalid_argument", "token: it was not made here"},
		{textForm, "Token: a\nToken: b\n", 400, "invalid_argument", "token: it is given 2 times"},
		{textForm, "Trunk: a\n\nnonsense\n", 400, "invalid_argument", `body: after the fields, line 1: "nonsense" begins no SIP message`},
		{textForm, invite + invite, 400, "invalid_argument", "invite: it is given 2 times"},
		{textForm, "", 400, "invalid_argument", "invite: it is missing"},
		{formForm, "uri=%zz", 400, "invalid_argument", `body: invalid URL escape "%zz"`},
		{"image/png", "x", 400, "invalid_argument", `Content-Type: "image/png" is none of application/json, text/plain, application/x-www-form-urlencoded`},
		{jsonForm, `{"uri": "` + strings.Repeat("a", 256<<10) + `"}`, 429, "resource_exhausted", "the body has more than 262144 bytes"},
	} {
		got := d.next(t, c.form, c.body, "Accept", jsonForm)
		var p struct{ Code, Message string }
		if err := json.Unmarshal([]byte(got.body), &p); err != nil || got.StatusCode != c.status || p.Code != c.code || !strings.HasPrefix(p.Message, c.want) {
			t.Errorf("%.80s: %s %s\nwant %s", c.body, got.Status, got.body, c.want)
		}
	}
}

// TestEveryFieldOfAnAnswer is in all forms: a client of one of them misses nothing.
func TestEveryFieldOfAnAnswer(t *testing.T) {
	t.Parallel()
	d := open(t, policy.NewBuiltin(parse(t, `
profiles:
  - name: default
    response_timeout: 2s
    answer_timeout: 30s
    rules:
      - name: by the gateway
        then: {label: gw, via: "sip:192.0.2.9", headers: [{remove: X-Old}, {add: X-New, value: "1"}]}
`)), policyhttp.Options{})
	got := d.next(t, textForm, invite+moved)
	want := `Action: try
Target: sip:b@192.0.2.102
Route: sip:192.0.2.9;lr
Response-Timeout-Ms: 2000
Answer-Timeout-Ms: 30000
Label: gw
Remove-Header: X-Old
Add-Header: X-New: 1
`
	if !strings.HasPrefix(got.body, want) {
		t.Errorf("%s\nwant %s", got.body, want)
	}
	var answer next.Answer
	got = d.next(t, textForm, invite+moved, "Accept", jsonForm)
	if err := json.Unmarshal([]byte(got.body), &answer); err != nil || answer.Label != "gw" || answer.Routes[0] != "sip:192.0.2.9;lr" || answer.AddHeaders[0] != "X-New: 1" {
		t.Errorf("%s", got.body)
	}
}

func parse(t *testing.T, file string) *policy.Config {
	t.Helper()
	c, err := policy.ParseConfig("policy.yaml", []byte(file))
	if err != nil {
		t.Fatal(err)
	}
	return c
}
