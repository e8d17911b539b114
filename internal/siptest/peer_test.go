package siptest

import (
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// each runs f with two peers of each transport and family.
func each(t *testing.T, f func(t *testing.T, a, b *Peer)) {
	t.Helper()
	for _, network := range []string{"udp", "tcp"} {
		for _, host := range Loopbacks() {
			t.Run(network+" "+host, func(t *testing.T) {
				t.Parallel()
				f(t, New(t, network, host), New(t, network, host))
			})
		}
	}
}

func TestDialog(t *testing.T) {
	each(t, func(t *testing.T, a, b *Peer) {
		t.Helper()
		call := a.Invite(b.Addr(), b.URI("bob"), Header("X-Test", "1"), Header("Route", "<sip:r.invalid;lr>"), MaxForwards(9))
		invite := b.Expect("INVITE " + b.URI("bob") + " SIP/2.0")
		if invite.Raw != call.Raw || invite.Body() != SDP || invite.Header("X-Test") != "1" || invite.Header("Max-Forwards") != "9" {
			t.Fatalf("this was sent, and something else received:\n%s", call.Raw)
		}
		b.Respond(invite, 100, "Trying")
		b.Respond(invite, 180, "Ringing")
		b.Respond(invite, 200, "OK", "Record-Route: <sip:p2.invalid;lr>, <sip:p1.invalid;lr>")
		ringing := a.ExpectSkipping100("SIP/2.0 180")
		ok := a.Expect("SIP/2.0 200")
		if tag := ok.Param("To", "tag"); tag == "" || tag != ringing.Param("To", "tag") {
			t.Errorf("To tag %q of the 200, %q of the 180", tag, ringing.Param("To", "tag"))
		}
		call.Ack(ok)
		checkInDialog(t, call, b.Expect("ACK "+b.URI("callee")+" "), "1 ACK")
		call.Bye(ok)
		bye := b.Expect("BYE " + b.URI("callee") + " ")
		checkInDialog(t, call, bye, "2 BYE")
		b.Respond(bye, 200, "OK")
		a.Expect("SIP/2.0 200")
	})
}

func checkInDialog(t *testing.T, call *Call, m *Msg, cseq string) {
	t.Helper()
	routes := []string{"<sip:p1.invalid;lr>", "<sip:p2.invalid;lr>"}
	if got := m.Values("Route"); !slices.Equal(got, routes) {
		t.Errorf("%s: routes %q, want %q", cseq, got, routes)
	}
	if m.Param("Via", "branch") == call.Branch || m.Header("CSeq") != cseq || m.Param("To", "tag") == "" ||
		m.Param("From", "tag") != call.FromTag || m.Header("Call-ID") != call.CallID {
		t.Errorf("not a request of the dialog:\n%s", m.Raw)
	}
}

func TestHopByHop(t *testing.T) {
	each(t, func(t *testing.T, a, b *Peer) {
		t.Helper()
		call := a.Invite(b.Addr(), b.URI("bob"), Header("Route", "<sip:r.invalid;lr>"))
		invite := b.Expect("INVITE ")
		call.Retransmit()
		if again := b.Expect("INVITE "); again.Raw != invite.Raw {
			t.Error("a retransmission differs")
		}
		call.Cancel()
		cancel := b.Expect("CANCEL " + b.URI("bob") + " ")
		b.Respond(cancel, 200, "OK")
		b.Respond(invite, 487, "Request Terminated")
		a.Expect("SIP/2.0 200")
		final := a.Expect("SIP/2.0 487")
		call.Ack(final)
		ack := b.Expect("ACK " + b.URI("bob") + " ")
		for _, m := range []*Msg{cancel, ack} {
			if m.Param("Via", "branch") != call.Branch || m.Header("Route") != "<sip:r.invalid;lr>" {
				t.Errorf("not of the INVITE's hop:\n%s", m.Raw)
			}
		}
		if cancel.HasParam("To", "tag") || ack.Param("To", "tag") != final.Param("To", "tag") || ack.Header("CSeq") != "1 ACK" {
			t.Errorf("To and CSeq of CANCEL and ACK:\n%s\n%s", cancel.Raw, ack.Raw)
		}
	})
}

func TestVariantAndMethod(t *testing.T) {
	a, b := UDP(t), UDP(t)
	a.Invite(b.Addr(), b.URI(""), Method("OPTIONS"), MaxForwards(-1), Variant(func(raw string) string {
		return strings.Replace(raw, "Call-ID:", "i:", 1)
	}))
	m := b.Expect("OPTIONS " + b.URI("") + " ")
	if !strings.Contains(m.Raw, "\r\ni: ") || m.Header("Call-ID") == "" || m.Header("Max-Forwards") != "" || m.Body() != "" {
		t.Errorf("not as asked for:\n%s", m.Raw)
	}
	b.Silent(20 * time.Millisecond)
}

// TestStreamFrames: a TCP peer finds the messages however the bytes come.
func TestStreamFrames(t *testing.T) {
	a, b := TCP(t), TCP(t)
	one := "OPTIONS sip:b SIP/2.0\r\nContent-Length: 3\r\n\r\nabc"
	for i := range len(one) {
		a.SendBytes(b.Addr(), []byte(one[i:i+1]))
	}
	a.SendBytes(b.Addr(), []byte("\r\n\r\n"+one+one))
	for range 3 {
		if m := b.Expect("OPTIONS "); m.Raw != one {
			t.Errorf("message %q, want %q", m.Raw, one)
		}
	}
}

// TestConnections: answers use the connection of the request; a closed one is
// noticed and made again.
func TestConnections(t *testing.T) {
	a, b := TCP(t), TCP(t)
	from := a.Connect(b.Addr())
	a.Send(b.Addr(), "OPTIONS sip:b SIP/2.0\nContent-Length: auto\n\n")
	m := b.Receive()
	if m.From != from {
		t.Errorf("message from %s, want %s", m.From, from)
	}
	b.Reply(m, "SIP/2.0 200 OK\nContent-Length: 0\n\n")
	a.Expect("SIP/2.0 200")
	a.Disconnect(b.Addr())
	b.Disconnected(from, Timeout)
	a.Send(b.Addr(), "OPTIONS sip:b SIP/2.0\nContent-Length: auto\n\n")
	if again := b.Receive(); again.From == from {
		t.Error("the closed connection was used")
	}
}

// recorder is a test that notes that it failed, and stops as a test does.
type recorder struct {
	testing.TB
	failed bool
}

func (r *recorder) Helper() {}

func (r *recorder) Fatalf(string, ...any) {
	r.failed = true
	runtime.Goexit()
}

func TestExpectationsFail(t *testing.T) {
	a, r := UDP(t), &recorder{TB: t}
	b := New(r, "udp", "127.0.0.1")
	send := func() { a.Send(b.Addr(), "OPTIONS sip:b SIP/2.0\n\n") }
	for name, expect := range map[string]func(){
		"another start line": func() { send(); b.Expect("INVITE ") },
		"no 100":             func() { send(); b.ExpectSkipping100("SIP/2.0 200") },
		"no silence":         func() { send(); b.Silent(Timeout) },
		"no connection":      func() { b.Disconnected(netip.AddrPort{}, 0) },
	} {
		r.failed = false
		done := make(chan struct{})
		go func() {
			defer close(done)
			expect()
		}()
		<-done
		if !r.failed {
			t.Errorf("%s: the test did not fail", name)
		}
	}
}
