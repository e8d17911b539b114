package edge

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/redirectd/redirectd/internal/edge/transport"
	"github.com/redirectd/redirectd/internal/siptest"
)

// TestBothAddressFamilies calls between IPv4 and IPv6, as far as the machine has
// them: each side sees an address that it can reach, in Via and in Record-Route
// (RFC 5658), and messages leave from it.
func TestBothAddressFamilies(t *testing.T) {
	t.Parallel()
	hosts := siptest.Loopbacks()
	for _, up := range hosts {
		for _, down := range hosts {
			t.Run(up+" to "+down, func(t *testing.T) {
				t.Parallel()
				caller, target := siptest.New(t, "udp", up), siptest.New(t, "udp", down)
				e := startEdge(t, func(o *Options) {
					o.Config.Listen = nil
					for _, h := range hosts {
						o.Config.Listen = append(o.Config.Listen, mustAddress(t, "udp://"+net.JoinHostPort(h, "0")))
					}
				})
				call := caller.Invite(e.listener(t, up).Addr, target.URI("bob"))
				invite := target.Expect("INVITE " + target.URI("bob") + " SIP/2.0")
				checkFamilies(t, invite, e.listener(t, up).Addr.String(), e.listener(t, down).Addr.String())
				answer := target.Respond(invite, 200, "OK")
				ok := caller.ExpectSkipping100("SIP/2.0 200")
				call.Ack(ok)
				target.Expect("ACK ")
				call.InDialog("INFO", ok)
				target.Respond(target.Expect("INFO "), 200, "OK")
				caller.Expect("SIP/2.0 200")
				s := calleeSide(target, invite, answer)
				target.Send(e.listener(t, down).Addr, s.request("BYE", 1))
				bye := caller.Expect("BYE " + caller.URI("caller") + " SIP/2.0")
				if bye.From != e.listener(t, up).Addr || bye.Header("Route") != "" {
					t.Errorf("BYE from %s with Route %q", bye.From, bye.Header("Route"))
				}
				caller.Respond(bye, 200, "OK")
				target.Expect("SIP/2.0 200")
			})
		}
	}
}

func checkFamilies(t *testing.T, invite *siptest.Msg, up, down string) {
	t.Helper()
	if via := invite.Values("Via")[0]; !strings.HasPrefix(via, "SIP/2.0/UDP "+down+";") || invite.From.String() != down {
		t.Errorf("Via is %q and the source %s, want %s", via, invite.From, down)
	}
	want := []string{down, up}
	if up == down {
		want = want[:1]
	}
	var got []string
	for _, v := range invite.Values("Record-Route") {
		uri, _, _ := strings.Cut(strings.TrimPrefix(v, "<sip:"), ";")
		got = append(got, uri)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("Record-Route is %v, want %v", got, want)
	}
}

// listener returns the one on that host.
func (r *running) listener(t *testing.T, host string) transport.Listener {
	t.Helper()
	for _, l := range r.Listeners() {
		if l.Addr.Addr().String() == host {
			return l
		}
	}
	t.Fatalf("no listener on %s", host)
	return transport.Listener{}
}
