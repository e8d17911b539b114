package record

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/compare"
	"github.com/redirectd/redirectd/internal/policy/policytest"
	"github.com/redirectd/redirectd/internal/pseudonym"
	"github.com/redirectd/redirectd/internal/sipuri"
)

// testRedactor is one with a key that is known.
func testRedactor() *redactor {
	r := &redactor{mapper: pseudonym.New([]byte("a key of tests, and of nothing else")), known: newKnown()}
	return r
}

// TestRedactsTexts: what goes, and what stays. U1 and so on stand for pseudonyms.
func TestRedactsTexts(t *testing.T) {
	t.Parallel()
	users := []string{"alice", "+49301234567", "bob", "Bob Miller", "tel-user", "0815"}
	r := testRedactor()
	named := make([]string, 0, 2*len(users))
	for i, u := range users {
		named = append(named, r.mapper.Of(u), fmt.Sprintf("U%d", i+1))
	}
	show := strings.NewReplacer(named...)
	for _, tt := range []struct {
		what, in, want string
		f              func(string) string
	}{
		{"uri", "sip:alice@192.0.2.7:5070;transport=tcp", "sip:U1@192.0.2.7:5070;transport=tcp", func(s string) string { return r.uri(s, r.made) }},
		{"uri", "sips:%61lice@[2001:db8::1]", "sips:U1@[2001:db8::1]", func(s string) string { return r.uri(s, r.made) }},
		{"uri", "sip:192.0.2.7;lr", "sip:192.0.2.7;lr", func(s string) string { return r.uri(s, r.made) }},
		{"uri", "sip:+49301234567;phone-context=example.com@h;user=phone", "sip:U2;phone-context=example.com@h;user=phone", func(s string) string { return r.uri(s, r.made) }},
		{"uri", "tel:+49301234567;isub=1", "tel:U2;isub=1", func(s string) string { return r.uri(s, r.made) }},
		{"uri", "sip:0815@h", "sip:U6@h", func(s string) string { return r.uri(s, r.made) }},
		{"uri", "urn:service:sos", "urn:service:sos", func(s string) string { return r.uri(s, r.made) }},
		{"uri", "https://cert.example.com/a.pem", "https://cert.example.com/a.pem", func(s string) string { return r.uri(s, r.made) }},
		{"uri", "sip:bob@h?P-Asserted-Identity=%3Ctel:%2B49301234567%3E&X=1", "sip:U3@h?P-Asserted-Identity=%3Ctel:U2%3E&X=1", func(s string) string { return r.uri(s, r.made) }},
		{"made of it", "sip:0049301234567@h", "sip:00U2@h", func(s string) string {
			return strings.Replace(r.uri(s, r.made), r.mapper.Of("+49301234567")[1:], "U2", 1)
		}},
		{"text", `the contact <sip:alice@h> of "alice", +49301234567 and 486 at 5060`, `the contact <sip:U1@h> of "U1", U2 and 486 at 5060`, r.text},
		{"text", "sip:bob@h, or tel:+49301234567.", "sip:U3@h, or tel:U2.", r.text},
		{"text", "malice and alicent stay; reason=alice goes", "malice and alicent stay; reason=U1 goes", r.text},
		{"history", `"Bob Miller" <sip:bob@h?Reason=SIP%3Bcause%3D302>;index=1, <sip:alice@h>;index=1.1`, `"U4" <sip:U3@h?Reason=SIP%3Bcause%3D302>;index=1, <sip:U1@h>;index=1.1`, func(s string) string { return r.headerValue("History-Info", s) }},
		{"unquoted", `Bob Miller <sip:bob@h>;reason=no-answer`, `U4 <sip:U3@h>;reason=no-answer`, func(s string) string { return r.headerValue("Diversion", s) }},
		{"anonymous", `"Anonymous" <sip:anonymous@anonymous.invalid>`, `"Anonymous" <sip:anonymous@anonymous.invalid>`, func(s string) string { return r.headerValue("From", s) }},
		{"via", "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK776asdhds;received=192.0.2.9", "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK776asdhds;received=192.0.2.9", func(s string) string { return r.headerValue("Via", s) }},
		{"cseq", "314159265 INVITE", "314159265 INVITE", func(s string) string { return r.headerValue("CSeq", s) }},
		{"call-id", "tel-user@192.0.2.1", "U5@192.0.2.1", func(s string) string { return r.headerValue("Call-ID", s) }},
		{"replaces", "tel-user@h;to-tag=1", "U5@h;to-tag=1", func(s string) string { return r.headerValue("Replaces", s) }},
		{"reason", `SIP;cause=302;text="Moved Temporarily"`, `SIP;cause=302;text="Moved Temporarily"`, func(s string) string { return r.headerValue("Reason", s) }},
	} {
		for _, u := range users {
			r.learn(u, r.mapper.Of(u))
		}
		if got := show.Replace(tt.f(tt.in)); got != tt.want {
			t.Errorf("%s\n of %s\ngot %s\nwant %s", tt.what, tt.in, got, tt.want)
		}
	}
	for _, cut := range []string{"sip:alice.smi...", "sip:alice.smi\u2026"} {
		if got := r.text(cut); strings.Contains(got, "smi") || !strings.HasPrefix(got, "sip:") {
			t.Errorf("%s becomes %s", cut, got)
		}
	}
	for _, name := range []string{"Identity", "Authorization", "Subject"} {
		if got := r.headerValue(name, "eyJhbGciOi.Carol;info=<https://cert.example.com/a.pem>"); strings.Contains(got, "Carol") {
			t.Errorf("%s becomes %s", name, got)
		}
	}
}

