package message

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"

	"github.com/redirectd/redirectd/internal/edge/message/messagetest"
)

// TestAgainstSipgo reads valid messages here and with sipgo's parser, and what
// this package builds from them: a second opinion on the grammar.
func TestAgainstSipgo(t *testing.T) {
	messages := map[string]string{"invite": invite, "request": request("Max-Forwards: 9", "l: 0")}
	// sipgo refuses an addr-spec after a comma.
	messages["redirect"] = strings.Replace(redirect, "sip:b@h2.example.com;", "<sip:b@h2.example.com>;", 1)
	for name, raw := range messagetest.Torture(t) {
		switch name {
		case "esc02", "escnull", "longreq", "lwsdisp", "mpart01", "noreason", "transports", "unreason", "bext01",
			"invut", "regaut01", "sdp01", "zeromf", "bcast", "badbranch", "inv2543", "baddate":
			messages[name] = raw
		}
	}
	src := netip.MustParseAddrPort("198.51.100.7:9999")
	for name, raw := range messages {
		t.Run(name, func(t *testing.T) {
			m := mustParse(t, raw)
			agree(t, string(m.Raw()))
			e := m.Edit()
			if m.IsRequest() {
				e.SetMaxForwards(7)
			}
			e.MarkReceived(src)
			e.PushVia("SIP/2.0/TCP [2001:db8::9]:5060;branch=z9hG4bKours")
			e.EnsureContentLength()
			agree(t, string(e.Bytes(nil)))
			agree(t, string(Response(nil, m, src, 486, "", "tag-1", Header{"Retry-After", "5"})))
			if m.Method() == "INVITE" && m.IsRequest() {
				agree(t, string(Cancel(nil, m)))
				agree(t, string(Ack(nil, m, mustParse(t, redirect))))
			}
		})
	}
}

func agree(t *testing.T, raw string) {
	t.Helper()
	m := mustParse(t, raw)
	theirs, err := sip.ParseMessage([]byte(raw))
	if err != nil {
		t.Fatalf("sipgo: %v\n%s", err, show(raw))
	}
	var want reading
	switch msg := theirs.(type) {
	case *sip.Request:
		want.Request, want.Method = true, msg.Method.String()
		want.HasMaxForwards = msg.MaxForwards() != nil
		if msg.MaxForwards() != nil {
			want.MaxForwards = int(msg.MaxForwards().Val())
		}
	case *sip.Response:
		want.HasMaxForwards = msg.GetHeader("Max-Forwards") != nil
		want.Status, want.Reason, want.Method = msg.StatusCode, msg.Reason, msg.CSeq().MethodName.String()
	}
	want.CallID, want.CSeq, want.CSeqMethod = theirs.CallID().Value(), theirs.CSeq().SeqNo, theirs.CSeq().MethodName.String()
	want.FromTag, _ = theirs.From().Params.Get("tag")
	want.ToTag, _ = theirs.To().Params.Get("tag")
	via := theirs.Via()
	want.Via = Via{Transport: via.Transport, Host: strings.Trim(via.Host, "[]"), Port: uint16(via.Port)}
	want.Via.Branch, _ = via.Params.Get("branch")
	want.Via.Received, _ = via.Params.Get("received")
	_, want.Via.HasRPort = via.Params.Get("rport")
	want.ViaCount = len(theirs.GetHeaders("Via"))
	want.Body = string(theirs.Body())

	got := read(m)
	got = reading{
		Request: got.Request, Method: got.Method, Status: got.Status, Reason: got.Reason, MaxForwards: got.MaxForwards,
		HasMaxForwards: got.HasMaxForwards, CallID: got.CallID, CSeq: got.CSeq, CSeqMethod: got.CSeqMethod,
		FromTag: got.FromTag, ToTag: got.ToTag, Via: got.Via, ViaCount: got.ViaCount, Body: got.Body,
	}
	got.Via.RPort = 0
	compare(t, got, want, raw)
}
