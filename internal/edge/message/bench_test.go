package message

import (
	"net/netip"
	"strings"
	"testing"
)

// benchInvite is an INVITE as a phone behind a proxy sends it.
var benchInvite = "INVITE sip:+18005550100@edge.example.com;user=phone SIP/2.0\r\n" +
	"Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK0c2d4f6a8b;rport\r\n" +
	"Via: SIP/2.0/UDP 192.0.2.77:5062;branch=z9hG4bK77f0aa;rport=5062;received=192.0.2.77\r\n" +
	"Max-Forwards: 69\r\n" +
	"Record-Route: <sip:192.0.2.10:5060;lr>\r\n" +
	"From: \"Alice\" <sip:+18005550199@example.com>;tag=a48s88f1\r\n" +
	"To: <sip:+18005550100@edge.example.com;user=phone>\r\n" +
	"Call-ID: 3848276298220188511@192.0.2.77\r\n" +
	"CSeq: 102 INVITE\r\n" +
	"Contact: <sip:+18005550199@192.0.2.77:5062;transport=udp>\r\n" +
	"Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, SUBSCRIBE, NOTIFY, INFO, PUBLISH\r\n" +
	"Supported: replaces, timer, 100rel\r\n" +
	"User-Agent: Phone 1.0\r\n" +
	"P-Asserted-Identity: <sip:+18005550199@example.com>\r\n" +
	"Session-Expires: 1800;refresher=uac\r\n" +
	"Content-Type: application/sdp\r\n" +
	"Content-Length: 240\r\n" +
	"\r\n" + strings.Repeat("a=rtpmap:0 PCMU/8000\r\n", 11)[:240]

func BenchmarkParse(b *testing.B) {
	raw := []byte(benchInvite)
	var m Message
	b.ReportAllocs()
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		if err := m.Parse(raw); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkForward(b *testing.B) {
	m := mustParse(b, benchInvite)
	src := netip.MustParseAddrPort("192.0.2.10:5060")
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		e := m.Edit()
		e.SetRequestURI("sip:+18005550100@192.0.2.20:5060")
		e.SetMaxForwards(68)
		e.MarkReceived(src)
		e.PushVia("SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKours")
		e.PushRecordRoute("<sip:192.0.2.1:5060;lr>")
		e.EnsureContentLength()
		dst = e.Bytes(dst[:0])
	}
}

func BenchmarkRelayResponse(b *testing.B) {
	m := mustParse(b, redirect)
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		e := m.Edit()
		e.PopVia()
		dst = e.Bytes(dst[:0])
	}
}

func BenchmarkResponse(b *testing.B) {
	m := mustParse(b, benchInvite)
	src := netip.MustParseAddrPort("192.0.2.10:5060")
	var dst []byte
	b.ReportAllocs()
	for b.Loop() {
		dst = Response(dst[:0], m, src, 480, "", "tag-1")
	}
}

func BenchmarkContacts(b *testing.B) {
	m := mustParse(b, redirect)
	b.ReportAllocs()
	for b.Loop() {
		if contacts, _ := m.Contacts(64); len(contacts) != 3 {
			b.Fatal(len(contacts))
		}
	}
}

func BenchmarkFrameLength(b *testing.B) {
	raw := []byte(benchInvite)
	b.ReportAllocs()
	for b.Loop() {
		if n, err := FrameLength(raw); n != len(raw) || err != nil {
			b.Fatal(n, err)
		}
	}
}
