package edge

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/edge/transport"
	"github.com/redirectd/redirectd/internal/siptest"
)

// TestOversizeAfterTCPWasRefused does not wait for TCP where it has just failed.
func TestOversizeAfterTCPWasRefused(t *testing.T) {
	t.Parallel()
	caller := siptest.UDP(t)
	target, ln := bothTransports(t)
	e := startEdge(t, nextHop(target.URI("")))
	e.resolver.Failed(hop{Kind: transport.TCP, Addr: target.Addr()})
	call := caller.Invite(e.udp, "sip:bob@example.com", bigBody(3_000))
	target.Respond(expectOf(target, call, "INVITE"), 486, "Busy Here")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 486"))
	_ = ln.(*net.TCPListener).SetDeadline(time.Now())
	if c, err := ln.Accept(); err == nil {
		t.Errorf("a connection was made from %s", c.RemoteAddr())
	}
}

// TestOversizeRemembersRefusal: a target that refuses TCP is not asked again.
func TestOversizeRemembersRefusal(t *testing.T) {
	t.Parallel()
	caller, target := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(target.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com", bigBody(3_000))
	target.Respond(expectOf(target, call, "INVITE"), 486, "Busy Here")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 486"))
	if !e.resolver.Unreachable(hop{Kind: transport.TCP, Addr: target.Addr()}) {
		t.Error("the refusal of TCP is not remembered")
	}
	if e.resolver.Unreachable(hop{Kind: transport.UDP, Addr: target.Addr()}) {
		t.Error("the refusal of TCP is held against UDP")
	}
}

// TestOversizeAfterTCPWasClosed goes by UDP to a target that takes the connection
// and closes it without an answer: what stands before it speaks TCP, not the
// target.
func TestOversizeAfterTCPWasClosed(t *testing.T) {
	t.Parallel()
	caller := siptest.UDP(t)
	target, ln := bothTransports(t)
	e := startEdge(t, nextHop(target.URI("")))
	_ = ln.(*net.TCPListener).SetDeadline(time.Now().Add(siptest.Timeout))
	for i := range 2 { // the second one is not even tried by TCP
		call := caller.Invite(e.udp, "sip:bob@example.com", bigBody(3_000))
		if i == 0 {
			conn, err := ln.Accept()
			if err != nil {
				t.Fatal(err)
			}
			_ = conn.SetReadDeadline(time.Now().Add(siptest.Timeout))
			if _, err := conn.Read(make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
			_ = conn.Close()
		}
		invite := expectOf(target, call, "INVITE")
		if via := invite.Values("Via")[0]; !strings.HasPrefix(via, "SIP/2.0/UDP ") {
			t.Errorf("Via is %q", via)
		}
		target.Respond(invite, 200, "OK")
		call.Ack(caller.ExpectSkipping100("SIP/2.0 200"))
	}
}

// TestOversizeOfATrunk has a trunk say that its big requests go by UDP.
func TestOversizeOfATrunk(t *testing.T) {
	t.Parallel()
	one, two := siptest.New(t, "udp", "127.0.0.2"), siptest.New(t, "udp", "127.0.0.3")
	target, ln := bothTransports(t)
	e := startEdge(t, nextHop(target.URI("")), trunks(
		Trunk{Name: "one", From: from("127.0.0.2/32"), Oversize: OversizeUDP},
		Trunk{Name: "two", From: from("127.0.0.3/32"), Oversize: OversizeTCP}))
	call := one.Invite(e.udp, "sip:bob@example.com", bigBody(3_000))
	target.Respond(expectOf(target, call, "INVITE"), 486, "Busy Here")
	call.Ack(one.ExpectSkipping100("SIP/2.0 486"))
	two.Invite(e.udp, "sip:bob@example.com", bigBody(3_000))
	_ = ln.(*net.TCPListener).SetDeadline(time.Now().Add(siptest.Timeout))
	conn, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
}
