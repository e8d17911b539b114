package interop

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/redirectd/redirectd/internal/proctest"
	"github.com/redirectd/redirectd/internal/siptest"
)

// phones are telephones around an edge and a redirect server: bob answers at
// once, and carol, who has one line, when the test says so.
type phones struct {
	e                 *edge
	rs                *redirectServer
	front             func(transport string) netip.AddrPort // where alice's calls go
	proxies           int                                   // between two of them
	ca                *siptest.CA                           // of all certificates; nil: there is no TLS
	flags             []string                              // of the edge
	alice, bob, carol *phone
}

// newPhones starts them. To "to-tcp" the redirect server answers with bob's
// address, to "try-tcp" with carol's and, if she can't, bob's.
func newPhones(t *testing.T, transports ...string) *phones {
	t.Helper()
	p := &phones{proxies: 1, flags: plainListeners()}
	if slices.Contains(transports, "tls") {
		p.secure(t, "none")
	}
	p.start(t, transports...)
	return p
}

// plainListeners are the flags of an edge without TLS.
func plainListeners() []string {
	return []string{"--listen", "udp://127.0.0.1:0", "--listen", "tcp://127.0.0.1:0"}
}

// start starts them all.
func (p *phones) start(t *testing.T, transports ...string) {
	t.Helper()
	p.bob = p.phone(t, phoneValues{Name: "bob"})
	if p.carol == nil {
		p.carol = p.phone(t, phoneValues{Name: "carol", Manual: true, MaxCalls: 1})
	}
	var answers []answer
	for _, transport := range transports {
		toBob, toCarol := "<"+p.bob.uri(transport)+">", "<"+p.carol.uri(transport)+">"
		answers = append(answers,
			answer{"to-" + transport, 302, "Moved Temporarily", []string{toBob}},
			answer{"try-" + transport, 300, "Multiple Choices", []string{toBob + ";q=0.1, " + toCarol + ";q=0.9"}})
	}
	rs := proctest.FreeAddr(t)
	p.rs = startRedirectServer(t, rs, answers)
	p.e = startEdge(t, append(p.flags, "--next-hop", "sip:"+rs.String())...)
	p.front = p.e.addr
	p.alice = p.phone(t, phoneValues{Name: "alice"})
}

// phone starts one more, with a certificate if there are any; it may have names
// besides the address.
func (p *phones) phone(t *testing.T, v phoneValues, names ...string) *phone {
	t.Helper()
	if p.ca != nil {
		v.Certificate, v.CA = inOneFile(t, p.ca.Issue(append(names, "127.0.0.1")...)), p.ca.File
	}
	return startPhone(t, v)
}

// uri is what alice dials.
func (p *phones) uri(user, transport string) string {
	return fmt.Sprintf("sip:%s@%v;transport=%s", user, p.front(transport), transport)
}

// TestPhones lets two telephones talk through a redirected call, whichever
// transport each of them uses, and hang up from either side.
func TestPhones(t *testing.T) {
	ready(t)
	t.Parallel()
	p := newPhones(t, "udp", "tcp")
	for _, from := range []string{"udp", "tcp"} {
		for _, to := range []string{"udp", "tcp"} {
			t.Run(from+" to "+to, func(t *testing.T) { p.expectTransports(t, p.talk(t, from, to), from, to) })
		}
	}
}

// talk is two calls, each ended by another side; it returns the Call-ID of the last.
func (p *phones) talk(t *testing.T, from, to string) (id string) {
	t.Helper()
	id = p.alice.dial(t, p.uri("to-"+to, from))
	p.expectTalk(t, id, p.alice, p.bob)
	p.expectReinvite(t, id, "hold", "sendonly", p.alice, p.bob)
	p.expectReinvite(t, id, "resume", "sendrecv", p.alice, p.bob)
	p.expectHangUp(t, id, p.alice, p.bob)

	id = p.alice.dial(t, p.uri("to-"+to, from))
	p.expectTalk(t, id, p.alice, p.bob)
	p.expectReinvite(t, id, "hold", "sendonly", p.bob, p.alice)
	p.expectHangUp(t, id, p.bob, p.alice)
	return id
}

