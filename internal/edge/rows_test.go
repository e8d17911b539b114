package edge

import (
	"fmt"
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/siptest"
)

// TestRowsOfTheTable answers a call with each 3xx, with the feature enabled and
// disabled.
func TestRowsOfTheTable(t *testing.T) {
	t.Parallel()
	disabled, err := policy.ParseConfig("policy.yaml", []byte("profiles: [{name: default, redirect: disabled}]"))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		status            int
		enabled, disabled int // the final status upstream; 200: the contact answered
	}{
		{300, 200, 410},
		{301, 200, 410},
		{302, 200, 480},
		{305, 200, 410},
		{380, 410, 410},
		{399, 410, 410},
	} {
		for _, mode := range []struct {
			name string
			want int
			cfg  *policy.Config
		}{{"enabled", row.enabled, policy.DefaultConfig()}, {"disabled", row.disabled, disabled}} {
			t.Run(fmt.Sprintf("%d %s", row.status, mode.name), func(t *testing.T) {
				t.Parallel()
				caller, server, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
				e := startEdge(t, nextHop(server.URI("")), func(o *Options) { o.Embedded = policy.NewBuiltin(mode.cfg) })
				call := caller.Invite(e.udp, "sip:bob@example.com")
				caller.Expect("SIP/2.0 100")
				server.Respond(server.Expect("INVITE "), row.status, "See Contact", "Contact: <"+target.URI("carol")+">")
				server.Expect("ACK ")
				if mode.want == 200 {
					want := "INVITE " + target.URI("carol") + " "
					if row.status == 305 {
						want = "INVITE sip:bob@example.com "
					}
					invite := target.Expect(want)
					if route := invite.Header("Route"); (row.status == 305) != (route == "<"+target.URI("carol")+";lr>") {
						t.Errorf("Route is %q", route)
					}
					target.Respond(invite, 200, "OK")
				}
				call.Ack(caller.Expect(fmt.Sprintf("SIP/2.0 %d ", mode.want)))
				if mode.want == 200 {
					target.Expect("ACK ")
				} else {
					target.Silent(20 * time.Millisecond)
				}
				caller.Silent(20 * time.Millisecond)
			})
		}
	}
}

// TestContactsAreTriedOneAtATime has a 300 with three contacts out of order, of
// which the best two fail.
func TestContactsAreTriedOneAtATime(t *testing.T) {
	t.Parallel()
	caller, server := siptest.UDP(t), siptest.UDP(t)
	busy, broken, free := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(server.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	server.Respond(server.Expect("INVITE "), 300, "Multiple Choices", fmt.Sprintf(
		"Contact: <%s>;q=0.3, <%s>;q=0.9, <%s>;q=0.5", free.URI("c"), busy.URI("a"), broken.URI("b")))
	server.Expect("ACK ")
	invite := busy.Expect("INVITE ")
	broken.Silent(20 * time.Millisecond)
	busy.Respond(invite, 486, "Busy Here")
	busy.Expect("ACK ")
	broken.Respond(broken.Expect("INVITE "), 503, "Service Unavailable")
	broken.Expect("ACK ")
	free.Respond(free.Expect("INVITE "), 200, "OK")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 200"))
	free.Expect("ACK ")
	line := e.log.find(t, "redirected call")
	for _, want := range []string{"486 Busy Here", "503 Service Unavailable", "200 OK"} {
		if !containsAll(line, []string{want}) {
			t.Errorf("the line of the call lacks %q: %s", want, line)
		}
	}
}

// TestExhaustedListAnswersTheBestResponse ends with what the targets said, never
// with the 3xx.
func TestExhaustedListAnswersTheBestResponse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		said []int
		want int
	}{
		{"the lower class wins", []int{500, 486}, 486},
		{"503 alone becomes 500", []int{503}, 500},
		{"a challenge stops the search", []int{407}, 407},
		{"6xx stops the search", []int{486, 603}, 603},
		{"within 4xx the one that says what to change", []int{486, 484, 404}, 484},
		{"another 5xx rather than 503", []int{503, 502}, 502},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			caller, server, unused := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
			e := startEdge(t, nextHop(server.URI("")))
			call := caller.Invite(e.udp, "sip:bob@example.com")
			var targets []*siptest.Peer
			var headers []string
			for range c.said {
				p := siptest.UDP(t)
				targets = append(targets, p)
				headers = append(headers, "Contact: <"+p.URI("x")+">")
			}
			stops := c.said[len(c.said)-1]
			if stops == 407 || stops == 603 {
				headers = append(headers, "Contact: <"+unused.URI("x")+">;q=0.1")
			}
			server.Respond(server.Expect("INVITE "), 302, "Moved Temporarily", headers...)
			server.Expect("ACK ")
			for i, p := range targets {
				p.Respond(p.Expect("INVITE "), c.said[i], "No")
				p.Expect("ACK ")
			}
			call.Ack(caller.ExpectSkipping100(fmt.Sprintf("SIP/2.0 %d ", c.want)))
			unused.Silent(20 * time.Millisecond)
			caller.Silent(20 * time.Millisecond)
		})
	}
}

