package sipuri

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for _, want := range []URI{
		{Text: "sip:h", Scheme: "sip", Host: "h"},
		{Text: "SIPS:a@h:5061", Scheme: "sips", User: "a", HasUser: true, Host: "h", Port: 5061},
		{Text: "sip:a:b:c@h", Scheme: "sip", User: "a", Password: "b:c", HasUser: true, HasPassword: true, Host: "h"},
		{Text: "sip:a:@h", Scheme: "sip", User: "a", HasUser: true, HasPassword: true, Host: "h"},
		{Text: "sip:[2001:db8::1]:5070", Scheme: "sip", Host: "2001:db8::1", Port: 5070},
		{Text: "sip:[::1];lr", Scheme: "sip", Host: "::1", Params: []Param{{"lr", "", false}}},
		{
			Text: "sip:alice;day=tuesday@atlanta.com", Scheme: "sip",
			User: "alice;day=tuesday", HasUser: true, Host: "atlanta.com",
		},
		{
			Text: "sip:user;par=u%40example.net@example.com", Scheme: "sip", // RFC 4475 3.1.1.8
			User: "user;par=u%40example.net", HasUser: true, Host: "example.com",
		},
		{
			Text: "sip:a@h;x=;lr?Subject=a%20b&p", Scheme: "sip", User: "a", HasUser: true, Host: "h",
			Params:  []Param{{"x", "", true}, {"lr", "", false}},
			Headers: []Param{{"Subject", "a%20b", true}, {"p", "", false}},
		},
		{
			Text: "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com",
			User: "1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*", Password: "&it+has=1,weird!*pas$wo~d_too.(doesn't-it)",
			Scheme: "sip", HasUser: true, HasPassword: true, Host: "example.com", // RFC 4475 3.1.1.2
		},
		{Text: "sip:+1;rn=2;npdi@h;user=phone", Scheme: "sip", User: "+1;rn=2;npdi", HasUser: true, Host: "h", Params: []Param{{"user", "phone", true}}},
		{Text: "tel:+1;rn=2;npdi", Scheme: "tel", User: "+1", HasUser: true, Params: []Param{{"rn", "2", true}, {"npdi", "", false}}},
		{Text: "soap.beep://192.0.2.103:3002", Scheme: "soap.beep"},
		{Text: "nobodyKnowsThisScheme:totallyopaquecontent", Scheme: "nobodyknowsthisscheme"},
	} {
		got, err := Parse(want.Text)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("Parse(%q) = %+v, %v\nwant %+v", want.Text, got, err, want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "empty"},
		{"sip", "no scheme"},
		{":h", "no scheme"},
		{"1sip:h", `scheme "1sip"`},
		{"s\u0130p:a@h", "scheme"}, // a letter that lower case makes an ASCII one
		{"\u212aip:a@h", "scheme"}, // the same
		{"sip:", "no host"},
		{"sip:@h", "no user"},
		{"sip::x@h", "no user"},
		{"sip:a@", "no host"},
		{"sip:a@b@c", `'@'`},
		{"sip:a b@h", `' ' at byte 5`},
		{"sip:a@h\r\nX: y", `'\r'`},
		{"sip:a@h\x00", `'\x00'`},
		{"<sip:a@h>", `'<'`},
		{"sip:%4@h", `"%4" is no escape`},
		{"sip:%zz@h", `"%zz" is no escape`},
		{"sip:a@%68", `'%'`},
		{"sip:h;a=%", "no escape"},
		{"sip:h?a=%1", "no escape"},
		{"sip:h;=x", "no name"},
		{"sip:h?=x", "no name"},
		{"sip:h;lr;LR", "twice"},
		{"sip:h;x=1;%78=2", "twice"},
		{"sip:h:", `port "" is out of range`},
		{"sip:h:0", `port "0" is out of range`},
		{"sip:h:65536", "out of range"},
		{"sip:h:000005060", "out of range"},
		{"sip:h:+5060", "no number"},
		{"sip:h:-1", "no number"},
		{"sip:192.0.2.256", "neither a name nor an address"},
		{"sip:1.2.3", "neither a name nor an address"},
		{"sip:a..b", "empty label"},
		{"sip:.b", "empty label"},
		{"sip:[::1", `"[" without "]"`},
		{"sip:[::1]x", `followed by "x"`},
		{"sip:[192.0.2.1]", "no IPv6 address"},
		{"sip:[fe80::1%25eth0]", "no IPv6 address"},
		{"sip:2001:db8::10", "neither"}, // RFC 5118 4.2
		{"sip:" + strings.Repeat("a", 256), "more than 255"},
		{"sip:h;" + strings.Repeat("a", MaxLen), "more than 4096"},
		{"sip:h" + repeat(";p%d", MaxParams+1), "more than 32 parameters"},
		{"sip:h?" + repeat("&p%d", MaxParams+1), "more than 32 headers"},
		{"tel:", "no number"},
		{"urn:", "empty after the scheme"},
	} {
		if u, err := Parse(c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Parse(%.40q) = %+v, %v, want an error with %q", c.text, u, err, c.want)
		}
	}
}