// fields calls f with every text field of the contract's questions and answers.
func fields(m protoreflect.MessageDescriptor, seen map[protoreflect.FullName]bool, f func(protoreflect.FieldDescriptor)) {
	if seen[m.FullName()] {
		return
	}
	seen[m.FullName()] = true
	for i := range m.Fields().Len() {
		field := m.Fields().Get(i)
		switch {
		case field.IsMap():
			f(field)
		case field.Message() != nil:
			fields(field.Message(), seen, f)
		case field.Kind() == protoreflect.StringKind, field.Kind() == protoreflect.BytesKind:
			f(field)
		}
	}
}

// TestEveryFieldHasATreatment: whoever adds a text to the contract says what
// becomes of it.
func TestEveryFieldHasATreatment(t *testing.T) {
	t.Parallel()
	special := []protoreflect.FullName{"redirect.v1.SipUri", "redirect.v1.Header", "redirect.v1.Param"}
	seen, met := make(map[protoreflect.FullName]bool), 0
	for _, m := range []proto.Message{&redirectv1.DecideRequest{}, &redirectv1.DecideResponse{}} {
		fields(m.ProtoReflect().Descriptor(), seen, func(f protoreflect.FieldDescriptor) {
			if _, ok := treatments[f.FullName()]; ok {
				met++
			} else if !slices.Contains(special, f.Parent().FullName()) {
				t.Errorf("%s has no treatment", f.FullName())
			}
		})
	}
	if met != len(treatments) {
		t.Errorf("there are %d treatments, and %d fields", len(treatments), met)
	}
}

// secrets makes users, and remembers them.
type secrets struct {
	rand *rand.Rand
	all  []string
}

// user returns a new number or name.
func (s *secrets) user() string {
	const letters = "abcdefghijklmnopqrstuvwxyz"
	var u string
	switch s.rand.IntN(4) {
	case 0:
		u = fmt.Sprintf("+4%010d", s.rand.Int64N(1e10))
	case 1:
		u = fmt.Sprintf("0%010d", s.rand.Int64N(1e10))
	default:
		for range 8 + s.rand.IntN(8) {
			u += string(letters[s.rand.IntN(len(letters))])
		}
	}
	s.all = append(s.all, u)
	return u
}

func (s *secrets) uri() string {
	formats := []string{"sip:%s@192.0.2.7:5070;transport=tcp", "sips:%s@example.com", "tel:%s", "sip:%s@[2001:db8::1];user=phone"}
	return fmt.Sprintf(formats[s.rand.IntN(len(formats))], s.user())
}

func (s *secrets) sipURI() *redirectv1.SipUri {
	text := s.uri()
	u, _ := sipuri.Parse(text)
	return &redirectv1.SipUri{Text: text, Scheme: u.Scheme, User: u.User, Host: u.Host, DisplayName: s.user()}
}

