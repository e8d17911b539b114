package edge

import (
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/edge/transport"
	"github.com/redirectd/redirectd/internal/siptest"
)

// TestBrowserThatIsGone gets no answer over a new connection: whoever listens at the
// address in its Via is somebody else (RFC 7118 section 5).
func TestBrowserThatIsGone(t *testing.T) {
	t.Parallel()
	caller, callee := siptest.WS(t), siptest.UDP(t)
	var at netip.AddrPort
	e := startEdge(t, nextHop(callee.URI("")), func(o *Options) {
		o.Config.Listen = append(o.Config.Listen, mustAddress(t, "ws://127.0.0.1:0"))
	})
	for _, l := range e.Listeners() {
		if l.Kind == transport.WS {
			at = l.Addr
		}
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	before := counted(t, e.metrics.dropped.WithLabelValues("transport_error"))
	caller.Invite(at, "sip:bob@example.com", siptest.Variant(func(raw string) string {
		return strings.Replace(raw, "SIP/2.0/WS "+caller.Addr().String(), "SIP/2.0/WS "+ln.Addr().String(), 1)
	}))
	invite := callee.Expect("INVITE ")
	caller.Disconnect(at)
	eventually(t, "the edge sees that the connection is gone", func() bool {
		alive := true
		e.table.Each(func(rc *responseContext) { alive = rc.upstream.Alive() })
		return !alive
	})
	callee.Respond(invite, 486, "Busy Here")
	callee.Expect("ACK ")
	eventually(t, "the answer is dropped", func() bool {
		return counted(t, e.metrics.dropped.WithLabelValues("transport_error")) > before
	})
	_ = ln.(*net.TCPListener).SetDeadline(time.Now().Add(10 * time.Millisecond))
	if c, err := ln.Accept(); err == nil {
		t.Errorf("somebody else got a connection from %s", c.RemoteAddr())
	}
}
