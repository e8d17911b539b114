package docs_test

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/redirectd/redirectd/internal/proctest"
	"github.com/redirectd/redirectd/internal/siptest"
)

// changing are the values that are another in every call.
var changing = []struct {
	value *regexp.Regexp
	mask  string
}{
	{regexp.MustCompile(`"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z"`), `"TIME"`},
	{regexp.MustCompile(`("duration_ms": )[0-9.e-]+`), `${1}0`},
	{regexp.MustCompile(`("(?:id|call_id|from_tag|version|policy_version)": )"[^"]+"`), `${1}"X"`},
	{regexp.MustCompile(`("request_id": )"[^".]+\.1"`), `${1}"X.1"`},
}

func masked(record string) string {
	for _, c := range changing {
		record = c.value.ReplaceAllString(record, c.mask)
	}
	return record
}

// checkRecord places the call of the page through a sipedge, and compares the
// record.
func checkRecord(t *testing.T, _ *page, b block) {
	t.Helper()
	caller, server, first, second := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := proctest.Start(t, "sipedge", "--listen", "udp://127.0.0.1:0", "--admin", "127.0.0.1:0", "--next-hop", server.URI(""), "--records", "stdout")
	udp := netip.MustParseAddrPort(strings.TrimPrefix(e.Value("msg=listening", "addr"), "udp://"))

	call := caller.Invite(udp, "sip:bob@example.com")
	server.Respond(server.Expect("INVITE "), 302, "Moved Temporarily",
		"Contact: <"+second.URI("bob")+">;q=0.5, <"+first.URI("bob")+">;q=0.9, <tel:+15551230000>")
	server.Expect("ACK ")
	first.Respond(first.Expect("INVITE "), 486, "Busy Here")
	first.Expect("ACK ")
	invite := second.Expect("INVITE ")
	second.Respond(invite, 180, "Ringing")
	second.Respond(invite, 200, "OK")
	caller.ExpectSkipping100("SIP/2.0 180")
	call.Ack(caller.Expect("SIP/2.0 200"))
	second.Expect("ACK ")
	e.Signal(syscall.SIGTERM)
	if code := e.ExitCode(); code != 0 {
		t.Fatalf("exit code %d: %s", code, e.Stderr())
	}

	line := strings.NewReplacer(caller.Addr().String(), "192.0.2.1:5060", server.Addr().String(), "192.0.2.10:5060",
		first.Addr().String(), "192.0.2.20:5060", second.Addr().String(), "192.0.2.21:5060").Replace(e.Stdout())
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, []byte(line), "", "  "); err != nil || strings.Count(line, "\n") != 1 {
		t.Fatalf("%v: %s", err, line)
	}
	if got, want := masked(pretty.String()), masked(b.text); got != want {
		t.Errorf("the record is\n%s\nmasked\n%s\nthe page says\n%s", pretty.String(), got, want)
	}
}
