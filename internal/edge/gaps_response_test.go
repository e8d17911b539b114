package edge

import (
	"strings"
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/siptest"
)

// TestRetransmitted3xxIsAcknowledgedAtOnce repeats a 302 whose ACK got lost: the
// ACK comes again every time, long before T2, and the call goes on once.
func TestRetransmitted3xxIsAcknowledgedAtOnce(t *testing.T) {
	t.Parallel()
	caller, server, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(server.URI("")))
	caller.Invite(e.udp, "sip:bob@example.com")
	invite := server.Expect("INVITE ")
	server.Respond(invite, 302, "Moved Temporarily", "Contact: <"+target.URI("bob")+">")
	first := server.Expect("ACK ")
	target.Expect("INVITE ")
	for range 5 {
		server.Respond(invite, 302, "Moved Temporarily", "Contact: <"+target.URI("bob")+">")
		again, ok := server.ReceiveWithin(time.Second)
		if !ok || again.Raw != first.Raw {
			t.Fatalf("want the same ACK within a second: %v", again)
		}
	}
	target.Silent(50 * time.Millisecond)
}

// TestAckOfAFailureHasOneVia checks the ACK of a 486 against 17.1.1.3, field by
// field.
func TestAckOfAFailureHasOneVia(t *testing.T) {
	t.Parallel()
	caller, target := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t)
	route := "<" + target.URI("") + ";lr>"
	caller.Invite(e.udp, "sip:bob@example.com;x=y", siptest.Header("Route", route), siptest.Header("Route", "<sip:next.invalid;lr>;p=1"))
	invite := target.Expect("INVITE sip:bob@example.com;x=y ")
	target.Respond(invite, 486, "Busy Here", "Contact: <sip:x@example.com>")
	ack := target.Expect("ACK sip:bob@example.com;x=y SIP/2.0")
	if vias := ack.Values("Via"); len(vias) != 1 || vias[0] != invite.Values("Via")[0] {
		t.Errorf("Vias of the ACK are %q, want the topmost of the INVITE alone", vias)
	}
	for _, name := range []string{"Contact", "Record-Route", "Content-Type"} {
		if ack.Header(name) != "" {
			t.Errorf("ACK has %s: %s", name, ack.Header(name))
		}
	}
	if got, want := strings.Join(ack.Values("Route"), ","), strings.Join(invite.Values("Route"), ","); got != want {
		t.Errorf("Route of the ACK is %q, of the INVITE %q", got, want)
	}
	if ack.Header("CSeq") != "1 ACK" || ack.Header("Call-ID") != invite.Header("Call-ID") ||
		ack.Header("From") != invite.Header("From") || ack.Param("To", "tag") == "" || ack.Body() != "" {
		t.Errorf("not the ACK of that INVITE:\n%s", ack.Raw)
	}
}

// TestProvisionalAndFinalNeverSwap sends 180 and 200 one right after the other.
func TestProvisionalAndFinalNeverSwap(t *testing.T) {
	t.Parallel()
	caller, target := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(target.URI("")))
	for range 200 {
		call := caller.Invite(e.udp, "sip:bob@example.com")
		invite := target.Expect("INVITE ")
		target.Respond(invite, 180, "Ringing")
		target.Respond(invite, 200, "OK")
		caller.ExpectSkipping100("SIP/2.0 180")
		ok := caller.Expect("SIP/2.0 200")
		call.Ack(ok)
		target.Expect("ACK ")
	}
}

