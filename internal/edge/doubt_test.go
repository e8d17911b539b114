package edge

import (
	"net/netip"
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/siptest"
)

// TestSilentConnectionIsNotUsedAgain: after Timer F a connection on which nothing
// came since the request was sent may lead nowhere.
func TestSilentConnectionIsNotUsedAgain(t *testing.T) {
	t.Parallel()
	caller, server := siptest.UDP(t), siptest.TCP(t)
	e := startEdge(t, nextHop(server.URI("")), func(o *Options) { o.Config.Timers.T1 = 5 * time.Millisecond })
	var came []netip.AddrPort
	for range 2 {
		call := caller.Invite(e.udp, "sip:bob@example.com", siptest.Method("MESSAGE"))
		came = append(came, expectOf(server, call, "MESSAGE").From)
		eventually(t, "Timer F", func() bool { return e.InProgress() == 0 })
	}
	if came[0] == came[1] {
		t.Errorf("both came by the connection from %s", came[0])
	}
}