// TestNestedRedirect follows a 302 that leads to another redirect server, and
// tries what that one says before what is left.
func TestNestedRedirect(t *testing.T) {
	t.Parallel()
	caller, server, second := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	deep, shallow := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(server.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	server.Respond(server.Expect("INVITE "), 302, "Moved Temporarily",
		"Contact: <"+second.URI("bob")+">;q=0.9, <"+shallow.URI("bob")+">;q=0.5")
	server.Expect("ACK ")
	second.Respond(second.Expect("INVITE "), 302, "Moved Temporarily", "Contact: <"+deep.URI("bob")+">")
	second.Expect("ACK ")
	deep.Respond(deep.Expect("INVITE "), 404, "Not Found")
	deep.Expect("ACK ")
	shallow.Respond(shallow.Expect("INVITE "), 200, "OK")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 200"))
	shallow.Expect("ACK ")
}

// TestRedirectLoopEnds has a server that redirects to itself.
func TestRedirectLoopEnds(t *testing.T) {
	t.Parallel()
	caller, server := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t)
	call := caller.Invite(e.udp, server.URI("bob"))
	server.Respond(server.Expect("INVITE "), 302, "Moved Temporarily", "Contact: <"+server.URI("bob")+">")
	server.Expect("ACK ")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 480"))
	server.Silent(20 * time.Millisecond)
}

// TestAtMostTenAttempts has twelve contacts that all fail.
func TestAtMostTenAttempts(t *testing.T) {
	t.Parallel()
	caller, server, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(server.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	contacts := "Contact: "
	for i := range 12 {
		if i > 0 {
			contacts += ", "
		}
		contacts += fmt.Sprintf("<%s>", target.URI(fmt.Sprintf("n%d", i)))
	}
	server.Respond(server.Expect("INVITE "), 302, "Moved Temporarily", contacts)
	server.Expect("ACK ")
	for i := range 10 {
		target.Respond(target.Expect(fmt.Sprintf("INVITE sip:n%d@", i)), 486, "Busy Here")
		target.Expect("ACK ")
	}
	call.Ack(caller.ExpectSkipping100("SIP/2.0 486"))
	target.Silent(50 * time.Millisecond)
}

// TestOtherMethodsAreRedirected redirects a MESSAGE: no 100, no ACK.
func TestOtherMethodsAreRedirected(t *testing.T) {
	t.Parallel()
	caller, server, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(server.URI("")))
	caller.Invite(e.udp, "sip:bob@example.com", siptest.Method("MESSAGE"))
	server.Respond(server.Expect("MESSAGE "), 302, "Moved Temporarily", "Contact: <"+target.URI("bob")+">")
	target.Respond(target.Expect("MESSAGE "+target.URI("bob")), 200, "OK")
	caller.Expect("SIP/2.0 200")
	server.Silent(20 * time.Millisecond)
}

// TestInDialogRedirectIsRelayed has a 3xx to a re-INVITE: not the edge's
// business.
func TestInDialogRedirectIsRelayed(t *testing.T) {
	t.Parallel()
	asked := false
	caller, target := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(target.URI("")), func(o *Options) {
		builtin := o.Embedded
		o.Embedded = policy.Func(func(ctx contextT, req *requestT) (*responseT, error) {
			asked = true
			return builtin.Decide(ctx, req)
		})
	})
	call := caller.Invite(e.udp, "sip:bob@example.com")
	target.Respond(target.Expect("INVITE "), 200, "OK")
	ok := caller.ExpectSkipping100("SIP/2.0 200")
	call.Ack(ok)
	target.Expect("ACK ")
	call.InDialog("INFO", ok)
	target.Respond(target.Expect("INFO "), 302, "Moved Temporarily", "Contact: <sip:elsewhere@127.0.0.1:9>")
	moved := caller.Expect("SIP/2.0 302")
	if moved.Header("Contact") != "<sip:elsewhere@127.0.0.1:9>" || asked {
		t.Errorf("the 3xx should pass unchanged (asked: %v):\n%s", asked, moved.Raw)
	}
}

// TestNoRecurseIsHonoured sends the 3xx to a caller that wants to follow it
// itself (RFC 3841).
func TestNoRecurseIsHonoured(t *testing.T) {
	t.Parallel()
	caller, server, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(server.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com", siptest.Header("Request-Disposition", "proxy, no-recurse"))
	server.Respond(server.Expect("INVITE "), 302, "Moved Temporarily", "Contact: <"+target.URI("bob")+">")
	server.Expect("ACK ")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 302"))
	target.Silent(20 * time.Millisecond)
}
