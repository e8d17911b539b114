package message

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/redirectd/redirectd/internal/edge/message/messagetest"
)

// reading is all that a test wants to know of a message, whatever its form.
type reading struct {
	Request                             bool
	Method, URI, Reason                 string
	Status                              int
	CallID, From, To, FromTag, ToTag    string
	CSeq                                uint32
	CSeqMethod                          string
	MaxForwards                         int
	HasMaxForwards, HasLength           bool
	Via                                 Via
	ViaCount                            int
	Vias, Routes, RecordRoutes, Contact []string
	Supported                           []string
	Body                                string
}

func read(m *Message) reading {
	r := reading{
		Request: m.IsRequest(), Method: m.Method(), URI: m.RequestURI(), Reason: m.ReasonPhrase(), Status: m.Status(),
		CallID: m.CallID(), From: bare(m.From()), To: bare(m.To()), FromTag: m.FromTag(), ToTag: m.ToTag(),
		HasLength: m.HasContentLength(), Via: m.TopVia(), ViaCount: m.ViaCount(), Body: string(m.Body()),
		Vias: bareAll(m.Values("Via")), Routes: bareAll(m.Values("Route")), RecordRoutes: bareAll(m.Values("record-route")),
		Contact: bareAll(m.Values("Contact")), Supported: m.Values("Supported"),
	}
	r.CSeq, r.CSeqMethod = m.CSeq()
	r.MaxForwards, r.HasMaxForwards = m.MaxForwards()
	return r
}

// bare removes the white space that a folded form adds.
func bare(s string) string { return strings.NewReplacer(" ", "", "\t", "").Replace(s) }

func bareAll(all []string) []string {
	for i := range all {
		all[i] = bare(all[i])
	}
	return all
}

// readings says what is in the sample messages.
var readings = []struct {
	name, raw string
	want      reading
}{
	{"request", invite, reading{
		Request: true, Method: "INVITE", URI: "sip:bob@example.com;user=phone",
		CallID: "4711@192.0.2.1", FromTag: "from-1", ToTag: "to-1", CSeq: 17, CSeqMethod: "INVITE",
		From: `"Alice,\"A\";tag=no"<sip:alice@example.com;tag=no>;x=";tag=no";tag=from-1`, To: "sip:bob@example.com;tag=to-1",
		MaxForwards: 70, HasMaxForwards: true, HasLength: true, Body: "v=0\r\n",
		Via:      Via{Transport: "UDP", Host: "192.0.2.1", Port: 5070, Branch: "z9hG4bKtop", HasRPort: true},
		ViaCount: 3,
		Vias: []string{
			"SIP/2.0/UDP192.0.2.1:5070;rport;branch=z9hG4bKtop", "SIP/2.0/TCP[2001:db8::1];branch=z9hG4bKsecond",
			"SIP/2.0/TLSa.example.com;branch=z9hG4bKthird",
		},
		Routes:       []string{"<sip:p1.example.com;lr>", `"P,2"<sip:p2.example.com;lr>;x="a,b"`, "<sip:p3.example.com;lr>"},
		RecordRoutes: []string{"<sip:r1.example.com;lr>"},
		Contact:      []string{"<sip:alice@192.0.2.1:5070;transport=udp>"},
		Supported:    []string{"100rel", "timer", "histinfo"},
	}},
	{"response", redirect, reading{
		Method: "INVITE", Status: 302, Reason: "Moved, for now",
		CallID: "4711@192.0.2.1", FromTag: "from-1", ToTag: "to-302", CSeq: 17, CSeqMethod: "INVITE",
		From: "<sip:alice@example.com>;tag=from-1", To: "<sip:bob@example.com>;tag=to-302", HasLength: true,
		Via:      Via{Transport: "UDP", Host: "192.0.2.9", Port: 5060, Branch: "z9hG4bKours"},
		ViaCount: 2,
		Vias: []string{
			"SIP/2.0/UDP192.0.2.9:5060;branch=z9hG4bKours",
			"SIP/2.0/UDP192.0.2.1:5070;rport=5070;branch=z9hG4bKtop;received=192.0.2.1",
		},
		Contact: []string{
			`"One,two"<sip:+1;rn=2;npdi@h1.example.com;transport=tcp>;q=0.99;expires=60`,
			"sip:b@h2.example.com;q=0.5", "<sips:c@[2001:db8::1]:5061>",
		},
	}},
}

