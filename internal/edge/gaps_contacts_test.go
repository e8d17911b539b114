package edge

import (
	"strings"
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/siptest"
)

// TestOneBadContactDoesNotLoseTheOthers answers with Contacts that a strict
// reader would refuse as a whole. H and G stand for where the target listens.
func TestOneBadContactDoesNotLoseTheOthers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		contacts []string
		good     []string // in the order in which they are tried
	}{
		{"addr-spec without brackets", []string{"Contact: sip:a@H;q=0.3, sip:b@G"}, []string{"sip:b@G", "sip:a@H"}},
		{"trailing comma", []string{"Contact: <sip:a@H>,"}, []string{"sip:a@H"}},
		{"leading comma", []string{"Contact: , <sip:a@H>"}, []string{"sip:a@H"}},
		{"two commas", []string{"Contact: <sip:b@G>;q=0.9,,<sip:a@H>;q=0.5"}, []string{"sip:b@G", "sip:a@H"}},
		{"empty field", []string{"Contact:", "Contact: <sip:a@H>"}, []string{"sip:a@H"}},
		{"star", []string{"Contact: *", "Contact: <sip:a@H>"}, []string{"sip:a@H"}},
		{"no URI at all", []string{"Contact: nonsense, <sip:a@H>"}, []string{"sip:a@H"}},
		{"empty brackets", []string{"Contact: <>, <sip:a@H>"}, []string{"sip:a@H"}},
		{"port out of range", []string{"Contact: <sip:x@127.0.0.1:99999>, <sip:a@H>"}, []string{"sip:a@H"}},
		{"comma in a display name", []string{`Contact: "A, \"B\" <c>" <sip:a@H>, <sip:b@G>`}, []string{"sip:a@H", "sip:b@G"}},
		{"LWS and case of q", []string{"Contact: <sip:a@H> ; Q = 0.3 , <sip:b@G>\t; q =0.7"}, []string{"sip:b@G", "sip:a@H"}},
		{"semicolon in a quoted value", []string{`Contact: <sip:a@H>;x="a;q=1.0,b";q=0.2, <sip:b@G>;q=0.4`}, []string{"sip:b@G", "sip:a@H"}},
		{"broken q", []string{"Contact: <sip:a@H>;q=high, <sip:b@G>;q=0.9"}, []string{"sip:a@H", "sip:b@G"}},
		{"other schemes", []string{"Contact: <tel:+1555>, <mailto:a@example.com>, <http://example.com/>, <sip:a@H>"}, []string{"sip:a@H"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			caller, server, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
			// Targets that differ in their user part are one peer.
			where := strings.NewReplacer("H", target.Addr().String(), "G", target.Addr().String())
			e := startEdge(t, nextHop(server.URI("")))
			call := caller.Invite(e.udp, "sip:bob@example.com")
			var lines []string
			for _, line := range c.contacts {
				lines = append(lines, where.Replace(line))
			}
			server.Respond(server.Expect("INVITE "), 302, "Moved Temporarily", lines...)
			server.Expect("ACK ")
			for _, uri := range c.good {
				target.Respond(target.Expect("INVITE "+where.Replace(uri)+" SIP/2.0"), 486, "Busy Here")
				target.Expect("ACK ")
			}
			call.Ack(caller.ExpectSkipping100("SIP/2.0 486"))
			target.Silent(20 * time.Millisecond)
		})
	}
}

// TestNoUsableContactIsAnsweredNotLost has a 302 in which nothing is a target.
func TestNoUsableContactIsAnsweredNotLost(t *testing.T) {
	t.Parallel()
	caller, server := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(server.URI("")))
	for _, contact := range []string{"Contact:", "Contact: ,,", "Contact: *", "Contact: <tel:+1555>", "Contact: <", "X-None: 1"} {
		call := caller.Invite(e.udp, "sip:bob@example.com")
		server.Respond(server.Expect("INVITE "), 302, "Moved Temporarily", contact)
		server.Expect("ACK ")
		call.Ack(caller.ExpectSkipping100("SIP/2.0 480"))
	}
}