// header returns a field that names somebody.
func (s *secrets) header() *redirectv1.Header {
	formats := []struct{ name, value string }{
		{"Diversion", "<sip:%s@h>;reason=unconditional"},
		{"History-Info", `"%s" <sip:192.0.2.1>;index=1`},
		{"P-Asserted-Identity", `<tel:%s>, Somebody <sip:x@h>`},
		{"Identity", "eyJ.%s.abc;info=<https://cert.example.com>"},
		{"Authorization", `Digest username="%s"`},
		{"Call-ID", "%s@192.0.2.1"},
		{"Subject", "for %s"},
		{"Contact", "<sip:%s@h>;q=0.5"},
	}
	f := formats[s.rand.IntN(len(formats))]
	return &redirectv1.Header{Name: f.name, Value: fmt.Sprintf(f.value, s.user()), RawValue: []byte(s.user())}
}

// fill puts users, or texts about them, into every field of a message.
func (s *secrets) fill(m protoreflect.Message, depth int) {
	switch m := m.Interface().(type) {
	case *redirectv1.SipUri:
		proto.Merge(m, s.sipURI())
		return
	case *redirectv1.Header:
		proto.Merge(m, s.header())
		return
	case *redirectv1.Param:
		m.Name, m.Value = "x", s.uri()
		return
	}
	fieldsOf := m.Descriptor().Fields()
	for i := range fieldsOf.Len() {
		f := fieldsOf.Get(i)
		if o := f.ContainingOneof(); o != nil && m.WhichOneof(o) != nil && s.rand.IntN(2) == 0 {
			continue
		}
		s.fillField(m, f, depth)
	}
}

func (s *secrets) fillField(m protoreflect.Message, f protoreflect.FieldDescriptor, depth int) {
	n := 1 + s.rand.IntN(3)
	switch how := treatments[f.FullName()]; {
	case f.IsMap():
	case f.Message() != nil && strings.HasPrefix(string(f.Message().FullName()), "google."):
	case f.Message() != nil && depth == 0:
	case f.Message() != nil && f.IsList():
		for range n {
			s.fill(m.Mutable(f).List().AppendMutable().Message(), depth-1)
		}
	case f.Message() != nil:
		s.fill(m.Mutable(f).Message(), depth-1)
	case f.Kind() == protoreflect.BytesKind:
		m.Set(f, protoreflect.ValueOfBytes([]byte(s.user())))
	case f.Kind() != protoreflect.StringKind || how == stays:
	case f.IsList():
		for range n {
			m.Mutable(f).List().Append(protoreflect.ValueOfString(s.text(how)))
		}
	default:
		m.Set(f, protoreflect.ValueOfString(s.text(how)))
	}
}

// text returns a text about a user, as a field of that treatment has it.
func (s *secrets) text(how treatment) string {
	switch how {
	case asURI:
		return s.uri()
	case asCallID:
		return s.user() + "@192.0.2.1"
	case goes, stays:
		return ""
	case asText:
	}
	earlier := "nobody"
	if len(s.all) > 0 { // its URI comes before, or after
		earlier = s.uri()
	}
	return fmt.Sprintf("%s, %s (%s) is not the %q of it", s.uri(), earlier, s.uri(), "way")
}

// TestNoUserIsLeft: whatever a question and its answer say of whom, no user and no
// name is in a redacted record.
func TestNoUserIsLeft(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		s := &secrets{rand: rand.New(rand.NewPCG(seed, 1))}
		e := &Entry{Question: &redirectv1.DecideRequest{}, Answer: &redirectv1.DecideResponse{}}
		s.fill(e.Question.ProtoReflect(), 4)
		s.fill(e.Answer.ProtoReflect(), 4)
		if len(e.Question.GetRedirect().GetContacts()) > 0 { // users that are known by then, alone
			known := e.Question.GetRedirect().GetContacts()[0].GetUri()
			e.Answer.Explanation.Text = fmt.Sprintf("%s and (%s)", known.GetUser(), known.GetDisplayName())
		}
		newRedactor().redact(e)
		line, err := e.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if len(s.all) < 20 {
			t.Fatalf("seed %d: only %d users", seed, len(s.all))
		}
		for _, user := range s.all {
			if strings.Contains(string(line), strings.TrimPrefix(user, "+")) {
				t.Errorf("seed %d: %s is there: %s", seed, user, around(string(line), user))
			}
		}
	}
}

