package messagetest

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

const plain = `INVITE sip:bob@example.com SIP/2.0
Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1, SIP/2.0/TCP a.example.com;branch=z9hG4bK0
Route: <sip:p1.example.com;lr>
Route: <sip:p2.example.com;lr>
From: "Alice, \"A\";x" <sip:alice@example.com;a=b>;tag=1
Call-ID: x@y
CSeq: 1 INVITE
X-Other: a,b;c=d
Content-Length: 9

Via: a,b
`

func TestVariants(t *testing.T) {
	for name, want := range map[string]string{
		"plain": plain,
		"folded": `INVITE sip:bob@example.com SIP/2.0
Via  : |
 SIP|
 / 2.0 / UDP 192.0.2.1:5060|
 ;>branch = z9hG4bK1,|
  SIP|
 / 2.0 / TCP a.example.com|
 ;>branch = z9hG4bK0|
Route  : |
 <sip:p1.example.com;lr>|
Route  : |
 <sip:p2.example.com;lr>|
From  : |
 "Alice, \"A\";x" <sip:alice@example.com;a=b>|
 ;>tag = 1|
Call-ID  : |
 x@y|
CSeq  : |
 1|
 INVITE|
X-Other  : |
 a,b;c=d|
Content-Length  : |
 9

Via: a,b
`,
		"compact": `INVITE sip:bob@example.com SIP/2.0
v: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1, SIP/2.0/TCP a.example.com;branch=z9hG4bK0
route: <sip:p1.example.com;lr>
route: <sip:p2.example.com;lr>
f: "Alice, \"A\";x" <sip:alice@example.com;a=b>;tag=1
i: x@y
cseq: 1 INVITE
x-other: a,b;c=d
l: 9

Via: a,b
`,
		"joined": strings.Replace(plain, "lr>\nRoute: ", "lr> ,\t", 1),
		"split":  strings.Replace(plain, ", SIP/2.0/TCP", "\nVia: SIP/2.0/TCP", 1),
	} {
		want = strings.NewReplacer("|\n", "\n", ";>", ";\t").Replace(want)
		if got := Variants(plain)[name]; got != want {
			t.Errorf("%s:\n%q\nwant\n%q", name, got, want)
		}
		crlf := strings.ReplaceAll(plain, "\n", "\r\n")
		if got := Variants(crlf)[name]; got != strings.ReplaceAll(want, "\n", "\r\n") {
			t.Errorf("%s with CRLF:\n%q", name, got)
		}
	}
	names := slices.Sorted(maps.Keys(Variants(plain)))
	if want := []string{"compact", "folded", "joined", "plain", "split"}; !slices.Equal(names, want) {
		t.Errorf("variants are %q, want %q", names, want)
	}
}

// TestVariantsOfVariants: every form is read right by this package itself.
func TestVariantsOfVariants(t *testing.T) {
	for name, text := range Variants(plain) {
		m := read(Split(text))
		var got []string
		for _, h := range m.headers {
			got = append(got, long(h.name)+"="+strings.NewReplacer(" ", "", "\t", "").Replace(h.value))
		}
		want := []string{
			"via=SIP/2.0/UDP192.0.2.1:5060;branch=z9hG4bK1", "via=SIP/2.0/TCPa.example.com;branch=z9hG4bK0",
			"route=<sip:p1.example.com;lr>", "route=<sip:p2.example.com;lr>",
			`from="Alice,\"A\";x"<sip:alice@example.com;a=b>;tag=1`, "call-id=x@y", "cseq=1INVITE",
			"x-other=a,b;c=d", "content-length=9",
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s split: %q\nwant %q", name, got, want)
		}
		if m.body != "Via: a,b\n" {
			t.Errorf("%s: body %q", name, m.body)
		}
	}
}