// TestContactOfARequestIsNeverRead forwards a Contact that nobody can read: it
// is the callee's business.
func TestContactOfARequestIsNeverRead(t *testing.T) {
	t.Parallel()
	caller, target := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(target.URI("")))
	caller.Invite(e.udp, "sip:bob@example.com", siptest.Header("Contact", "sip:x@h ; q = 0.7,,<"))
	if got := target.Expect("INVITE ").Raw; !strings.Contains(got, "\r\nContact: sip:x@h ; q = 0.7,,<\r\n") {
		t.Errorf("Contact was changed:\n%s", got)
	}
}

// TestBadRequestIsAnsweredNotDropped has requests that can be answered although
// they can't be read.
func TestBadRequestIsAnsweredNotDropped(t *testing.T) {
	t.Parallel()
	caller, target := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(target.URI("")))
	replace := func(old, with string) siptest.Option {
		return siptest.Variant(func(raw string) string { return strings.Replace(raw, old, with, 1) })
	}
	for _, c := range []struct {
		name   string
		change siptest.Option
		want   string
	}{
		{"Max-Forwards below zero", replace("Max-Forwards: 70", "Max-Forwards: -1"), "SIP/2.0 400 Bad Max-Forwards"},
		{"Max-Forwards of 256", replace("Max-Forwards: 70", "Max-Forwards: 256"), "SIP/2.0 400 Bad Max-Forwards"},
		{"Max-Forwards twice", replace("Max-Forwards: 70", "Max-Forwards: 70\r\nMax-Forwards: 7"), "SIP/2.0 400 "},
		{"CSeq of another method", replace("1 INVITE", "1 BYE"), "SIP/2.0 400 Bad CSeq"},
		{"SIP/3.0", replace(" SIP/2.0\r\n", " SIP/3.0\r\n"), "SIP/2.0 505 "},
		{"body shorter than it says", replace("Content-Length: ", "Content-Length: 9"), "SIP/2.0 400 Bad Content-Length"},
	} {
		t.Run(c.name, func(t *testing.T) {
			call := caller.Invite(e.udp, "sip:bob@example.com", c.change)
			m := caller.Expect(c.want)
			if m.Header("Call-ID") != call.CallID || m.Param("Via", "branch") != call.Branch {
				t.Errorf("answer to something else:\n%s", m.Raw)
			}
		})
	}
	target.Silent(50 * time.Millisecond)
	if n := e.InProgress(); n != 0 {
		t.Errorf("%d transactions of bad requests, want none", n)
	}
}

// TestBadResponseIsDroppedNotForwarded ends a call that gets nothing else by
// its timer.
func TestBadResponseIsDroppedNotForwarded(t *testing.T) {
	t.Parallel()
	caller, target := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(target.URI("")), fast)
	call := caller.Invite(e.udp, "sip:bob@example.com")
	caller.Expect("SIP/2.0 100")
	invite := target.Expect("INVITE ")
	good := target.Response(invite, 200, "OK")
	ours := invite.Param("Via", "branch")
	id, _, _ := strings.Cut(ours, ".")
	for i, bad := range []string{
		strings.Replace(good, "Call-ID:", "Call-ID: x\r\nCall-ID:", 1),
		strings.Replace(good, "Content-Length: 0", "Content-Length: 5", 1),
		strings.Replace(good, "SIP/2.0 200", "SIP/2.0 2000", 1),
		strings.Replace(good, "CSeq:", "X-CSeq:", 1),
		strings.Replace(good, "CSeq: 1 INVITE", "CSeq: 1 OPTIONS", 1),
		strings.Replace(good, ours, id+".1", 1),
	} {
		if bad == good {
			t.Fatalf("bad response %d is a good one", i)
		}
		target.Reply(invite, bad)
	}
	target.Reply(invite, strings.Replace(good, "SIP/2.0 200 OK", "SIP/2.0 486 Busy Here", 1))
	call.Ack(caller.Expect("SIP/2.0 486"))
}
