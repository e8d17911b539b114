package edge

import (
	"strings"
	"testing"

	"github.com/redirectd/redirectd/internal/siptest"
)

// TestRedirectedCall is the main job: a 302, and the call goes where it says.
func TestRedirectedCall(t *testing.T) {
	caller, server, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(server.URI("")))

	call := caller.Invite(e.udp, "sip:bob@example.com")
	caller.Expect("SIP/2.0 100")
	first := server.Expect("INVITE sip:bob@example.com ")
	server.Respond(first, 302, "Moved Temporarily", "Contact: <"+target.URI("bob")+">")
	ack := server.Expect("ACK sip:bob@example.com ")
	if got := len(ack.Headers("Via")); got != 1 {
		t.Errorf("ACK has %d Vias, want 1:\n%s", got, ack.Raw)
	}
	if got, want := ack.Param("Via", "branch"), first.Param("Via", "branch"); got != want {
		t.Errorf("ACK has branch %s, the INVITE had %s", got, want)
	}
	second := target.Expect("INVITE " + target.URI("bob") + " ")
	for _, name := range []string{"Call-ID", "CSeq", "From", "To"} {
		if second.Header(name) != first.Header(name) {
			t.Errorf("%s changed from %q to %q", name, first.Header(name), second.Header(name))
		}
	}
	if second.Param("Via", "branch") == first.Param("Via", "branch") {
		t.Error("the second attempt has the branch of the first")
	}
	if second.Header("Max-Forwards") != "69" || second.Body() != first.Body() {
		t.Errorf("second attempt is not a copy of the request:\n%s", second.Raw)
	}
	target.Respond(second, 180, "Ringing")
	caller.Expect("SIP/2.0 180")
	target.Respond(second, 200, "OK")
	ok := caller.Expect("SIP/2.0 200")
	if strings.Count(ok.Raw, "\r\nVia:") != 1 {
		t.Errorf("200 should have the caller's Via only:\n%s", ok.Raw)
	}
	call.Ack(ok)
	target.Expect("ACK ")
	call.Bye(ok)
	bye := target.Expect("BYE ")
	target.Respond(bye, 200, "OK")
	caller.Expect("SIP/2.0 200")
	e.log.find(t, "redirected call", "302 Moved Temporarily", "200 OK", "status=200")
	server.Silent(50e6)
}
