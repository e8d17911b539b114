package sipcontract_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/edge/message"
	"github.com/redirectd/redirectd/internal/edge/message/messagetest"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/sipcontract"
)

const sdp = "v=0\r\ns=-\r\n"

var invite = crlf(`INVITE sip:bob@example.com;x=%41 SIP/2.0
Via: SIP/2.0/UDP 10.0.0.9:5070;branch=z9hG4bK1;received=192.0.2.1;rport=40000
Max-Forwards: 70
From: "Alice, A." <sip:alice@example.com>;tag=a1
t: <sip:bob@example.com>
Call-ID: c1@example.com
CSeq: 7 INVITE
Diversion: <sip:carol@example.com>
Proxy-Authorization: Digest realm="x"
X-Any: `+"\xff"+`
Content-Length: 10

`) + sdp

var moved = crlf(`SIP/2.0 302 Moved Temporarily
Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK2
From: "Alice, A." <sip:alice@example.com>;tag=a1
To: <sip:bob@example.com>;tag=b1
Call-ID: c1@example.com
CSeq: 7 INVITE
Contact: "Bob" <sip:bob@h1>;q=0.7;expires=60;x="a;b", <tel:+15551234>, <sip:
Content-Length: 0

`)

func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

func lf(s string) string { return strings.ReplaceAll(s, "\r\n", "\n") }

func TestQuestion(t *testing.T) {
	at := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	shown := &redirectv1.SipResponse{Status: 302, ReasonPhrase: "Moved Temporarily"}
	for line := range strings.Lines(lf(moved)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ": "); ok {
			shown.Headers = append(shown.Headers, &redirectv1.Header{Name: name, Value: value})
		}
	}
	want := &redirectv1.DecideRequest{
		RequestId: "1",
		Call: &redirectv1.Call{
			Method: "INVITE",
			RequestUri: &redirectv1.SipUri{
				Text: "sip:bob@example.com;x=%41", Scheme: "sip", User: "bob", Host: "example.com", Params: []*redirectv1.Param{{Name: "x", Value: "A"}},
			},
			Caller:        &redirectv1.SipUri{Text: "sip:alice@example.com", Scheme: "sip", User: "alice", Host: "example.com", DisplayName: "Alice, A."},
			Callee:        &redirectv1.SipUri{Text: "sip:bob@example.com", Scheme: "sip", User: "bob", Host: "example.com"},
			CallId:        "c1@example.com",
			SourceAddress: "192.0.2.1:40000", Transport: "udp",
			Headers: []*redirectv1.Header{
				{Name: "Diversion", Value: "<sip:carol@example.com>"}, {Name: "X-Any", Value: "\uFFFD", RawValue: []byte("\xff")},
			},
			ReceivedAt: timestamppb.New(at),
		},
		Event: &redirectv1.DecideRequest_Redirect{Redirect: &redirectv1.Redirect{Response: shown, Contacts: []*redirectv1.Contact{
			{
				Uri:    &redirectv1.SipUri{Text: "sip:bob@h1", Scheme: "sip", User: "bob", Host: "h1", DisplayName: "Bob"},
				QMilli: new(uint32(700)), ExpiresSeconds: new(uint32(60)), Params: []*redirectv1.Param{{Name: "x", Value: "a;b"}},
			},
			{Uri: &redirectv1.SipUri{Text: "tel:+15551234", Scheme: "tel", User: "+15551234"}},
			{Uri: &redirectv1.SipUri{Text: "<sip:"}, Unreadable: `"<sip:": a < has no >`},
		}}},
		Attempts: []*redirectv1.Attempt{{
			Target: &redirectv1.Target{Uri: "sip:bob@example.com;x=%41", NextHop: sipcontract.DefaultNextHop}, StartedAt: timestamppb.New(at),
			Outcome: redirectv1.Outcome_OUTCOME_RESPONSE, Response: shown,
		}},
		AskedAt: timestamppb.New(at),
	}
	for name, texts := range map[string][2]string{
		"wire":                     {invite, moved},
		"LF":                       {lf(invite), lf(moved)},
		"no empty line at the end": {invite, strings.TrimSuffix(lf(moved), "\n")},
		"blank lines around":       {"\r\n\n \n" + invite + "\n\n", "\n" + moved + "\n"},
	} {
		got, err := sipcontract.Question([]byte(texts[0]), []byte(texts[1]), sipcontract.Options{AskedAt: at})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !proto.Equal(got, want) {
			t.Errorf("%s: got\n%v\nwant\n%v", name, got, want)
		}
	}
}

