package examples_test

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redirectd/redirectd/internal/proctest"
	"github.com/redirectd/redirectd/internal/siptest"
)

// checkCall: a call to a number goes to the cheapest gateway, and to the next one
// when that is out of service.
func checkCall(t *testing.T, c *command) {
	t.Helper()
	caller, server, dear, cheap := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	routes := filepath.Join(t.TempDir(), "routes.csv")
	text := fmt.Sprintf("49, sip:%s, 0.02, dear\n4930, sip:%s, 0.01, cheap\n1, sip:127.0.0.1:1, 0, free\n", dear.Addr(), cheap.Addr())
	if err := os.WriteFile(routes, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	// The default of 200 ms is short for a policy that has just started, on a machine that does much else.
	config := filepath.Join(t.TempDir(), "edge.yaml")
	if err := os.WriteFile(config, []byte("policy: {timeout: 2s}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	edge := proctest.Start(t, "sipedge", "--config", config, "--listen", "udp://127.0.0.1:0", "--admin", "127.0.0.1:0",
		"--policy", c.start(t, routes), "--next-hop", server.URI(""))
	udp := netip.MustParseAddrPort(strings.TrimPrefix(edge.Value("msg=listening", "addr"), "udp://"))

	call := caller.Invite(udp, "sip:bob@example.com")
	server.Respond(server.Expect("INVITE "), 302, "Moved Temporarily", "Contact: <sip:+4930123456@"+server.Addr().String()+">")
	server.Expect("ACK ")
	cheap.Respond(cheap.Expect("INVITE "+cheap.URI("+4930123456")+" "), 503, "Service Unavailable")
	cheap.Expect("ACK ")
	dear.Respond(dear.Expect("INVITE "+dear.URI("+4930123456")+" "), 200, "OK")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 200"))
	dear.Expect("ACK ")

	call = caller.Invite(udp, "sip:carol@example.com")
	server.Respond(server.Expect("INVITE "), 302, "Moved Temporarily", "Contact: <tel:+81312345678>")
	server.Expect("ACK ")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 404"))

	if line := edge.Await("status=200"); !strings.Contains(line, "503: 1 from before") {
		t.Errorf("the policy's reason is not in %s", line)
	}
	if line := edge.Await("status=404"); !strings.Contains(line, "no route for +81312345678") {
		t.Errorf("the policy's reason is not in %s", line)
	}
}