// expectTransports checks how a call from alice to bob has left and arrived.
func (p *phones) expectTransports(t *testing.T, callID, from, to string) {
	t.Helper()
	for _, c := range []struct {
		ph        *phone
		received  bool
		transport string
	}{{p.alice, false, from}, {p.bob, true, to}} {
		for _, m := range c.ph.messages(t, callID) {
			if want := "SIP/2.0/" + strings.ToUpper(c.transport) + " "; m.status() == 0 && m.received == c.received && !strings.HasPrefix(m.vias()[0], want) {
				t.Errorf("not by %s:\n%s", c.transport, m)
			}
		}
	}
}

// TestPhoneCancels lets a telephone give up while the other one rings.
func TestPhoneCancels(t *testing.T) {
	ready(t)
	t.Parallel()
	p := newPhones(t, "udp", "tcp")
	for _, transport := range []string{"udp", "tcp"} {
		t.Run(transport, func(t *testing.T) { p.cancel(t, transport) })
	}
}

func (p *phones) cancel(t *testing.T, transport string) {
	t.Helper()
	id := p.alice.dial(t, p.uri("try-"+transport, transport))
	p.carol.await(t, id, "CALL_INCOMING")
	p.alice.await(t, id, "CALL_RINGING")
	p.alice.press(t, "hangup", "")
	p.carol.await(t, id, "CALL_CLOSED")
	expectFinal(t, id, p.alice, 487)
	eventually(t, phoneLimit, func() error { return acknowledged(p.carol.messages(t, id)) })
	if got := p.bob.messages(t, id); len(got) != 0 {
		t.Errorf("bob was called after the CANCEL: %v", got)
	}
}

// TestPhoneIsBusy calls a telephone that declines, and one whose only line is
// taken: the next contact is called.
func TestPhoneIsBusy(t *testing.T) {
	ready(t)
	t.Parallel()
	p := newPhones(t, "udp", "tcp")
	for _, transport := range []string{"udp", "tcp"} {
		t.Run(transport, func(t *testing.T) { p.busy(t, transport) })
	}
}

func (p *phones) busy(t *testing.T, transport string) {
	t.Helper()
	declined := p.alice.dial(t, p.uri("try-"+transport, transport))
	p.carol.await(t, declined, "CALL_INCOMING")
	p.carol.press(t, "hangup", "")
	expectFinal(t, declined, p.carol, 486)
	p.expectTalk(t, declined, p.alice, p.bob)
	p.expectHangUp(t, declined, p.alice, p.bob)

	taken := p.alice.dial(t, p.uri("try-"+transport, transport))
	p.carol.await(t, taken, "CALL_INCOMING")
	p.carol.press(t, "accept", "")
	p.expectTalk(t, taken, p.alice, p.carol)
	second := p.alice.dial(t, p.uri("try-"+transport, transport))
	p.expectTalk(t, second, p.alice, p.bob)
	expectFinal(t, second, p.carol, 486)
	p.expectHangUp(t, second, p.bob, p.alice)
	p.expectHangUp(t, taken, p.carol, p.alice)
}

// TestPhoneBehindProxy dials an address that nobody resolves: the telephone has
// the edge as its outbound proxy, and sends it a Route.
func TestPhoneBehindProxy(t *testing.T) {
	ready(t)
	t.Parallel()
	p := newPhones(t, "udp", "tcp")
	for _, transport := range []string{"udp", "tcp"} {
		t.Run(transport, func(t *testing.T) {
			proxy := fmt.Sprintf("sip:%v;transport=%s", p.e.addr(transport), transport)
			dave := startPhone(t, phoneValues{Name: "dave", Outbound: proxy})
			id := dave.dial(t, "sip:to-"+transport+"@example.invalid")
			p.expectTalk(t, id, dave, p.bob)
			if routes := dave.messages(t, id)[0].header.Values("Route"); len(routes) != 1 || !strings.Contains(routes[0], p.e.addr(transport).String()) {
				t.Errorf("the phone sent the Routes %q, not the edge's", routes)
			}
			if routes := invites(p.bob.messages(t, id))[0].header.Values("Route"); len(routes) != 0 {
				t.Errorf("the Routes %q were left at bob", routes)
			}
			p.expectHangUp(t, id, p.bob, dave)
		})
	}
}

// requests are those of a method that a phone has sent, or received, without repeats.
func requests(messages []*message, method string, received bool) []*message {
	branches := map[string]bool{}
	return slices.DeleteFunc(slices.Clone(messages), func(m *message) bool {
		known := branches[m.branch()]
		unwanted := !m.isRequest(method) || m.received != received
		if !unwanted {
			branches[m.branch()] = true
		}
		return unwanted || known
	})
}