// TestTryingIsSentAtOnce has a target that answers at once: a 100 that waits
// would never be sent.
func TestTryingIsSentAtOnce(t *testing.T) {
	t.Parallel()
	caller, target := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(target.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	first := caller.Expect("SIP/2.0 100 Trying")
	call.Retransmit()
	if again := caller.Expect("SIP/2.0 100 Trying"); again.Raw != first.Raw {
		t.Errorf("the 100 differs from the one before:\n%s", again.Raw)
	}
	invite := target.Expect("INVITE ")
	target.Silent(50 * time.Millisecond) // the retransmission was absorbed
	target.Respond(invite, 100, "Trying downstream")
	target.Respond(invite, 183, "Session Progress")
	progress := caller.Expect("SIP/2.0 183") // no 100 but our own
	call.Retransmit()
	if again := caller.Expect("SIP/2.0 183"); again.Raw != progress.Raw {
		t.Errorf("want the newest provisional again:\n%s", again.Raw)
	}
	target.Respond(invite, 486, "Busy Here")
	target.Expect("ACK ")
	busy := caller.Expect("SIP/2.0 486")
	call.Retransmit()
	if again := caller.Expect("SIP/2.0 486"); again.Raw != busy.Raw {
		t.Errorf("want the final response again:\n%s", again.Raw)
	}
	call.Ack(busy)
	quick := caller.Invite(e.udp, "sip:bob@example.com")
	target.Respond(target.Expect("INVITE "), 486, "Busy Here")
	caller.Expect("SIP/2.0 100 Trying")
	quick.Ack(caller.Expect("SIP/2.0 486"))
}

// TestNo100ForOtherMethods keeps silent until the target answers (16.2).
func TestNo100ForOtherMethods(t *testing.T) {
	t.Parallel()
	caller, target := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(target.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com", siptest.Method("OPTIONS"))
	options := target.Expect("OPTIONS ")
	call.Retransmit()
	caller.Silent(50 * time.Millisecond)
	target.Silent(0)
	target.Respond(options, 200, "OK")
	ok := caller.Expect("SIP/2.0 200")
	call.Retransmit()
	if again := caller.Expect("SIP/2.0 200"); again.Raw != ok.Raw {
		t.Errorf("want the same answer again:\n%s", again.Raw)
	}
	target.Silent(50 * time.Millisecond)
}

// TestRetransmitted200GoesUpstream has a callee that has not got its ACK yet,
// and a second one that has answered too: both are the caller's to acknowledge.
func TestRetransmitted200GoesUpstream(t *testing.T) {
	t.Parallel()
	caller, target := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(target.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	invite := target.Expect("INVITE ")
	raw := target.Respond(invite, 200, "OK")
	first := caller.ExpectSkipping100("SIP/2.0 200")
	for range 3 {
		target.Reply(invite, raw)
		if again := caller.Expect("SIP/2.0 200"); again.Raw != first.Raw {
			t.Errorf("the 200 differs from the one before:\n%s", again.Raw)
		}
	}
	tag := first.Param("To", "tag")
	target.Reply(invite, strings.Replace(raw, tag, "fork2", 1))
	second := caller.Expect("SIP/2.0 200")
	if got := second.Param("To", "tag"); got != "fork2" {
		t.Errorf("To tag is %q, want fork2", got)
	}
	for _, ok := range []*siptest.Msg{first, second} {
		call.Ack(ok)
		if got := target.Expect("ACK ").Header("To"); got != ok.Header("To") {
			t.Errorf("ACK is to %q, want %q", got, ok.Header("To"))
		}
	}
	call.Retransmit() // absorbed (RFC 6026)
	target.Silent(50 * time.Millisecond)
	caller.Silent(0)
	target.Respond(invite, 180, "Ringing") // too late for anybody
	target.Respond(invite, 486, "Busy Here")
	caller.Silent(50 * time.Millisecond)
}

// TestRetransmissionsWhileThePolicyThinks are absorbed on both sides: the caller
// gets its 100 again, the redirect server its ACK, and nobody a second request.
func TestRetransmissionsWhileThePolicyThinks(t *testing.T) {
	t.Parallel()
	caller, server, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	release, asked := make(chan struct{}), make(chan struct{}, 10)
	e := startEdge(t, nextHop(server.URI("")), func(o *Options) {
		o.Config.Policy.Timeout = 5 * time.Second
		builtin := o.Embedded
		o.Policy = policy.Func(func(ctx contextT, q *requestT) (*responseT, error) {
			asked <- struct{}{}
			select {
			case <-release:
			case <-ctx.Done():
			}
			return builtin.Decide(ctx, q)
		})
	})
	call := caller.Invite(e.udp, "sip:bob@example.com")
	caller.Expect("SIP/2.0 100")
	invite := server.Expect("INVITE ")
	moved := server.Respond(invite, 302, "Moved Temporarily", "Contact: <"+target.URI("bob")+">")
	server.Expect("ACK ")
	<-asked
	for range 3 {
		call.Retransmit()
		caller.Expect("SIP/2.0 100")
		server.Reply(invite, moved)
		server.Expect("ACK ")
	}
	target.Silent(20 * time.Millisecond)
	close(release)
	target.Respond(target.Expect("INVITE "), 200, "OK")
	call.Ack(caller.Expect("SIP/2.0 200"))
	target.Expect("ACK ")
	server.Silent(20 * time.Millisecond)
	if len(asked) != 0 {
		t.Errorf("the policy was asked %d times more", len(asked))
	}
}
