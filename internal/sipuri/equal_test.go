package sipuri

import "testing"

// equalCases holds all examples of RFC 3261 section 19.1.4, and what its rules
// say beyond them.
var equalCases = []struct {
	name, a, b string
	want       bool
}{
	// The examples of the RFC, in its order.
	{"escape of an unreserved character", "sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp", true},
	{"unknown parameter in one", "sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5", true},
	{"unknown parameters in each", "sip:carol@chicago.com;newparam=5", "sip:carol@chicago.com;security=on", true},
	{"security in one", "sip:carol@chicago.com", "sip:carol@chicago.com;security=on", true},
	{
		"order of parameters", "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
		"sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com", true,
	},
	{
		"order of headers", "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
		"sip:alice@atlanta.com?priority=urgent&subject=project%20x", true,
	},
	{"case of the user", "SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP", false},
	{"default port", "sip:bob@biloxi.com", "sip:bob@biloxi.com:5060", false},
	{"default transport", "sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp", false},
	{"other port and transport", "sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp", false},
	{"header in one", "sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting", false},
	{"name and address", "sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4", false},
	{"security on and off: not transitive", "sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off", false},

	// The rules.
	{"sip and sips", "sip:bob@biloxi.com", "sips:bob@biloxi.com", false},
	{"case of the scheme", "SiP:bob@biloxi.com", "sip:bob@biloxi.com", true},
	{"no user", "sip:biloxi.com", "sip:bob@biloxi.com", false},
	{"no password", "sip:bob@biloxi.com", "sip:bob:x@biloxi.com", false},
	{"empty password", "sip:bob@biloxi.com", "sip:bob:@biloxi.com", false},
	{"case of the password", "sip:bob:x@biloxi.com", "sip:bob:X@biloxi.com", false},
	{"telephone-subscriber keeps its case", "sip:+1;phone-context=A@h;user=phone", "sip:+1;phone-context=a@h;user=phone", false},
	{"reserved character escaped", "sip:a%2Fb@h", "sip:a/b@h", false},
	{"reserved characters both escaped", "sip:a%2Fb@h", "sip:a%2fb@h", true},
	{"escaped percent", "sip:a%2541@h", "sip:aA@h", false},
	{"escape of a capital", "sip:%41@h", "sip:a@h", false},
	{"user in one", "sip:1@h", "sip:1@h;user=ip", false},
	{"ttl in one", "sip:1@h", "sip:1@h;ttl=1", false},
	{"method in one", "sip:1@h", "sip:1@h;method=INVITE", false},
	{"maddr in one", "sip:1@h", "sip:1@h;maddr=h", false},
	{"escaped significant name in one", "sip:1@h", "sip:1@h;m%61ddr=h", false},
	{"escaped name in both", "sip:1@h;%6C%72", "sip:1@h;lr", true},
	{"value of a parameter in any case", "sip:1@h;maddr=HOST", "sip:1@h;maddr=host", true},
	{"parameter with and without value", "sip:1@h;lr=on", "sip:1@h;lr", false},
	{"repeated separators", "sip:1@h;;lr;", "sip:1@h;lr", true},
	{"IPv6 by number", "sip:1@[2001:DB8::1]", "sip:1@[2001:db8:0:0::1]", true},
	{"other IPv6", "sip:1@[2001:db8::1]", "sip:1@[2001:db8::2]", false},
	{"IPv6 mapped is not IPv4", "sip:1@[::ffff:192.0.2.1]", "sip:1@192.0.2.1", false},
	{"value of a header in any case", "sip:h?Priority=URGENT", "sip:h?priority=urgent", true},
	{"Call-ID keeps its case", "sip:h?Call-ID=A", "sip:h?call-id=a", false},
	{"body keeps its case", "sip:h?body=A", "sip:h?body=a", false},
	{"repeated header", "sip:h?a=1&a=2", "sip:h?a=2&a=1", true},
	{"repeated header, other count", "sip:h?a=1&a=1", "sip:h?a=1&a=2", false},
	{"tel", "TEL:+18005550100", "tel:+18005550100", true},
	{"tel and sip", "tel:1", "sip:1@h", false},
	{"tel with other parameter", "tel:+1;rn=2", "tel:+1;rn=3", false},
	{"opaque", "urn:service:sos", "URN:service:sos", true},
}

func TestEqual(t *testing.T) {
	for _, c := range equalCases {
		t.Run(c.name, func(t *testing.T) {
			a, b := mustParse(t, c.a), mustParse(t, c.b)
			if got := Equal(&a, &b); got != c.want {
				t.Errorf("Equal(%q, %q) = %v, want %v", c.a, c.b, got, c.want)
			}
			if got := Equal(&b, &a); got != c.want {
				t.Errorf("Equal(%q, %q) = %v, want %v", c.b, c.a, got, c.want)
			}
			if !Equal(&a, &a) || !Equal(&b, &b) {
				t.Errorf("%q or %q does not equal itself", c.a, c.b)
			}
		})
	}
}

func mustParse(tb testing.TB, text string) URI {
	tb.Helper()
	u, err := Parse(text)
	if err != nil {
		tb.Fatalf("Parse(%q): %v", text, err)
	}
	return u
}

func BenchmarkEqual(b *testing.B) {
	x := mustParse(b, "sip:%61lice@atlanta.example.com:5060;transport=TCP;user=phone")
	y := mustParse(b, "sip:alice@AtLanTa.example.com:5060;User=phone;Transport=tcp")
	b.ReportAllocs()
	for b.Loop() {
		if !Equal(&x, &y) {
			b.Fatal("not equal")
		}
	}
}
