package message

import (
	"testing"

	"github.com/redirectd/redirectd/internal/edge/message/messagetest"
)

// TestAckAndCancel: gap 6 of sipgo was an ACK with all Vias of the INVITE.
func TestAckAndCancel(t *testing.T) {
	sent, resp := mustParse(t, invite), mustParse(t, redirect)
	const want = " sip:bob@example.com;user=phone SIP/2.0\r\n" +
		"Via: SIP/2.0/UDP 192.0.2.1:5070;rport;branch=z9hG4bKtop\r\n" +
		"Route: <sip:p1.example.com;lr>, \"P, 2\" <sip:p2.example.com;lr>;x=\"a,b\"\r\n" +
		"Route: <sip:p3.example.com;lr>\r\n" +
		"Max-Forwards: 70\r\n" +
		"From: \"Alice, \\\"A\\\";tag=no\" <sip:alice@example.com;tag=no>;x=\";tag=no\";tag=from-1\r\n"
	ack := "prefixACK" + want + "To: <sip:bob@example.com>;tag=to-302\r\nCall-ID: 4711@192.0.2.1\r\nCSeq: 17 ACK\r\nContent-Length: 0\r\n\r\n"
	if got := string(Ack([]byte("prefix"), sent, resp)); got != ack {
		t.Errorf("ACK:\n%s\nwant\n%s", show(got), show(ack))
	}
	cancel := "CANCEL" + want + "To: sip:bob@example.com;tag=to-1\r\nCall-ID: 4711@192.0.2.1\r\nCSeq: 17 CANCEL\r\nContent-Length: 0\r\n\r\n"
	if got := string(Cancel(nil, sent)); got != cancel {
		t.Errorf("CANCEL:\n%s\nwant\n%s", show(got), show(cancel))
	}
}

func TestAckAndCancelInEveryForm(t *testing.T) {
	responses := messagetest.Variants(redirect)
	for form, raw := range messagetest.Variants(invite) {
		t.Run(form, func(t *testing.T) {
			sent, resp := mustParse(t, raw), mustParse(t, responses[form])
			all := read(sent)
			want := reading{
				Request: true, URI: all.URI, CallID: all.CallID, From: all.From, FromTag: all.FromTag, CSeq: all.CSeq,
				MaxForwards: 70, HasMaxForwards: true, HasLength: true,
				Via: all.Via, ViaCount: 1, Vias: all.Vias[:1], Routes: all.Routes,
			}
			want.Method, want.CSeqMethod, want.To, want.ToTag = "ACK", "ACK", "<sip:bob@example.com>;tag=to-302", "to-302"
			ack := string(Ack(nil, sent, resp))
			compare(t, read(mustParse(t, ack)), want, ack)
			want.Method, want.CSeqMethod, want.To, want.ToTag = "CANCEL", "CANCEL", all.To, all.ToTag
			cancel := string(Cancel(nil, sent))
			compare(t, read(mustParse(t, cancel)), want, cancel)
		})
	}
}