func TestReadingInEveryForm(t *testing.T) {
	for _, c := range readings {
		for form, raw := range messagetest.Variants(c.raw) {
			t.Run(c.name+" "+form, func(t *testing.T) {
				m := mustParse(t, raw)
				if got := read(m); !reflect.DeepEqual(got, c.want) {
					t.Errorf("got\n%+v\nwant\n%+v\nof\n%s", got, c.want, show(raw))
				}
				if got := m.Edit().Bytes(nil); string(got) != raw {
					t.Errorf("without edits:\n%s\nwant\n%s", show(string(got)), show(raw))
				}
			})
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range refused {
		t.Run(c.name, func(t *testing.T) {
			m, err := parseError(t, c.raw)
			if err.Status != c.status || err.Reason != c.reason || err.Detail == "" {
				t.Errorf("error is %v, want %d %s", err, c.status, c.reason)
			}
			if m.Answerable() != c.answerable {
				t.Errorf("Answerable is %v, want %v (%v)", m.Answerable(), c.answerable, err)
			}
		})
	}
}

func TestParseAccepts(t *testing.T) {
	for name, raw := range map[string]string{
		"version in lower case":      strings.Replace(request(), "SIP/2.0\r", "sip/2.0\r", 1),
		"256 fields":                 request(slices.Repeat([]string{"X: y"}, MaxFields-5)...),
		"any method":                 strings.ReplaceAll(request(), "OPTIONS", "!interesting-Method0123456789_*+`.%indeed'~"),
		"opaque Request-URI":         strings.Replace(request(), "sip:bob@example.com", "urn:service:sos", 1),
		"CSeq 2^31-1":                strings.Replace(request(), "1 OPTIONS", "2147483647 OPTIONS", 1),
		"CSeq with zeros and spaces": strings.Replace(request(), "1 OPTIONS", "0001 \t OPTIONS", 1),
		"Max-Forwards 255":           request("Max-Forwards: 0255"),
		"Max-Forwards 0":             request("Max-Forwards: 0"),
		"bad Date":                   request("Date: yesterday"),
		"odd Authorization":          request("Authorization: NoOneKnows this=\"scheme"),
		"broken Contact":             request("Contact: <sip:a@h, ,;;", "Contact:", "Contact: *"),
		"separators only":            request("X: ;;,,;;,;"),
		"empty value":                request("Subject:", "s :"),
		"control characters":         request("X: \x01\x7f\xff"),
		"addr-spec with spaces":      strings.Replace(request(), "<sip:b@example.com>", "\"W, T\" < sip:b@example.com >", 1),
		"unquoted display name":      strings.Replace(request(), "To: <", "To: Watson, Thomas <", 1),
		"no From tag":                strings.Replace(request(), ";tag=1", "", 1),
		"body without length":        request() + "body",
	} {
		t.Run(name, func(t *testing.T) {
			m := mustParse(t, raw)
			if !m.Answerable() {
				t.Error("it is not answerable")
			}
			if got := m.Edit().Bytes(nil); string(got) != raw {
				t.Errorf("without edits:\n%s\nwant\n%s", show(string(got)), show(raw))
			}
		})
	}
}

func TestBodyIsCut(t *testing.T) {
	for _, c := range []struct{ raw, body string }{
		{request("Content-Length: 4") + "bodyINVITE sip:x@y SIP/2.0\r\n\r\n", "body"},
		{request("l : 0") + "body", ""},
		{request("Content-Length:\r\n 0004") + "body!", "body"},
		{request() + "body", "body"},
		{"\r\n\r\n" + request("L: 2") + "\r\n\r\n", "\r\n"},
	} {
		m := mustParse(t, c.raw)
		if string(m.Body()) != c.body {
			t.Errorf("body is %q, want %q", m.Body(), c.body)
		}
		raw := strings.TrimLeft(c.raw, "\r\n")
		if want := raw[:strings.Index(raw, "\r\n\r\n")+4] + c.body; string(m.Raw()) != want {
			t.Errorf("Raw is %q, want %q", m.Raw(), want)
		}
	}
}

func TestStatusLine(t *testing.T) {
	for line, want := range map[string]string{
		"SIP/2.0 302 Moved Temporarily": "302 Moved Temporarily",
		"sip/2.0 100 ":                  "100 ",
		"SIP/2.0 699":                   "699 ",
		"SIP/2.0 200 = 2**3 * 5**2 но":  "200 = 2**3 * 5**2 но",
	} {
		_, rest, _ := strings.Cut(redirect, "\r\n")
		m := mustParse(t, line+"\r\n"+rest)
		if got := fmt.Sprint(m.Status(), " ", m.ReasonPhrase()); got != want || m.IsRequest() {
			t.Errorf("%q is %q, want %q", line, got, want)
		}
	}
}

func TestHeaderAndFields(t *testing.T) {
	m := mustParse(t, request("s: a", "SUBJECT : b", "Xy:\r\n a \r\n\t b ", "y: z", "k:1,,2 , ", "Supported: 3", "Empty:"))
	for name, want := range map[string]string{
		"Subject": "a", "xy": "a b", "Identity": "z", "To": "<sip:b@example.com>", "t": "<sip:b@example.com>", "EMPTY": "",
	} {
		if got, ok := m.Header(name); got != want || !ok {
			t.Errorf("Header(%q) = %q, %v, want %q", name, got, ok, want)
		}
	}
	if got, ok := m.Header("Contact"); ok {
		t.Errorf("Header(Contact) = %q, want none", got)
	}
	if got := m.Values("supported"); !slices.Equal(got, []string{"1", "2", "3"}) {
		t.Errorf("Values(supported) = %q", got)
	}
	var got []string
	for name, value := range m.Fields() {
		got = append(got, name+"="+value)
		if name == "Supported" {
			break
		}
	}
	if want := []string{
		"Via=SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1", "From=<sip:a@example.com>;tag=1", "To=<sip:b@example.com>",
		"Call-ID=x", "CSeq=1 OPTIONS", "Subject=a", "SUBJECT=b", "Xy=a b", "Identity=z", "Supported=1,,2 ,",
	}; !slices.Equal(got, want) {
		t.Errorf("Fields = %q\nwant %q", got, want)
	}
}

// TestCompactForms: every compact form of the registry is its long name, and
// no other letter is one.
func TestCompactForms(t *testing.T) {
	want := map[string]string{
		"a": "Accept-Contact", "b": "Referred-By", "c": "Content-Type", "d": "Request-Disposition",
		"e": "Content-Encoding", "f": "From", "i": "Call-ID", "j": "Reject-Contact", "k": "Supported",
		"l": "Content-Length", "m": "Contact", "n": "Identity-Info", "o": "Event", "r": "Refer-To",
		"s": "Subject", "t": "To", "u": "Allow-Events", "v": "Via", "x": "Session-Expires", "y": "Identity",
	}
	for c := range 256 {
		name := string([]byte{byte(c)})
		expect, ok := want[strings.ToLower(name)]
		if !ok || c > 'z' {
			expect = name
		}
		if got := longName(name); got != expect {
			t.Errorf("longName(%q) = %q, want %q", name, got, expect)
		}
	}
}

func TestCloneAndReuse(t *testing.T) {
	raw := []byte(invite)
	var m Message
	if err := m.Parse(raw); err != nil {
		t.Fatal(err)
	}
	c := m.Clone()
	callID, via := m.CallID(), m.TopVia()
	copy(raw, bytes.Repeat([]byte("x"), len(raw)))
	if err := m.Parse([]byte(redirect)); err != nil {
		t.Fatal(err)
	}
	if string(c.Raw()) != invite || !reflect.DeepEqual(read(c), read(mustParse(t, invite))) {
		t.Errorf("the clone changed with the buffer:\n%s", c.Raw())
	}
	if callID != "4711@192.0.2.1" || via.Branch != "z9hG4bKtop" {
		t.Errorf("strings changed with the buffer: %q, %+v", callID, via)
	}
	if !reflect.DeepEqual(read(&m), read(mustParse(t, redirect))) {
		t.Error("the second message reads otherwise than the first time")
	}
}
