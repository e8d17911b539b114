package edge

import (
	"strings"
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/edge/transaction"
	"github.com/redirectd/redirectd/internal/siptest"
)

// fastest makes 64*T1 two thirds of a second.
func fastest(o *Options) {
	o.Config.Timers = transaction.Timers{T1: 10 * time.Millisecond, T2: 40 * time.Millisecond, T4: 50 * time.Millisecond}
}

// TestResponseToAnotherMethodIsDropped: the method of the CSeq is part of what a
// response matches by (17.1.3).
func TestResponseToAnotherMethodIsDropped(t *testing.T) {
	t.Parallel()
	caller, target := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(target.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	caller.Expect("SIP/2.0 100")
	invite := target.Expect("INVITE ")
	for _, method := range []string{"BYE", "CANCEL", "invite"} {
		target.Reply(invite, strings.Replace(target.Response(invite, 200, "OK"), "1 INVITE", "1 "+method, 1))
	}
	caller.Silent(30 * time.Millisecond)
	target.Respond(invite, 486, "Busy Here")
	call.Ack(caller.Expect("SIP/2.0 486"))
}

// TestEarlyDialogsPass: a target that forks has several, and says of each what it
// has to say (16.7 step 5, RFC 3262, RFC 6228). Nothing is put together.
func TestEarlyDialogsPass(t *testing.T) {
	t.Parallel()
	caller, target := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(target.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com", siptest.Header("Supported", "100rel, 199"))
	invite := target.Expect("INVITE ")
	caller.Expect("SIP/2.0 100")
	for _, p := range []struct{ line, tag, header string }{
		{"183 Session Progress", "one", "Require: 100rel\r\nRSeq: 1\r\n"},
		{"180 Ringing", "two", "Require: 100rel\r\nRSeq: 7\r\n"},
		{"183 Session Progress", "one", "Require: 100rel\r\nRSeq: 2\r\n"},
		{"199 Early Dialog Terminated", "one", "Reason: SIP;cause=486\r\n"},
		{"181 Call Is Being Forwarded", "two", ""},
		{"155 Whatever", "three", ""},
	} {
		raw := target.Response(invite, 180, "Ringing")
		raw = strings.Replace(raw, "180 Ringing", p.line, 1)
		tag := (&siptest.Msg{Raw: raw}).Param("To", "tag")
		raw = strings.Replace(raw, "tag="+tag, "tag="+p.tag, 1)
		raw = strings.Replace(raw, "Content-Length:", p.header+"Content-Length:", 1)
		target.Reply(invite, raw)
		got := caller.Expect("SIP/2.0 " + p.line)
		if want := strings.Replace(raw, "Via: "+invite.Headers("Via")[0]+"\r\n", "", 1); got.Raw != want {
			t.Errorf("relayed:\n%s\nwant:\n%s", got.Raw, want)
		}
	}
	target.Respond(invite, 486, "Busy Here")
	call.Ack(caller.Expect("SIP/2.0 486"))
}

// TestNothingAtAllIs408 has a target that says nothing to an INVITE (16.7
// step 6).
func TestNothingAtAllIs408(t *testing.T) {
	t.Parallel()
	caller, silent := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, fastest, nextHop(silent.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 408"))
}

// TestNo408ToOtherMethods has it say nothing to an OPTIONS: neither does the edge
// (RFC 4320 section 4.2).
func TestNo408ToOtherMethods(t *testing.T) {
	t.Parallel()
	caller, silent := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, fastest, nextHop(silent.URI("")))
	caller.Invite(e.udp, "sip:bob@example.com", siptest.Method("OPTIONS"))
	silent.Expect("OPTIONS ")
	eventually(t, "the transaction has ended", func() bool { return e.InProgress() == 0 })
	for {
		m, ok := caller.ReceiveWithin(20 * time.Millisecond)
		if !ok {
			return
		}
		if m.Status() != 100 {
			t.Errorf("the caller got %s", m.StartLine())
		}
	}
}

// TestTransportErrorCountsAs503, which alone becomes 500 (16.9, 16.7 step 6).
func TestTransportErrorCountsAs503(t *testing.T) {
	t.Parallel()
	for _, gone := range []*siptest.Peer{siptest.UDP(t), siptest.TCP(t)} {
		gone.Close()
		caller := siptest.UDP(t)
		e := startEdge(t, nextHop(gone.URI("")))
		call := caller.Invite(e.udp, "sip:bob@example.com")
		call.Ack(caller.ExpectSkipping100("SIP/2.0 500"))
	}
}

// TestOtherMethodsShareTheirTime: each target has what is left of 64*T1 since the
// request came (RFC 4320).
func TestOtherMethodsShareTheirTime(t *testing.T) {
	t.Parallel()
	e := startEdge(t, fast)
	now := time.Now()
	for _, c := range []struct {
		method    string
		age, want time.Duration
	}{
		{"INVITE", 0, 3200 * time.Millisecond},
		{"INVITE", time.Minute, 3200 * time.Millisecond},
		{"MESSAGE", 0, 3200 * time.Millisecond},
		{"MESSAGE", time.Second, 2200 * time.Millisecond},
		{"MESSAGE", time.Minute, time.Millisecond},
	} {
		rc := &responseContext{edge: e.Edge, method: c.method, search: &search{receivedAt: now.Add(-c.age)}}
		if got := rc.timeoutOf(now); got != c.want {
			t.Errorf("a target of %s after %s has %s, want %s", c.method, c.age, got, c.want)
		}
	}
}

// TestPrackReachesItsAttempt: of two attempts each has an early dialog, and PRACKs
// of its own (RFC 3262), also when it has failed meanwhile.
func TestPrackReachesItsAttempt(t *testing.T) {
	t.Parallel()
	caller, server, a, b := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(server.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com", siptest.Header("Supported", "100rel"))
	server.Respond(server.Expect("INVITE "), 302, "Moved Temporarily", "Contact: <"+a.URI("a")+">, <"+b.URI("b")+">;q=0.5")
	progress := func(p *siptest.Peer) (invite, early *siptest.Msg) {
		invite = p.Expect("INVITE ")
		p.Respond(invite, 183, "Session Progress", "RSeq: 7", "Require: 100rel", "Contact: <"+p.URI("early")+">")
		return invite, caller.ExpectSkipping100("SIP/2.0 183")
	}
	prack := func(p *siptest.Peer, early *siptest.Msg) {
		call.InDialog("PRACK", early)
		p.Respond(p.Expect("PRACK "+p.URI("early")+" "), 200, "OK")
		caller.Expect("SIP/2.0 200")
	}
	invite, first := progress(a)
	prack(a, first)
	a.Respond(invite, 486, "Busy Here")
	a.Expect("ACK ")
	_, second := progress(b)
	prack(b, second)
	prack(a, first)
	server.Expect("ACK ")
	server.Silent(10 * time.Millisecond)
}
