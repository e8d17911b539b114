package edge

import (
	"strconv"
	"testing"

	"github.com/redirectd/redirectd/internal/siptest"
)

// TestMaddrOfTheEdge: what only says where we are is forgotten, if the request came
// to just there (16.4).
func TestMaddrOfTheEdge(t *testing.T) {
	t.Parallel()
	caller, target := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(target.URI("")))
	port := ":" + strconv.Itoa(int(e.udp.Port()))
	other := ":" + strconv.Itoa(int(e.udp.Port())^1)
	for _, c := range []struct{ sent, want string }{
		{"sip:bob@example.com" + port + ";x=y;maddr=127.0.0.1", "sip:bob@example.com;x=y"},
		{"sip:bob@example.com" + port + ";MADDR=127.0.0.1;transport=udp;x=y", "sip:bob@example.com;x=y"},
		{"sip:bob@[2001:db8::1]" + port + ";maddr=127.0.0.1", "sip:bob@[2001:db8::1]"},
		{"sip:bob@example.com" + port + ";maddr=127.0.0.9", ""},
		{"sip:bob@example.com" + port + ";maddr=example.com", ""},
		{"sip:bob@example.com" + other + ";maddr=127.0.0.1", ""},
		{"sip:bob@example.com;maddr=127.0.0.1", ""},
		{"sip:bob@example.com" + port + ";maddr=127.0.0.1;transport=tcp", ""},
		{"sip:bob@example.com" + port + ";maddr=127.0.0.1;transport=carrier-pigeon", ""},
		{"sip:bob@example.com" + port + ";notmaddr=127.0.0.1", ""},
	} {
		if c.want == "" {
			c.want = c.sent
		}
		call := caller.Invite(e.udp, c.sent)
		invite := target.Expect("INVITE ")
		if got := invite.RequestURI(); got != c.want {
			t.Errorf("%s was forwarded as %s, want %s", c.sent, got, c.want)
		}
		target.Respond(invite, 486, "Busy Here")
		target.Expect("ACK ")
		call.Ack(caller.ExpectSkipping100("SIP/2.0 486"))
	}
}
