package expr_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy/expr"
)

// TestCondition evaluates conditions over the question with its first contact.
func TestCondition(t *testing.T) {
	env := environment(t)
	for src, want := range map[string]bool{
		// Fields, with the names of the contract.
		`contact.uri.host == "b.example" && call.trunk == "carrier-a"`: true,
		`contact.uri.host == "c.example" || call.trunk == "carrier-b"`: false,
		`redirect.response.status == 302`:                              true,
		`redirect.response.status in [301, 302]`:                       true,
		`response.status / 100 == 3`:                                   true,
		`contact.uri.port == 5070`:                                     true,
		`contact.uri.port > 5060.5`:                                    true,
		`has(contact.q_milli) && contact.q_milli == 500`:               true,
		`has(contact.expires_seconds)`:                                 false,
		`has(edge.attempts_left) && edge.attempts_left == 0`:           true,
		`has(contact.uri) && has(contact.uri.host)`:                    true,
		`has(attempts[0].target.advance)`:                              false,
		`attempts[0].target.advance.timeout`:                           false,
		`"onward" in edge.features`:                                    true,
		`call.attributes["region"] == "US"`:                            true,
		`has(call.attributes.tenant)`:                                  false,
		`"tenant" in call.attributes`:                                  false,
		`contact.uri.params[0].name == "transport"`:                    true,
		`contact == redirect.contacts[0]`:                              true,
		`contact != redirect.contacts[1]`:                              true,
		`contact in redirect.contacts`:                                 true,
		`redirect.contacts == redirect.contacts`:                       true,
		`(redirect.contacts + redirect.contacts).size() == 6`:          true,
		`dyn(contact).uri.host == "b.example"`:                         true,
		`has(dyn(contact).q_milli)`:                                    true,
		`type(contact) == type(redirect.contacts[0])`:                  true,
		// Macros.
		`attempts.exists(a, a.outcome == OUTCOME_RESPONSE && a.trunk == "core")`:   true,
		`attempts.all(a, a.outcome == Outcome.OUTCOME_REFUSED)`:                    false,
		`redirect.contacts.filter(c, c.uri.scheme == "sips").size() == 1`:          true,
		`redirect.contacts.map(c, c.uri.host) == ["b.example", "", "2001:db8::1"]`: true,
		`redirect.contacts.exists_one(c, e164(c.uri) == "+19005551213")`:           true,
		`redirect.contacts.exists(contact, contact.uri.scheme == "tel")`:           true,
		// Times: those of the question.
		`now == timestamp("2026-01-05T09:30:00Z")`:                   true,
		`now - call.received_at < duration("5s")`:                    true,
		`call.time_left > duration("10s")`:                           true,
		`now.getHours("Europe/Berlin") == 10`:                        true,
		`now.getHours() == 9`:                                        true,
		`in_time(now, "Mo-Fr 08:00-18:00", "Europe/Berlin")`:         true,
		`in_time(now, "Mo-Fr 08:00-10:00", "Europe/Berlin")`:         false,
		`attempts[0].duration < duration("1s") && !attempts[0].rang`: true,
		// Texts.
		`contact.uri.user.matches("^\\+1-900")`:                 true,
		`call.callee.user.substring(1, 2) == "1"`:               true,
		`response.reason_phrase.lowerAscii().contains("moved")`: true,
		`contact.uri.user.split(";").size() == 3`:               true,
		// What fails on one side of || or && does not matter if the other decides.
		`call.attributes["nothing"] == "x" || call.trunk == "carrier-a"`: true,
		`call.attributes["nothing"] == "x" && call.trunk == "carrier-b"`: false,
	} {
		c, err := env.Condition(src)
		if err != nil {
			t.Errorf("%s: %s", src, rendered(err))
			continue
		}
		if got, err := c.Eval(ask()); got != want || err != nil {
			t.Errorf("%s: %v, %v, want %v", src, got, err, want)
		}
	}
}

