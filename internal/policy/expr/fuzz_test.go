package expr_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy/expr"
)

var fuzzSeeds = []string{
	`e164(contact.uri).startsWith("+1900") && call.trunk == "carrier-a"`,
	`in_list(contact, "premium") || in_domain(contact, "*.example") || in_network(call.source_address, "192.0.2.0/24")`,
	`attempts.exists(a, a.outcome == OUTCOME_REFUSED && a.target.uri.contains("x")) ? true : share("canary", 12.5)`,
	`headers(response, "Diversion").map(d, header_param(d, "reason")).filter(r, r != "").size() > 0`,
	`in_time(now, "Mo-Fr 08:00-12:00,13:00-18:00; Sa 22:00-02:00", "Europe/Berlin") && now - call.received_at < duration("1m")`,
	`has(contact.q_milli) && q(contact) < 0.5 && uri(contact.uri.text).port == 5060 && region(contact) in ["US", "GB"]`,
	`{"a": [1, 2.5, b"x"]}["a"][0] == dyn(call).attributes["x"] || contact.uri.user.matches("^a(b|c)*$")`,
	"call.trunk ==\n contct", `"\q`, `1/0 == 1`, `((((`, `@in_list(1, "a")`,
}

// FuzzCondition compiles and evaluates anything over anything: an error is one
// for people with its place, nothing panics, what the fast program comes to is
// what the watched one comes to, and the question stays as it is.
func FuzzCondition(f *testing.F) {
	data, err := proto.Marshal(question())
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range fuzzSeeds {
		f.Add(s, data)
	}
	env := environment(f)
	f.Fuzz(func(t *testing.T, src string, data []byte) {
		c, err := env.Condition(src)
		if err != nil {
			checkError(t, err)
			return
		}
		var req redirectv1.DecideRequest
		if proto.Unmarshal(data, &req) != nil {
			return
		}
		before := proto.CloneOf(&req)
		in := expr.NewInput(&req)
		for _, contact := range append(req.GetRedirect().GetContacts(), nil) {
			got, err := c.Eval(in.SetContact(contact))
			if err != nil {
				checkError(t, err)
			}
			if seen := c.Seen(in); len(seen) > 512 || strings.ContainsAny(seen, "\r\n\x00") || !utf8.ValidString(seen) {
				t.Errorf("seen: %q", seen)
			}
			again, err2 := c.Eval(expr.NewInput(&req).SetContact(contact))
			if got != again || (err == nil) != (err2 == nil) {
				t.Errorf("%v, %v, then %v, %v", got, err, again, err2)
			}
			if v, ok := c.Constant(); ok && v != got {
				t.Errorf("it is constant %v, and %v", v, got)
			}
		}
		if !c.UsesContact() {
			got, err := c.Eval(in.SetContact(nil))
			other, err2 := c.Eval(in.SetContact(&redirectv1.Contact{Unreadable: "x"}))
			if got != other || (err == nil) != (err2 == nil) {
				t.Errorf("it does not use the contact, and depends on it: %v, %v; %v, %v", got, err, other, err2)
			}
		}
		if !proto.Equal(before, &req) {
			t.Error("the question has changed")
		}
	})
}

// FuzzTemplate does the same with texts.
func FuzzTemplate(f *testing.F) {
	for _, s := range fuzzSeeds {
		f.Add("sip:${" + s + "}@h")
	}
	for _, s := range []string{`sip:${e164(contact)}@$${x}`, `${"}"}${r'}'}${"""}"""}`, `$${`, `${`, `${{"a": "}"}["a"]}`, "a\n${\n}"} {
		f.Add(s)
	}
	env := environment(f)
	f.Fuzz(func(t *testing.T, src string) {
		tmpl, err := env.Template(src)
		if err != nil {
			checkError(t, err)
			return
		}
		got, err := tmpl.Eval(ask())
		if err != nil {
			checkError(t, err)
			return
		}
		if len(got) > expr.MaxText || !utf8.ValidString(got) {
			t.Errorf("%d bytes: %q", len(got), got)
		}
		if s, ok := tmpl.Literal(); ok && s != got {
			t.Errorf("literal %q, text %q", s, got)
		}
	})
}

func checkError(t *testing.T, err error) {
	t.Helper()
	var e *expr.Error
	if !errors.As(err, &e) {
		t.Fatalf("%T: %v", err, err)
	}
	if e.Message == "" || strings.ContainsAny(e.Message, "\r\n\x00") || len(e.Message) > 1024 {
		t.Errorf("message %q", e.Message)
	}
	if e.Line != 0 && (e.Column < 1 || e.Line > strings.Count(e.Source, "\n")+1) {
		t.Errorf("line %d, column %d of %q", e.Line, e.Column, e.Source)
	}
	if got := strings.Count(e.Render(), "\n"); got != 0 && got != 2 {
		t.Errorf("%d lines: %q", got, e.Render())
	}
	if off := e.Offset(); off < 0 || off > utf8.RuneCountInString(e.Source)+1 {
		t.Errorf("offset %d of %q", off, e.Source)
	}
}