func around(s, what string) string {
	i := strings.Index(s, strings.TrimPrefix(what, "+"))
	return s[max(0, i-60):min(len(s), i+60)]
}

// TestAnswerIsConsistent: what the policy answers to the redacted question is the
// redacted answer, for rules that look at no more than the beginning of numbers.
func TestAnswerIsConsistent(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]string{
		"contacts as they are": "profiles: [{name: default}]",
		"rewritten numbers": `
profiles:
  - name: default
    rules:
      - name: berlin
        when: contact.uri.user.startsWith("+4930")
        then: {rewrite: {user: "0${contact.uri.user.substring(3)}"}}
      - name: others
        when: contact.uri.user.startsWith("+")
        then: {rewrite: {user: "00${contact.uri.user.substring(1)}", host: gw.example.com}}
`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg, err := policy.ParseConfig("policy.yaml", []byte(config))
			if err != nil {
				t.Fatal(err)
			}
			p := policy.NewBuiltin(cfg)
			contact := func(uri string) *redirectv1.Contact {
				u, err := sipuri.Parse(uri)
				if err != nil {
					t.Fatal(err)
				}
				return &redirectv1.Contact{Uri: &redirectv1.SipUri{Text: uri, Scheme: u.Scheme, User: u.User, Host: u.Host}}
			}
			q := policytest.Redirected(302, "Moved Temporarily",
				contact("sip:+49301234567@192.0.2.1"), contact("sip:+493012345678@192.0.2.1;user=phone"), contact("sip:+15551234567@192.0.2.1"),
				contact("sip:bob@192.0.2.1"), contact("sip:12@192.0.2.1"), contact("sip:+15550100@edge.test"))
			answer, err := p.Decide(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			e := &Entry{Question: proto.CloneOf(q), Answer: proto.CloneOf(answer)}
			newRedactor().redact(e)
			again, err := p.Decide(t.Context(), e.Question)
			if err != nil {
				t.Fatal(err)
			}
			if d := compare.Compare(e.Answer, again, e.Question); !d.Same() {
				t.Errorf("%s", d)
			}
			if d := compare.Compare(answer, again, q); d.Kind != compare.OtherTarget {
				t.Errorf("nothing is redacted: %s", d)
			}
			if len(again.GetTryTargets().GetTargets()) < 5 {
				t.Errorf("only %v", again)
			}
		})
	}
}

func FuzzRedact(f *testing.F) {
	f.Add("sip:alice@h", `"A" <sip:a@h>`, "tel:+49301234567;x=1")
	f.Add("sip:a%3Bb;c=d:e@h;x=%2?y=z&=", "<<sip:>>", "+")
	f.Fuzz(func(t *testing.T, uri, header, text string) {
		q := &redirectv1.DecideRequest{
			Call:     &redirectv1.Call{RequestUri: &redirectv1.SipUri{Text: uri}, Headers: []*redirectv1.Header{{Name: "X", Value: header}}},
			Attempts: []*redirectv1.Attempt{{Target: &redirectv1.Target{Uri: uri}, Detail: text}},
		}
		if _, err := proto.Marshal(q); err != nil {
			return // not UTF-8
		}
		e := &Entry{Question: q, Error: &Error{Failed, text}}
		testRedactor().redact(e)
		line, err := e.Encode()
		if err != nil || !json.Valid(line) {
			t.Fatal(err)
		}
		was, err := sipuri.Parse(uri)
		is, err2 := sipuri.Parse(e.Question.GetCall().GetRequestUri().GetText())
		if err == nil && was.IsSIP() && (err2 != nil || is.Host != was.Host || is.Port != was.Port || is.HasUser != was.HasUser) {
			t.Errorf("%q becomes %q: %v", uri, is.Text, err2)
		}
		if e.Question.GetAttempts()[0].GetTarget().GetUri() != is.Text {
			t.Errorf("the target is %q, and the Request-URI %q", e.Question.GetAttempts()[0].GetTarget().GetUri(), is.Text)
		}
	})
}