// TestResponse is the response that brought the event, whatever it is.
func TestResponse(t *testing.T) {
	c, err := environment(t).Condition(`response.status == 486 && !has(redirect.response)`)
	if err != nil {
		t.Fatal(err)
	}
	busy := &redirectv1.SipResponse{Status: 486}
	for name, req := range map[string]*redirectv1.DecideRequest{
		"advice":  {Event: &redirectv1.DecideRequest_Advice{Advice: &redirectv1.Advice{Response: busy}}},
		"failure": {Event: &redirectv1.DecideRequest_Failure{}, Attempts: []*redirectv1.Attempt{{}, {Response: busy}}},
	} {
		if got, err := c.Eval(expr.NewInput(req)); !got || err != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	for name, req := range map[string]*redirectv1.DecideRequest{
		"failure without attempts": {Event: &redirectv1.DecideRequest_Failure{}}, "empty": {}, "none": nil,
	} {
		if got, err := c.Eval(expr.NewInput(req)); got || err != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// TestTextOfAURIIsEnough: an edge may send the text and nothing else.
func TestTextOfAURIIsEnough(t *testing.T) {
	env := environment(t)
	in := expr.NewInput(&redirectv1.DecideRequest{}).SetContact(&redirectv1.Contact{
		Uri: &redirectv1.SipUri{Text: "sip:+19005551212;rn=%2B1@B.example:5070;transport=tcp?X-A=b", DisplayName: "Bob"},
	})
	for _, src := range []string{
		`contact.uri.host == "B.example" && contact.uri.port == 5070 && contact.uri.scheme == "sip"`,
		`contact.uri.user == "+19005551212;rn=+1" && contact.uri.display_name == "Bob"`,
		`has(contact.uri.host) && contact.uri.params[0].value == "tcp" && contact.uri.headers[0].name == "X-A"`,
		`e164(contact) == "+19005551212" && in_list(contact, "premium") && in_list(contact, "partners")`,
		`param(contact, "rn") == "+1" && param(contact.uri, "transport") == "tcp"`,
	} {
		c, err := env.Condition(src)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := c.Eval(in); !got || err != nil {
			t.Errorf("%s: %v, %v", src, got, err)
		}
	}
	c, err := env.Condition(`contact.uri.host == "" && e164(contact) == "" && !has_param(contact, "x") && !in_domain(contact, "a.example")`)
	if err != nil {
		t.Fatal(err)
	}
	for _, contact := range []*redirectv1.Contact{{}, {Uri: &redirectv1.SipUri{}}, {Uri: &redirectv1.SipUri{Text: "<sip:+19005551212@h"}}} {
		if got, err := c.Eval(in.SetContact(contact)); !got || err != nil {
			t.Errorf("%v: %v, %v", contact, got, err)
		}
	}
}

func TestUsesContact(t *testing.T) {
	env := environment(t)
	for src, want := range map[string]bool{
		`contact.uri.host == "a"`: true,
		`q(contact) < 0.5`:        true,
		`attempts.exists(a, a.target.uri == contact.uri.text)`:           true,
		`[contact.uri.host].exists(h, h == "a")`:                         true,
		`{"a": contact.uri.host}["a"] == "b"`:                            true,
		`has(contact.q_milli)`:                                           true,
		`call.trunk.startsWith(contact.uri.host)`:                        true,
		`redirect.contacts.exists(contact, contact.q_milli == 0)`:        false,
		`redirect.contacts.exists(c, c.q_milli == 0)`:                    false,
		`call.trunk == "contact"`:                                        false,
		`attempts.exists(a, has(a.target.contact))`:                      false,
		`redirect.contacts.exists(contact, true) && contact.q_milli > 0`: true,
	} {
		c, err := env.Condition(src)
		if err != nil {
			t.Errorf("%s: %s", src, rendered(err))
			continue
		}
		if c.UsesContact() != want {
			t.Errorf("%s: %v, want %v", src, !want, want)
		}
	}
}

func TestConstant(t *testing.T) {
	env := environment(t)
	for src, want := range map[string]string{
		`true`: "true true", `1 + 1 == 3`: "false true", `true || contact.uri.host == "a"`: "true true",
		`false && contact.uri.host == "a"`: "false true", `in_list("+19005551212", "premium")`: "true true",
		`in_domain("a.example", "*.a.example")`: "false true", `[1, 2].exists(x, x == 2)`: "true true",
		`in_time(timestamp("2026-01-05T09:30:00Z"), "Sa,Su", "UTC")`: "false true", `"a".matches("[ab]")`: "true true",
		`contact.uri.host == "a"`: "false false", `share("x", 100)`: "false false", `in_time(now, "00:00-24:00", "UTC")`: "false false",
	} {
		c, err := env.Condition(src)
		if err != nil {
			t.Errorf("%s: %s", src, rendered(err))
			continue
		}
		value, ok := c.Constant()
		if got := fmt.Sprint(value, ok); got != want {
			t.Errorf("%s: %s, want %s", src, got, want)
		}
		if got, err := c.Eval(expr.NewInput(nil).SetContact(&redirectv1.Contact{})); ok && (got != value || err != nil) {
			t.Errorf("%s: %v, %v", src, got, err)
		}
	}
}

func TestSeen(t *testing.T) {
	env := environment(t)
	for src, want := range map[string]string{
		`e164(contact.uri).startsWith("+1900") && attempts.size() == 1`:                     `e164(contact.uri) = "+19005551212", attempts.size() = 1`,
		`contact.uri.host == "b.example" || call.trunk == "carrier-b"`:                      `contact.uri.host = "b.example"`, // the rest was not looked at
		`contact.uri.host == "x" || contact.uri.host == "b.example"`:                        `contact.uri.host = "b.example"`,
		`in_list(contact.uri, "premium")`:                                                   `contact.uri = "sip:+1-900-555-1212;rn=+12125550199;npdi@b.example:5070;transport=tcp"`,
		`in_list(contact, "premium") && edge.shadow == false`:                               `contact = "sip:+1-900-555-1212;rn=+12125550199;npdi@b.example:5070;transport=tcp", edge.shadow = false`,
		`share("canary", 100)`:                                                              `share("canary", 100) = true`,
		`has(contact.q_milli) && q(contact) < 0.7`:                                          `has(contact.q_milli) = true, q(contact) = 0.5`,
		`attempts.exists(a, a.outcome == OUTCOME_RESPONSE)`:                                 `attempts.exists(a, a.outcome == OUTCOME_RESPONSE) = true`,
		`redirect.contacts.filter(c, c.uri.port == 0).size() == 2`:                          `redirect.contacts.filter(c, c.uri.port == 0).size() = 2`,
		`attempts[0].trunk == "core"`:                                                       `attempts[0].trunk = "core"`,
		`redirect.contacts.map(c, q(c)) == [0.5, 0.0, 1.0]`:                                 `redirect.contacts.map(c, q(c)) = [0.5, 0, 1]`,
		`redirect.contacts.size() + attempts.size() == 4`:                                   `redirect.contacts.size() = 3, attempts.size() = 1`,
		`in_time(now, "Mo", "UTC") && call.time_left > duration("1s")`:                      `now = 2026-01-05T09:30:00Z, call.time_left = 28s`,
		`call.attributes.exists(k, k == "region")`:                                          `call.attributes.exists(k, k == "region") = true`,
		`response.status in [302, int(call.attributes["region"].size())]`:                   `response.status = 302, int(call.attributes["region"].size()) = 2`,
		`(call.trunk == "x" ? 1 : 2) == 2`:                                                  `call.trunk = "carrier-a"`,
		`bytes(call.trunk) == b"carrier-a"`:                                                 `bytes(call.trunk) = 9 bytes`,
		`call.attributes == {"region": "US"}`:                                               `call.attributes = 1 entry`,
		`redirect.contacts.map(c, 1) == [1, 1, 1] && edge.features.map(f, [f]).size() == 2`: `redirect.contacts.map(c, 1) = [1, 1, 1], edge.features.map(f, [f]).size() = 2`,
		`headers(call, "x-tenant") == call.headers.map(h, h.value)`:                         `headers(call, "x-tenant") = ["acme"], call.headers.map(h, h.value) = ["acme"]`,
		`header(response, "diversion") != ""`:                                               `header(response, "diversion") = "\"Bob\" <sip:+12125550100@edge.example>;reason=no-answer;counter=1"`,
		`1 + 1 == 2`:                                                                        ``,
		`call.attributes["nothing"] == "x" || call.trunk != ""`:                             `call.trunk = "carrier-a"`,
	} {
		c, err := env.Condition(src)
		if err != nil {
			t.Errorf("%s: %s", src, rendered(err))
			continue
		}
		if ok, err := c.Eval(ask()); !ok || err != nil {
			t.Errorf("%s: %v, %v", src, ok, err)
		}
		if got := c.Seen(ask()); got != want {
			t.Errorf("%s:\n got %s\nwant %s", src, got, want)
		}
	}
}

// TestSeenIsFitForALog: what a caller sends ends up on one short line.
func TestSeenIsFitForALog(t *testing.T) {
	var long []string
	for i := range 20 {
		long = append(long, fmt.Sprintf("call.trunk + \"%d\" != \"\"", i))
	}
	for _, src := range []string{`call.trunk != ""`, strings.Join(long, " && ")} {
		c, err := environment(t).Condition(src)
		if err != nil {
			t.Fatal(err)
		}
		in := expr.NewInput(&redirectv1.DecideRequest{Call: &redirectv1.Call{Trunk: "a\r\nb\x00\u2028\x85" + strings.Repeat("ü", 100)}})
		got := c.Seen(in)
		if len(got) > 512 || strings.ContainsAny(got, "\r\n\x00\u2028\u0085") || !strings.Contains(got, `"a??b???`) {
			t.Errorf("%d bytes: %q", len(got), got)
		}
	}
}

func TestShare(t *testing.T) {
	env := environment(t)
	count := func(src string) (n int, who map[int]bool) {
		c, err := env.Condition(src)
		if err != nil {
			t.Fatal(err)
		}
		who = make(map[int]bool)
		for i := range 10_000 {
			req := &redirectv1.DecideRequest{Call: &redirectv1.Call{CallId: fmt.Sprintf("%d@192.0.2.1", i)}}
			ok, err := c.Eval(expr.NewInput(req))
			if err != nil {
				t.Fatal(err)
			}
			if ok {
				who[i] = true
			}
		}
		return len(who), who
	}
	ten, who := count(`share("canary", 10)`)
	if ten < 900 || ten > 1100 {
		t.Errorf("10 percent of 10000 are %d", ten)
	}
	if n, more := count(`share("canary", 12.5)`); n < 1130 || n > 1370 || !includes(more, who) {
		t.Errorf("12.5 percent of 10000 are %d, those of 10 percent among them: %v", n, includes(more, who))
	}
	if _, others := count(`share("other", 10)`); includes(others, who) {
		t.Error("another name draws the same calls")
	}
	if n, _ := count(`share("canary", 0)`); n != 0 {
		t.Errorf("0 percent are %d", n)
	}
	if n, _ := count(`share("canary", 100)`); n != 10_000 {
		t.Errorf("100 percent are %d", n)
	}
}

func includes(all, some map[int]bool) bool {
	for i := range some {
		if !all[i] {
			return false
		}
	}
	return true
}

func TestRuntimeErrors(t *testing.T) {
	env := environment(t)
	for src, want := range map[string]string{
		`call.attributes["tenant"] == "x"`:           "there is no key \"tenant\"\n  call.attributes[\"tenant\"] == \"x\"\n                 ^",
		`call.attributes.tenant == "x"`:              `there is no key "tenant"`,
		`attempts[3].trunk == "x"`:                   "there is no element 3; the first one is 0",
		`attempts[attempts.size()].trunk == "x"`:     "there is no element 1; the first one is 0",
		`100 / attempts[0].provisional_status == 1`:  "it divides by zero",
		`100 % attempts[0].provisional_status == 1`:  "it divides by zero",
		`9223372036854775807 + attempts.size() == 1`: "the result is too large for its type",
		`dyn(call.trunk) + dyn(1) == "x"`:            "the values are of types that do not go together here",
		`dyn(contact).hst == "x"`:                    `Contact has no field "hst"`,
		`e164(dyn(1)) == "x"`:                        "the values are of types that do not go together here",
		`e164(contact, call.trunk) == "x"`:           `e164: there is no region "carrier-a"; want two letters of ISO 3166, such as "US"`,
		`in_network(contact, call.trunk)`:            `in_network: "carrier-a": it is no address`,
		`header(call, call.profile) == "x"`:          "header: the name is empty",
		`int(call.trunk) == 1`:                       `type conversion error from 'string' to 'int'`,
		`call.trunk.matches(call.trunk + "(")`:       "the regular expression is wrong: missing closing ): `carrier-a(`",
		`timestamp(call.trunk) == now`:               `invalid RFC 3339 timestamp "carrier-a"`,
		`1 / 0 == 1`:                                 "it divides by zero",
		`call.trunk.charAt(100) == "x"`:              "there is no element 100",
	} {
		c, err := env.Condition(src)
		if err != nil {
			t.Errorf("%s: %s", src, rendered(err))
			continue
		}
		got, err := c.Eval(ask())
		if got || err == nil || !strings.Contains(rendered(err), want) {
			t.Errorf("%s: %v, %s\nwant %s", src, got, rendered(err), want)
		}
	}
}

// TestNotThere: variables that this question does not have.
func TestNotThere(t *testing.T) {
	env := environment(t)
	for src, want := range map[string]string{
		`contact.uri.host == "a"`:         "there is no contact here",
		`contact == redirect.contacts[0]`: "there is no contact here",
		`e164(contact) == ""`:             "there is no contact here",
		`e164(contact, "US") == ""`:       "there is no contact here",
		`now > timestamp(0)`:              "the question does not say when it was asked (asked_at)",
	} {
		c, err := env.Condition(src)
		if err != nil {
			t.Fatal(err)
		}
		for name, req := range map[string]*redirectv1.DecideRequest{"empty": {}, "bad time": {AskedAt: &timestamppb.Timestamp{Seconds: -1 << 60}}} {
			if got, err := c.Eval(expr.NewInput(req)); got || err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s, %s: %v, %v", src, name, got, err)
			}
		}
	}
}

// TestTooMuchWork: what the estimate lets pass is watched when it runs, and so
// is everything over a question beyond the bounds of the contract.
func TestTooMuchWork(t *testing.T) {
	env := environment(t)
	heavy, err := env.Condition(`attempts.all(a, attempts.all(b, redirect.contacts.all(c, c.uri.port + b.provisional_status != 1)))`)
	if err != nil {
		t.Fatal(rendered(err))
	}
	light, err := env.Condition(`attempts.all(a, attempts.all(b, b.rang == a.rang))`)
	if err != nil {
		t.Fatal(rendered(err))
	}
	req := question()
	if got, err := heavy.Eval(expr.NewInput(req)); !got || err != nil {
		t.Errorf("little to do: %v, %v", got, err)
	}
	for range 2000 {
		req.Attempts = append(req.Attempts, req.GetAttempts()[0])
	}
	for name, c := range map[string]*expr.Condition{"heavy": heavy, "light": light} {
		got, err := c.Eval(expr.NewInput(req))
		if got || err == nil || err.Error() != "it is too much work for a decision" {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	// The next evaluation of the same input starts anew.
	in := expr.NewInput(req)
	if _, err := light.Eval(in); err == nil {
		t.Error("it was not too much")
	}
	if c, err := env.Condition(`call.trunk == "carrier-a"`); err != nil {
		t.Error(err)
	} else if ok, err := c.Eval(in); !ok || err != nil {
		t.Errorf("after too much work: %v, %v", ok, err)
	}
}

// TestConcurrency: an environment and what it compiled serve all goroutines.
func TestConcurrency(t *testing.T) {
	env := environment(t)
	c, err := env.Condition(`e164(contact.uri, "US").startsWith("+1900") && region(contact) == "US" && attempts.exists(a, a.trunk == "core")`)
	if err != nil {
		t.Fatal(rendered(err))
	}
	text, err := env.Template(`${e164(contact.uri)} ${attempts.size()}`)
	if err != nil {
		t.Fatal(rendered(err))
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			in := ask()
			for range 50 {
				if ok, err := c.Eval(in); !ok || err != nil {
					t.Errorf("%v, %v", ok, err)
				}
				if s, err := text.Eval(in); s != "+19005551212 1" || err != nil {
					t.Errorf("%q, %v", s, err)
				}
				if s := c.Seen(in); s == "" {
					t.Error("it saw nothing")
				}
			}
			if _, err := env.Condition(`contact.uri.host == "a" && nothing`); err == nil {
				t.Error("no error")
			}
		})
	}
	wg.Wait()
}

// TestTheQuestionStaysAsItIs: evaluation changes nothing of it.
func TestTheQuestionStaysAsItIs(t *testing.T) {
	req := question()
	in := expr.NewInput(req).SetContact(req.GetRedirect().GetContacts()[0])
	c, err := environment(t).Condition(`(redirect.contacts + redirect.contacts).map(c, c.uri).exists(u, u.host == "") && e164(contact, "US") != "" && uri(contact.uri.text).port == 5070`)
	if err != nil {
		t.Fatal(rendered(err))
	}
	if ok, err := c.Eval(in); !ok || err != nil {
		t.Errorf("%v, %v", ok, err)
	}
	_ = c.Seen(in)
	if !proto.Equal(req, question()) {
		t.Errorf("it is now %v", req)
	}
}

func rendered(err error) string {
	if e, ok := errors.AsType[*expr.Error](err); ok {
		return e.Render()
	}
	return fmt.Sprint(err)
}