func repeat(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

func TestRequestURIAndWithLR(t *testing.T) {
	for _, c := range []struct{ text, request, route string }{
		{"sip:a@h", "sip:a@h", "sip:a@h;lr"},
		{"sip:a@h;lr", "sip:a@h;lr", "sip:a@h;lr"},
		{"sip:a@h;LR=on", "sip:a@h;LR=on", "sip:a@h;LR=on"},
		{"sip:h;%6C%72", "sip:h;%6C%72", "sip:h;%6C%72"},
		{"sip:h;", "sip:h;", "sip:h;lr"},
		{"sip:a?b;method=x@h;method=INVITE;x=1?Subject=y", "sip:a?b;method=x@h;x=1", "sip:a?b;method=x@h;x=1;lr"},
		{"sip:h;METHOD=INVITE", "sip:h", "sip:h;lr"},
		{"sip:h;m%65thod=INVITE;x", "sip:h;x", "sip:h;x;lr"},
		{"sip:h?", "sip:h", "sip:h;lr"},
		{"sip:h?&&", "sip:h", "sip:h;lr"},
		{"sip:+1;rn=2;npdi@h;cic=+1;tgrp=x", "sip:+1;rn=2;npdi@h;cic=+1;tgrp=x", "sip:+1;rn=2;npdi@h;cic=+1;tgrp=x;lr"},
		{"sip:[::1]:5070;transport=tcp", "sip:[::1]:5070;transport=tcp", "sip:[::1]:5070;transport=tcp;lr"},
		{"tel:+1;method=x", "tel:+1;method=x", "tel:+1;method=x"},
	} {
		u := mustParse(t, c.text)
		if got := u.RequestURI(); got != c.request {
			t.Errorf("RequestURI of %q = %q, want %q", c.text, got, c.request)
		}
		if got := u.WithLR(); got != c.route {
			t.Errorf("WithLR of %q = %q, want %q", c.text, got, c.route)
		}
	}
}

func TestParamAddrUnescape(t *testing.T) {
	u := mustParse(t, "sip:%61b@192.0.2.1;Transport=TCP;%6dAddr=x")
	if v, ok := u.Param("transport"); v != "TCP" || !ok {
		t.Errorf("transport = %q, %v", v, ok)
	}
	if v, ok := u.Param("maddr"); v != "x" || !ok {
		t.Errorf("maddr = %q, %v", v, ok)
	}
	if v, ok := u.Param("ttl"); v != "" || ok {
		t.Errorf("ttl = %q, %v", v, ok)
	}
	if a, ok := u.Addr(); !ok || a.String() != "192.0.2.1" {
		t.Errorf("Addr = %v, %v", a, ok)
	}
	for text, want := range map[string]bool{"sip:[::1]": true, "sip:h": false, "sip:1.example": false, "tel:1": false} {
		u := mustParse(t, text)
		if _, ok := u.Addr(); ok != want {
			t.Errorf("Addr of %q: %v, want %v", text, ok, want)
		}
	}
	for text, want := range map[string]string{"a": "a", "%61%4": "a%4", "%zz%00": "%zz\x00", "%": "%"} {
		if got := Unescape(text); got != want {
			t.Errorf("Unescape(%q) = %q, want %q", text, got, want)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse("sip:+18005550100;rn=+18005550000@gw1.example.com:5060;transport=tcp;user=phone"); err != nil {
			b.Fatal(err)
		}
	}
}

func TestWithout(t *testing.T) {
	for _, c := range []struct{ text, port, params string }{
		{"sip:a@h:5070;maddr=1.2.3.4;x=1;Transport=tcp?S=;y", "sip:a@h;maddr=1.2.3.4;x=1;Transport=tcp?S=;y", "sip:a@h:5070;x=1?S=;y"},
		{"sip:a;maddr=x:1@[::1]:5070;m%61ddr=y", "sip:a;maddr=x:1@[::1];m%61ddr=y", "sip:a;maddr=x:1@[::1]:5070"},
		{"sip:[::1];maddr=y", "sip:[::1];maddr=y", "sip:[::1]"},
		{"sips:h", "sips:h", "sips:h"},
		{"tel:+1;maddr=y", "tel:+1;maddr=y", "tel:+1;maddr=y"},
	} {
		u := mustParse(t, c.text)
		if got := u.Without(true); got != c.port {
			t.Errorf("%q without its port is %q, want %q", c.text, got, c.port)
		}
		if got := u.Without(false, "maddr", "transport"); got != c.params {
			t.Errorf("%q without its parameters is %q, want %q", c.text, got, c.params)
		}
	}
}
