package siptest

import (
	"slices"
	"strings"
	"testing"
)

const folded = "SIP/2.0 302 Moved Temporarily\r\n" +
	"v: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK-1,\r\n SIP/2.0/UDP 127.0.0.1:5070 ; branch = z9hG4bK-2\r\n" +
	"Via : SIP/2.0/UDP 127.0.0.1:5080;branch=z9hG4bK-3;rport\r\n" +
	"t: \"B; tag=no, B\" <sip:b@127.0.0.1;tag=no>;tag=yes\r\n" +
	"cseq: 1 INVITE\r\n" +
	"m: \"A, \\\"B\\\"\" <sip:a,b@127.0.0.1>;q=0.5, , <sip:c@127.0.0.1>\r\n" +
	"\r\nbody\r\n\r\nrest"

func TestMsg(t *testing.T) {
	m := &Msg{Raw: folded}
	if m.Status() != 302 || m.Method() != "INVITE" || m.Body() != "body\r\n\r\nrest" {
		t.Errorf("status %d, method %q, body %q", m.Status(), m.Method(), m.Body())
	}
	if got := len(m.Headers("Via")); got != 2 {
		t.Errorf("%d Via fields, want 2", got)
	}
	want := []string{
		"SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK-1", "SIP/2.0/UDP 127.0.0.1:5070 ; branch = z9hG4bK-2",
		"SIP/2.0/UDP 127.0.0.1:5080;branch=z9hG4bK-3;rport",
	}
	if got := m.Values("Via"); !slices.Equal(got, want) {
		t.Errorf("Via values %q, want %q", got, want)
	}
	want = []string{`"A, \"B\"" <sip:a,b@127.0.0.1>;q=0.5`, "<sip:c@127.0.0.1>"}
	if got := m.Values("Contact"); !slices.Equal(got, want) {
		t.Errorf("Contact values %q, want %q", got, want)
	}
	if got := m.Param("To", "tag"); got != "yes" {
		t.Errorf("To tag %q, want yes", got)
	}
	if got := m.Param("Via", "branch"); got != "z9hG4bK-1" {
		t.Errorf("branch %q, want z9hG4bK-1", got)
	}
	if m.HasParam("Via", "rport") || m.Header("Route") != "" || m.Param("Route", "lr") != "" {
		t.Error("something is there that is not")
	}
}

func TestMsgOfRequest(t *testing.T) {
	m := &Msg{Raw: "OPTIONS sip:b@127.0.0.1 SIP/2.0\r\nTo: sip:b@127.0.0.1;tag=1\r\n\r\n"}
	if m.Status() != 0 || m.Method() != "OPTIONS" || m.RequestURI() != "sip:b@127.0.0.1" {
		t.Errorf("status %d, method %q, Request-URI %q", m.Status(), m.Method(), m.RequestURI())
	}
	if got := uri(m.Header("To")); got != "sip:b@127.0.0.1" {
		t.Errorf("URI %q of an addr-spec", got)
	}
	if got := uri(`"x" <sip:b@127.0.0.1;lr>;q=1`); got != "sip:b@127.0.0.1;lr" {
		t.Errorf("URI %q of a name-addr", got)
	}
}

func TestWire(t *testing.T) {
	for _, tc := range []struct{ name, raw, want string }{
		{"line ends", "A\nB\r\n\nbody\n", "A\r\nB\r\n\r\nbody\r\n"},
		{"length", "A\nContent-Length: auto\nB: x\n\nbody\n", "A\r\nContent-Length: 6\r\nB: x\r\n\r\nbody\r\n"},
		{"compact length, last", "A\nl : AUTO\n\n12345", "A\r\nl: 5\r\n\r\n12345"},
		{"a length that is given", "A\nContent-Length: 9\n\nx", "A\r\nContent-Length: 9\r\n\r\nx"},
		{"no empty line", "A\nContent-Length: auto\n", "A\r\nContent-Length: auto\r\n"},
		{"auto in the body", "A\n\nContent-Length: auto\n", "A\r\n\r\nContent-Length: auto\r\n"},
	} {
		if got := Wire(tc.raw); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
	if strings.Contains(Wire("A\r\n\r\n"), "\r\r") {
		t.Error("CRLF was doubled")
	}
}
