package message

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/redirectd/redirectd/internal/edge/message/messagetest"
)

func TestResponse(t *testing.T) {
	src := netip.MustParseAddrPort("198.51.100.7:9999")
	m := mustParse(t, request("v: SIP/2.0/TCP second", "Record-Route: <sip:r;lr>", "Timestamp : 54 "))
	for _, c := range []struct {
		name, got, want string
	}{
		{
			"100", string(Response([]byte("prefix"), m, src, 100, "", "tag-1")),
			"prefixSIP/2.0 100 Trying\r\n" +
				"Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1;received=198.51.100.7\r\n" +
				"v: SIP/2.0/TCP second\r\n" +
				"From: <sip:a@example.com>;tag=1\r\n" +
				"To: <sip:b@example.com>\r\n" +
				"Call-ID: x\r\nCSeq: 1 OPTIONS\r\nTimestamp: 54\r\nContent-Length: 0\r\n\r\n",
		},
		{
			"480 with tag and headers", string(Response(nil, m, netip.AddrPort{}, 480, "Not\r\nnow", "tag-1",
				Header{"Reason", "SIP;cause=302"}, Header{"X-Y", "a\r\nVia: b"})),
			"SIP/2.0 480 Not  now\r\n" +
				"Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n" +
				"v: SIP/2.0/TCP second\r\n" +
				"From: <sip:a@example.com>;tag=1\r\n" +
				"To: <sip:b@example.com>;tag=tag-1\r\n" +
				"Call-ID: x\r\nCSeq: 1 OPTIONS\r\nReason: SIP;cause=302\r\nX-Y: a  Via: b\r\nContent-Length: 0\r\n\r\n",
		},
	} {
		if c.got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, show(c.got), show(c.want))
		}
	}
}

func TestResponseInEveryForm(t *testing.T) {
	src := netip.MustParseAddrPort("198.51.100.7:9999")
	for form, raw := range messagetest.Variants(strings.Replace(invite, "com;tag=to-1", "com", 1)) {
		t.Run(form, func(t *testing.T) {
			m := mustParse(t, raw)
			text := string(Response(nil, m, src, 410, "", "tag-1"))
			want := read(m)
			want = reading{
				Method: "INVITE", Status: 410, Reason: "Gone", CallID: want.CallID, From: want.From, FromTag: want.FromTag,
				To: want.To + ";tag=tag-1", ToTag: "tag-1", CSeq: want.CSeq, CSeqMethod: want.CSeqMethod, HasLength: true,
				Via: want.Via, ViaCount: want.ViaCount, Vias: want.Vias,
			}
			want.Via.RPort, want.Via.Received = 9999, "198.51.100.7"
			want.Vias[0] = "SIP/2.0/UDP192.0.2.1:5070;rport=9999;branch=z9hG4bKtop;received=198.51.100.7"
			compare(t, read(mustParse(t, text)), want, text)
		})
	}
}

// TestToTagStays: a request in a dialog keeps the tag that it has.
func TestToTagStays(t *testing.T) {
	m := mustParse(t, invite)
	got := mustParse(t, string(Response(nil, m, netip.AddrPort{}, 500, "", "other")))
	if got.ToTag() != "to-1" || got.To() != m.To() {
		t.Errorf("To is %q, want %q", got.To(), m.To())
	}
}

// TestResponseToWhatIsRefused: an answer is a sound message whatever the
// request was.
func TestResponseToWhatIsRefused(t *testing.T) {
	for name, raw := range map[string]string{
		"bare LF in To":        strings.Replace(request(), "To: <", "To: a\nX: y <", 1),
		"bare CR in a value":   strings.Replace(request(), "To: <", "To: \"a\rX: y\" <", 1),
		"NUL in a value":       strings.Replace(request(), "To: <", "To: \"a\x00\" <", 1),
		"all bare LF":          strings.ReplaceAll(request(), "\r\n", "\n"),
		"folded, all bare LF":  strings.ReplaceAll(strings.ReplaceAll(request(), "\r\n", "\n"), ";", "\n ;"),
		"cut":                  strings.TrimSuffix(request(), "\r\n\r\n"),
		"two CSeq":             request("CSeq: 2 OPTIONS"),
		"CSeq out of range":    strings.Replace(request(), "1 OPTIONS", "4294967296 OPTIONS", 1),
		"other version":        strings.ReplaceAll(request(), "2.0", "7.0"),
		"too large":            request("X: " + strings.Repeat("x", MaxSize)),
		"separators in a Via":  viaRequest("SIP/2.0/UDP 192.0.2.15;;,;,,"),
		"method of other case": strings.Replace(request(), "OPTIONS sip", "options sip", 1),
	} {
		t.Run(name, func(t *testing.T) {
			m, problem := parseError(t, raw)
			if !m.Answerable() {
				t.Fatalf("%v: it is not answerable", problem)
			}
			text := string(Response(nil, m, netip.MustParseAddrPort("192.0.2.1:5060"), problem.Status, problem.Reason, "tag-1"))
			if strings.ContainsAny(strings.ReplaceAll(text, "\r\n", ""), "\r\n\x00") {
				t.Errorf("the answer has a bare CR, LF or NUL: %q", text)
			}
			if strings.Contains(text, "\r\nX:") {
				t.Errorf("a value became a header field: %q", text)
			}
			if n, err := FrameLength([]byte(text)); n != len(text) || err != nil {
				t.Errorf("the answer has %d bytes, framed %d, %v", len(text), n, err)
			}
		})
	}
}

func TestReasonPhrase(t *testing.T) {
	for status, want := range map[int]string{
		100: "Trying", 302: "Moved Temporarily", 410: "Gone", 480: "Temporarily Unavailable", 603: "Decline",
		199: "Early Dialog Terminated", 133: "Provisional", 299: "Success", 399: "Redirection", 499: "Client Error",
		599: "Server Error", 699: "Global Failure", 99: "Unknown", 700: "Unknown", -1: "Unknown",
	} {
		if got := ReasonPhrase(status); got != want {
			t.Errorf("ReasonPhrase(%d) = %q, want %q", status, got, want)
		}
	}
}