func TestQuestionWithoutRequest(t *testing.T) {
	q, err := sipcontract.Question(nil, []byte(moved), sipcontract.Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := q.GetCall()
	if c.GetMethod() != "INVITE" || c.GetRequestUri().GetText() != "sip:bob@example.com" || c.GetCaller().GetUser() != "alice" ||
		c.GetCallId() != "c1@example.com" || c.GetSourceAddress() != "" || c.GetHeaders() != nil || q.GetAskedAt() != nil ||
		q.GetAttempts()[0].GetTarget().GetUri() != "sip:bob@example.com" {
		t.Errorf("got %v", q)
	}
}

func TestQuestionAdvice(t *testing.T) {
	missing := strings.Replace(moved, "302 Moved Temporarily", "404 Not Found", 1)
	_, err := sipcontract.Question([]byte(invite), []byte(missing), sipcontract.Options{})
	if !errors.Is(err, sipcontract.ErrAdvice) || err.Error() != "response, line 1: 404 is no redirect but an advice; want 300 to 399" {
		t.Errorf("error %v", err)
	}
	q, err := sipcontract.Question([]byte(invite), []byte(missing), sipcontract.Options{Advice: true})
	if err != nil || q.GetAdvice().GetResponse().GetStatus() != 404 || q.GetAttempts()[0].GetResponse().GetReasonPhrase() != "Not Found" {
		t.Errorf("got %v, %v", q, err)
	}
	for _, h := range q.GetAdvice().GetResponse().GetHeaders() {
		if h.GetName() != "Contact" {
			t.Errorf("header %v", h)
		}
	}
}

func TestQuestionSource(t *testing.T) {
	for via, want := range map[string]string{
		"SIP/2.0/TCP 192.0.2.7":                        "192.0.2.7:5060 tcp",
		"SIP/2.0/TLS 192.0.2.7":                        "192.0.2.7:5061 tls",
		"SIP/2.0/WSS x.invalid;received=[2001:db8::1]": "[2001:db8::1]:443 wss",
		"SIP/2.0/UDP pc.example.com:5070":              " udp",
	} {
		text := strings.Replace(invite, "SIP/2.0/UDP 10.0.0.9:5070;branch=z9hG4bK1;received=192.0.2.1;rport=40000", via, 1)
		q, err := sipcontract.Question([]byte(text), []byte(moved), sipcontract.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := q.GetCall().GetSourceAddress() + " " + q.GetCall().GetTransport(); got != want {
			t.Errorf("%s: got %q, want %q", via, got, want)
		}
	}
}

func TestQuestionErrors(t *testing.T) {
	for name, c := range map[string]struct{ request, response, want string }{
		"nothing":            {invite, " \n", "response, line 1: there is no message; want one that begins with its start line"},
		"two":                {invite + moved, moved, "request, line 15: a second message begins here; want one"},
		"two requests":       {invite, invite, "response, line 1: this is a request, INVITE; want the response to it"},
		"two responses":      {moved, moved, "request, line 1: this is a response, 302 Moved Temporarily; want the request that it answers"},
		"ACK":                {strings.NewReplacer("INVITE sip", "ACK sip", "7 INVITE", "7 ACK").Replace(invite), moved, "request, line 1: ACK is never redirected; want INVITE or another request"},
		"provisional":        {invite, strings.Replace(moved, "302", "183", 1), "response, line 1: 183 is no redirect; want 300 to 399"},
		"other call":         {invite, strings.Replace(moved, "c1@", "c2@", 1), `response, line 5: Call-ID is "c2@example.com", that of the request "c1@example.com": it answers another request`},
		"other CSeq":         {invite, strings.Replace(moved, "CSeq: 7", "CSeq: 8", 1), `response, line 6: CSeq is "8 INVITE", that of the request "7 INVITE": it answers another request`},
		"other caller":       {invite, strings.Replace(moved, "tag=a1", "tag=a2", 1), `response, line 3: the tag of From is "a2", that of the request "a1": it answers another request`},
		"no Call-ID":         {invite, strings.Replace(moved, "Call-ID", "Cal-ID", 1), `response, line 5: message has no Call-ID; is "Cal-ID" meant to be it?`},
		"no CSeq":            {strings.Replace(invite, "CSeq: 7 INVITE\r\n", "", 1), moved, "request, line 1: message has no CSeq"},
		"no colon":           {invite, lf(strings.Replace(moved, "Contact:", "Contcat", 1)), `response, line 7: header field "Contcat \"Bob\" <sip:bob@h1>;q=0.7;expires=60;x=\"a;b\", <tel:+15551..." does not begin with a name and a colon`},
		"repeated":           {strings.Replace(invite, "Max-Forwards: 70", "i: 2", 1), moved, "request, line 6: message has more than one Call-ID"},
		"bad CSeq":           {strings.Replace(invite, "7 INVITE", "x INVITE", 1), moved, `request, line 7: CSeq is "x INVITE", want a number and a method`},
		"bad compact To":     {strings.Replace(invite, "t: <sip:bob@example.com>", "t: \"Bob <sip:bob@example.com>", 1), moved, "request, line 5: "},
		"folded":             {strings.Replace(invite, "Call-ID:", "X-A: 1\r\n CSeq: 2\r\nCall-ID:", 1), strings.Replace(moved, "CSeq: 7", "CSeq: 8", 1), "response, line 6: CSeq is"},
		"bad length":         {strings.Replace(invite, "Length: 10", "Length: -1", 1), moved, `request, line 11: Content-Length is "-1", want a number`},
		"short":              {strings.Replace(invite, "Length: 10", "Length: 40", 1), moved, "request, line 11: Content-Length is 40, but the body has 10 bytes"},
		"shorter":            {strings.Replace(invite, "Length: 10", "Length: 99999999", 1), moved, "request, line 11: Content-Length is 99999999, but the body has 10 bytes"},
		"long":               {strings.Replace(invite, "Length: 10", "Length: 5", 1), moved, "request, line 11: Content-Length is 5, but the body has 10 bytes"},
		"no start line":      {invite, "HTTP/1.1 302 Found\n\n", `response, line 1: "HTTP/1.1 302 Found" begins no SIP message; want "INVITE sip:user@host SIP/2.0" or "SIP/2.0 302 Moved Temporarily"`},
		"bad start line":     {strings.Replace(invite, "SIP/2.0\r", "SIP/3.0\r", 1), moved, "request, line 1: version is SIP/3.0, want SIP/2.0"},
		"NUL":                {strings.Replace(invite, "Diversion: <", "Diversion: \x00<", 1), moved, "request, line 8: a NUL is at byte "},
		"CR":                 {strings.Replace(invite, "Diversion: <", "Diversion: \r<", 1), moved, "request, line 8: the line at byte "},
		"too long":           {invite, moved + strings.Repeat(" ", message.MaxSize), "response, line 1: the message has more than 65535 bytes"},
		"too long with CRLF": {invite, "SIP/2.0 302 Moved\n" + strings.Repeat("X: 1\n", 12000), "response, line 1: the message has more than 65535 bytes"},
	} {
		_, err := sipcontract.Question([]byte(c.request), []byte(c.response), sipcontract.Options{})
		if err == nil || err.Error() != c.want && !(strings.HasPrefix(err.Error(), c.want) && strings.HasSuffix(c.want, " ") || strings.HasSuffix(c.want, " is")) {
			t.Errorf("%s: error %v\nwant %s", name, err, c.want)
		}
	}
}

func TestQuestionManyContacts(t *testing.T) {
	var b strings.Builder
	for i := range 100 {
		fmt.Fprintf(&b, "<sip:a@h%d>, ", i)
	}
	q, err := sipcontract.Question(nil, []byte(strings.Replace(moved, "Contact: ", "Contact: "+b.String(), 1)), sipcontract.Options{})
	if err != nil || len(q.GetRedirect().GetContacts()) != sipcontract.MaxContacts || q.GetRedirect().GetContactsOmitted() != 39 {
		t.Errorf("got %v, %v", q, err)
	}
}

// TestQuestionTorture: the messages of RFC 4475 as requests, each with a redirect
// that answers it if it can be read.
func TestQuestionTorture(t *testing.T) {
	asked := 0
	for name, raw := range messagetest.Torture(t) {
		var m message.Message
		if name == "baddn" { // which lacks its empty line
			raw += "\r\n"
		}
		readable := m.Parse([]byte(raw)) == nil && m.IsRequest() && m.Method() != "ACK"
		n, method := m.CSeq()
		answer := fmt.Sprintf("SIP/2.0 302 Moved\nVia: SIP/2.0/UDP h\nFrom: %s\nTo: %s\nCall-ID: %s\nCSeq: %d %s\nContact: <sip:a@h>\n", m.From(), m.To(), m.CallID(), n, method)
		q, err := sipcontract.Question([]byte(raw), []byte(answer), sipcontract.Options{})
		switch {
		case err != nil && readable && !strings.Contains(err.Error(), "but the body"): // "dblreq" has more after its end
			t.Errorf("%s: %v", name, err)
		case err == nil && !readable:
			t.Errorf("%s was taken: %v", name, q)
		case err == nil:
			asked++
			if _, err := policy.NewBuiltin(nil).Decide(t.Context(), q); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if asked < 20 {
		t.Errorf("only %d questions were asked", asked)
	}
}
