package edge

import (
	"strings"
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/siptest"
)

// TestTryingForOtherMethods sends a 100 for a request other than INVITE, and not
// before Timer E of its sender would be at T2 (RFC 4320 section 4.1).
func TestTryingForOtherMethods(t *testing.T) {
	t.Parallel()
	caller, server := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(server.URI("")), fast) // at 350 ms
	began := time.Now()
	caller.Invite(e.udp, "sip:bob@example.com", siptest.Method("MESSAGE"))
	request := server.Expect("MESSAGE ")
	caller.Expect("SIP/2.0 100")
	if took := time.Since(began); took < 350*time.Millisecond {
		t.Errorf("100 after %s", took)
	}
	server.Respond(request, 200, "OK")
	caller.Expect("SIP/2.0 200")

	call := caller.Invite(e.udp, "sip:bob@example.com", siptest.Method("MESSAGE"))
	server.Respond(expectOf(server, call, "MESSAGE"), 200, "OK")
	caller.Expect("SIP/2.0 200")
	caller.Silent(400 * time.Millisecond)
}

// TestMaxBreadth refuses a request that may be forwarded to nobody (RFC 5393
// section 5.3.3), and leaves the field of any other alone, or adds none: there is
// one branch at a time.
func TestMaxBreadth(t *testing.T) {
	t.Parallel()
	caller, server := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(server.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com", siptest.Header("Max-Breadth", "0"))
	call.Ack(caller.ExpectSkipping100("SIP/2.0 440 Max-Breadth Exceeded"))
	call = caller.Invite(e.udp, "sip:bob@example.com", siptest.Header("Max-Breadth", "60"))
	m := server.Expect("INVITE ")
	if got := m.Header("Max-Breadth"); got != "60" {
		t.Errorf("Max-Breadth is %q", got)
	}
	server.Respond(m, 486, "Busy Here")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 486"))
	caller.Invite(e.udp, "sip:bob@example.com")
	server.Expect("ACK ")
	if got := server.Expect("INVITE ").Headers("Max-Breadth"); len(got) > 0 {
		t.Errorf("Max-Breadth %q was added", got)
	}
}

// TestAckForCalleeWithoutTag forwards the ACK of a 2xx whose callee speaks RFC
// 2543 and has no To tag, by our Record-Route, and no other without a tag.
func TestAckForCalleeWithoutTag(t *testing.T) {
	t.Parallel()
	for _, trunk := range []bool{false, true} {
		caller, callee := siptest.UDP(t), siptest.UDP(t)
		change := []func(*Options){nextHop(callee.URI(""))}
		if trunk {
			change = append(change, trunks(Trunk{Name: "a", From: from("127.0.0.1/32")}))
		}
		e := startEdge(t, change...)
		call := caller.Invite(e.udp, "sip:bob@example.com")
		invite := callee.Expect("INVITE ")
		callee.Reply(invite, withoutToTag(callee.Response(invite, 200, "OK")))
		final := caller.ExpectSkipping100("SIP/2.0 200")
		if final.HasParam("To", "tag") {
			t.Fatalf("the test's callee has a tag:\n%s", final.Raw)
		}
		ack := call.Ack(final)
		callee.Expect("ACK ")
		stray := ack
		for line := range strings.SplitSeq(ack, "\r\n") {
			if strings.HasPrefix(line, "Route: ") {
				stray = strings.Replace(stray, line+"\r\n", "Route: <sip:"+e.udp.String()+";lr>\r\n", 1)
			}
		}
		caller.Send(e.udp, strings.Replace(stray, "branch=z9hG4bK", "branch=z9hG4bKx", 1))
		callee.Silent(20 * time.Millisecond)
	}
}

// withoutToTag removes the tag of the To field.
func withoutToTag(raw string) string {
	lines := strings.Split(raw, "\r\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "To:") {
			lines[i], _, _ = strings.Cut(line, ";tag=")
		}
	}
	return strings.Join(lines, "\r\n")
}
