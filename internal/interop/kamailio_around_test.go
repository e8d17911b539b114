package interop

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// TestKamailioAround calls through a Kamailio, the edge and another Kamailio:
// one that relays to the edge, and one that the redirect names. Each of the
// three stands in the route set of every dialog.
func TestKamailioAround(t *testing.T) {
	ready(t)
	t.Parallel()
	p := &phones{flags: plainListeners()}
	proxies := p.surround(t, false, "tcp", "udp", "tcp")
	for _, transport := range []string{"udp", "tcp"} {
		t.Run(transport, func(t *testing.T) {
			p.talk(t, transport, transport)
			p.cancel(t, transport)
			p.busy(t, transport)
			p.forked(t, transport)
		})
	}
	t.Run("tcp to udp", func(t *testing.T) { p.talk(t, "tcp", "udp") })
	t.Run("udp to tcp", func(t *testing.T) { p.talk(t, "udp", "tcp") })
	for _, k := range proxies {
		k.expectQuiet(t)
	}
}

// TestKamailioAroundTLS is the same where all five speak TLS, each with a
// certificate and asking for that of the other.
func TestKamailioAroundTLS(t *testing.T) {
	ready(t)
	t.Parallel()
	p := &phones{flags: plainListeners()}
	p.secure(t, "require")
	proxies := p.surround(t, false, "tls", "tls", "udp")
	for _, c := range [][2]string{{"tls", "tls"}, {"udp", "tls"}, {"tls", "udp"}} {
		t.Run(c[0]+" to "+c[1], func(t *testing.T) { p.talk(t, c[0], c[1]) })
	}
	p.cancel(t, "tls")
	p.busy(t, "tls")
	p.forked(t, "tls")
	for _, k := range proxies {
		k.expectQuiet(t)
	}
}

// TestStrictRoutersAround makes strict routers of both: the edge puts the URI of
// the next one into the Request-URI (16.6 step 6), and the Request-URI that it
// had arrives all the same.
func TestStrictRoutersAround(t *testing.T) {
	ready(t)
	t.Parallel()
	p := &phones{flags: plainListeners()}
	proxies := p.surround(t, true, "udp", "udp")
	p.talk(t, "udp", "udp")
	for _, k := range proxies {
		for _, method := range []string{"INVITE", "ACK", "BYE"} {
			k.find(t, regexp.MustCompile(fmt.Sprintf("request %s sip:%v ", method, k.addr)), 1)
		}
		k.expectQuiet(t)
	}
	for _, ph := range []*phone{p.alice, p.bob} {
		for _, m := range ph.all(t) {
			if m.received && m.status() == 0 && !strings.HasPrefix(m.requestURI(), "sip:"+ph.name) {
				t.Errorf("%s got another one's request:\n%s", ph.name, m)
			}
		}
	}
}

// forked lets the target ring two telephones at once: alice hears of both, the
// one that answers gets the call, and the target cancels the other.
func (p *phones) forked(t *testing.T, transport string) {
	t.Helper()
	id := p.alice.dial(t, p.uri("both-"+transport, transport))
	p.carol.await(t, id, "CALL_INCOMING")
	p.expectTalk(t, id, p.alice, p.bob)
	p.carol.await(t, id, "CALL_CLOSED")
	expectFinal(t, id, p.carol, 487)
	eventually(t, phoneLimit, func() error {
		tags := map[string]bool{}
		for _, m := range p.alice.messages(t, id) {
			if m.status() == 180 {
				tags[param(m.header.Get("To"), "tag")] = true
			}
		}
		if len(tags) != 2 {
			return fmt.Errorf("alice got 180 with the To tags %v, not one of each telephone", tags)
		}
		return nil
	})
	p.expectHangUp(t, id, p.alice, p.bob)
}
