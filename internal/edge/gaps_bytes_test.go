package edge

import (
	"regexp"
	"strings"
	"testing"

	"github.com/redirectd/redirectd/internal/siptest"
)

// odd is an INVITE that is written as few write one, and that a proxy has no
// business with: CALLER and TARGET are addresses.
const odd = "INVITE sip:bob;x=%41;y@example.com;a=b;%6cr?X-A=1&b=%2C SIP/2.0\r\n" +
	"vIa  :SIP / 2.0 / UDP CALLER;branch=z9hG4bKodd\r\n" +
	"Via: SIP  / 2.0  /  UDP\r\n  first.example.com: 4000;ttl=16\r\n ;maddr=224.2.0.1 ;branch=z9hG4bKa7c6a8dlze.1, SIP/2.0/SCTP [2001:db8::9]:7;q=\"a,b\"\r\n" +
	"TO :\r\n sip:vivekg@chair-dnrc.example.com ;   tagg    = 1918181833n\r\n" +
	"from   : \"J Rosenberg \\\\\\\"\"       <sip:jdrosen@example.com>\r\n  ;\r\n  tag = 98asjd8\r\n" +
	"Route: \"Us, \\\"them\\\"\" <sip:TARGET;lr;x=%31>;hp=1 ; foo ,\t<sip:next@exa mple.net;lr>;q=0\r\n" +
	"route:<sip:last.example.org;lr>;bar=\"<,>\"\r\n" +
	"MaX-fOrWaRdS: 0070\r\n" +
	"Call-ID: 98asdh@example.com\r\n" +
	"cseq: 0009\r\n  INVITE\r\n" +
	"Record-Route: <sip:before.example.com;lr>;p=\"q\"\r\n" +
	"record-ROUTE:sip:old.example.com\r\n" +
	"Subject:\r\n" +
	"NewFangledHeader:   newfangled value\r\n continued newfangled value\r\n" +
	"UnknownHeaderWithUnusualValue: ;;,,;;,;\r\n" +
	"X-8bit: \xff\xfe \xc3\xa9\r\n" +
	"m:\"Quoted string \\\"\\\"\" <sip:jdrosen@example.com> ; newparam =\r\n      newvalue ;\r\n  secondparam ; q = 0.33\r\n" +
	"Content-Type: application/sdp\r\n" +
	"l: 0014\r\n" +
	"\r\n" +
	"v=0\n\x00binary\xff\r\n"

var (
	firstVia    = regexp.MustCompile(`\r\nVia: SIP/2\.0/UDP 127\.0\.0\.1:\d+;branch=z9hG4bK[^\r]*`)
	recordRoute = regexp.MustCompile(`\r\nRecord-Route: <sip:127\.0\.0\.1:\d+;lr;k=[0-9a-f]+>`)
)

// withoutOurs takes out of a forwarded request what a proxy must put into it.
func withoutOurs(t *testing.T, raw string) string {
	t.Helper()
	for _, ours := range []*regexp.Regexp{firstVia, recordRoute} {
		at := ours.FindStringIndex(raw)
		if at == nil {
			t.Fatalf("%s is missing in:\n%s", ours, raw)
		}
		raw = raw[:at[0]] + raw[at[1]:]
	}
	return raw
}

// TestForwardedByteForByte forwards what it does not act on as it came: Via with
// white space, parameters of Route, display names, spacing, folding, case, order,
// bytes that are no UTF-8 - in both directions.
func TestForwardedByteForByte(t *testing.T) {
	t.Parallel()
	caller, target := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t)
	sent := strings.NewReplacer("CALLER", caller.Addr().String(), "TARGET", target.Addr().String()).Replace(odd)
	caller.SendBytes(e.udp, []byte(sent))
	caller.Expect("SIP/2.0 100")
	invite := target.Expect("INVITE ")
	want := strings.Replace(sent, "MaX-fOrWaRdS: 0070", "MaX-fOrWaRdS: 69", 1)
	want = strings.Replace(want, "?X-A=1&b=%2C SIP/2.0", " SIP/2.0", 1) // no header may stand there (16.6 step 2)
	if got := withoutOurs(t, invite.Raw); got != want {
		t.Errorf("forwarded:\n%q\nwant:\n%q", got, want)
	}
	if route := recordRoute.FindStringIndex(invite.Raw); route[0] > strings.Index(invite.Raw, "before.example.com") {
		t.Errorf("our Record-Route is not above the others:\n%s", invite.Raw)
	}

	// The answer goes back as it came but for our Via.
	head, _, _ := strings.Cut(invite.Raw, "\r\nTO :")
	_, vias, _ := strings.Cut(head, "\r\n")
	ok := "SIP/2.0 299 Spät \xff \"fine\"\r\nServer:\tx  y\r\n" + vias + "\r\nt: <sip:vivekg@chair-dnrc.example.com>;TAG=9\r\n" +
		"From   : \"J Rosenberg \\\\\\\"\"       <sip:jdrosen@example.com>\r\n  ;\r\n  tag = 98asjd8\r\n" +
		"i: 98asdh@example.com\r\nCSEQ:9 INVITE\r\nX-Odd: ;;,,;;,;\r\nm: sip:a@b ; q = 1 ,\r\n <sip:c@d>\r\nl:3\r\n\r\na\x00b"
	target.SendBytes(invite.From, []byte(ok))
	got := caller.Expect("SIP/2.0 299 ")
	if want := firstVia.ReplaceAllString(strings.Replace(ok, "\r\n"+strings.SplitN(vias, "\r\n", 2)[0], "", 1), ""); got.Raw != want {
		t.Errorf("relayed:\n%q\nwant:\n%q", got.Raw, want)
	}
}

// TestBytesBeyondContentLengthEndThere cuts a datagram where it says (18.3).
func TestBytesBeyondContentLengthEndThere(t *testing.T) {
	t.Parallel()
	caller, target := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(target.URI("")))
	caller.Invite(e.udp, "sip:bob@example.com", siptest.Variant(func(raw string) string { return raw + "BYE sip:x SIP/2.0\r\n" }))
	invite := target.Expect("INVITE ")
	if invite.Body() != siptest.SDP {
		t.Errorf("body is %q", invite.Body())
	}
	target.Reply(invite, target.Response(invite, 486, "Busy Here")+"SIP/2.0 200 OK\r\n")
	if final := caller.ExpectSkipping100("SIP/2.0 486"); final.Body() != "" {
		t.Errorf("body of the 486 is %q", final.Body())
	}
}
