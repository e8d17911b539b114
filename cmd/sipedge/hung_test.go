package main

import (
	"syscall"
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/proctest"
	"github.com/redirectd/redirectd/internal/siptest"
)

// TestServeHungPolicy: a redirectd that is there and does not answer costs a
// redirected call the policy's timeout, other calls nothing, and when it goes on
// it decides again.
func TestServeHungPolicy(t *testing.T) {
	t.Parallel()
	policy := proctest.Start(t, "redirectd", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0")
	caller, server, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := start(t, "--next-hop", server.URI(""), "--policy", policy.Value("msg=listening", "addr"))
	place := func() *siptest.Call {
		call := caller.Invite(e.udp, "sip:bob@example.com")
		redirect(server, "<"+target.URI("a")+">")
		return call
	}
	call := place()
	target.Respond(target.Expect("INVITE "), 486, "Busy Here")
	target.Expect("ACK ")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 486"))

	policy.Signal(syscall.SIGSTOP)
	t.Cleanup(func() { policy.Signal(syscall.SIGCONT) })
	asked := time.Now()
	call = place()
	plain := caller.Invite(e.udp, "sip:carol@example.com")
	server.Respond(server.Expect("INVITE sip:carol@"), 404, "Not Found")
	server.Expect("ACK ")
	for range 2 { // in either order: the machine may be busy
		m := caller.ExpectSkipping100("SIP/2.0 4")
		if m.Header("Call-ID") == plain.CallID {
			plain.Ack(m)
			continue
		}
		call.Ack(m)
		if took := m.At.Sub(asked); m.Status() != 480 || took < 150*time.Millisecond {
			t.Errorf("answered %d after %s, want 480 and a policy timeout of 200 ms", m.Status(), took)
		}
	}
	e.hasMetric(t, `sipedge_no_decision_total{reason="timeout"} 1`)

	policy.Signal(syscall.SIGCONT)
	for deadline := time.Now().Add(3 * time.Second); ; {
		call = place()
		if m, ok := target.ReceiveWithin(300 * time.Millisecond); ok {
			target.Respond(m, 486, "Busy Here")
			target.Expect("ACK ")
			call.Ack(caller.ExpectSkipping100("SIP/2.0 486"))
			break
		}
		call.Ack(caller.ExpectSkipping100("SIP/2.0 480"))
		if time.Now().After(deadline) {
			t.Fatal("not decided again 3 s after the policy went on")
		}
	}
	e.end(t)
}
