package edge

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/siptest"
)

// TestFinishedCallsAreForgotten ends calls in each way and waits until nothing
// of them is left: no transaction, no goroutine.
func TestFinishedCallsAreForgotten(t *testing.T) {
	before := runtime.NumGoroutine()
	caller, server, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	peers := runtime.NumGoroutine() - before
	e := startEdge(t, nextHop(server.URI("")), func(o *Options) {
		o.Config.Timers.T1, o.Config.Timers.T2, o.Config.Timers.T4 = 20*time.Millisecond, 80*time.Millisecond, 100*time.Millisecond
	})
	idle := runtime.NumGoroutine()
	for _, status := range []int{200, 486, 603} {
		call := caller.Invite(e.udp, "sip:bob@example.com")
		server.Respond(server.Expect("INVITE "), 302, "Moved Temporarily", "Contact: <"+target.URI("bob")+">")
		skipRepeated(server, "INVITE", "ACK ")
		target.Respond(target.Expect("INVITE "), status, "So")
		final := skipRepeated(caller, "INVITE", fmt.Sprintf("SIP/2.0 %d", status))
		call.Ack(final)
		skipRepeated(target, "INVITE", "ACK ")
	}
	// Timer D of the branches is 32 s whatever T1 is: what is left until then
	// is small, and after it nothing is.
	eventually(t, "the server transactions end", func() bool { return e.openServers() == 0 })
	eventually(t, "no goroutine is left over", func() bool { return runtime.NumGoroutine() <= idle })
	if idle-before-peers > 20 {
		t.Errorf("an idle edge has %d goroutines", idle-before-peers)
	}
}

// skipRepeated is the next message that begins with prefix, after what short
// timers may have repeated.
func skipRepeated(p *siptest.Peer, method, prefix string) *siptest.Msg {
	for {
		m := p.Receive()
		if strings.HasPrefix(m.StartLine(), prefix) || m.Method() != method && m.Method() != "ACK" {
			return m
		}
	}
}

// openServers counts server transactions that have not ended.
func (r *running) openServers() (n int) {
	r.table.Each(func(rc *responseContext) {
		rc.mu.Lock()
		defer rc.mu.Unlock()
		if !rc.server.Next().IsZero() {
			n++
		}
	})
	return n
}

// TestFinishedCallKeepsLittle counts the bytes that a call keeps after its final
// response, until its timers have run out.
func TestFinishedCallKeepsLittle(t *testing.T) {
	caller, server, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(server.URI("")))
	for _, status := range []int{200, 486} {
		call := caller.Invite(e.udp, "sip:bob@example.com", siptest.Header("X-Big", fmt.Sprintf("%01000d", 0)))
		server.Respond(server.Expect("INVITE "), 302, "Moved Temporarily", "Contact: <"+target.URI("bob")+">")
		server.Expect("ACK ")
		target.Respond(target.Expect("INVITE "), status, "So")
		call.Ack(caller.ExpectSkipping100(fmt.Sprintf("SIP/2.0 %d", status)))
		target.Expect("ACK ")
	}
	e.table.Each(func(rc *responseContext) {
		rc.mu.Lock()
		defer rc.mu.Unlock()
		kept := len(rc.key) + len(rc.callID) + cap(rc.last)
		for _, b := range rc.branches {
			kept += cap(b.ack)
			if b.underway != nil {
				t.Errorf("branch %d keeps what it needed to get there", b.n)
			}
		}
		if rc.search != nil {
			t.Errorf("a finished call keeps what it needed to find a target: %+v", rc.search)
		}
		if kept > 2048 {
			t.Errorf("a finished call keeps %d bytes of text, want at most 2048", kept)
		}
	})
}
