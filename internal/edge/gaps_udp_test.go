package edge

import (
	"bufio"
	"fmt"
	"net"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/siptest"
)

// bigBody returns an option for a body that makes an INVITE about n bytes long.
func bigBody(n int) siptest.Option {
	return siptest.Body(siptest.SDP + strings.Repeat("a=padding:01234567890123456789012345678901234567890123456789\r\n", n/60))
}

// TestBigMessagesArriveOverUDP has a target that does not listen on TCP: what is
// too big for one packet goes by UDP all the same, and so do the answers.
func TestBigMessagesArriveOverUDP(t *testing.T) {
	t.Parallel()
	caller, target := siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(target.URI("")))
	for _, size := range []int{1_500, 3_000, 8_000, 20_000} {
		t.Run(strconv.Itoa(size), func(t *testing.T) {
			call := caller.Invite(e.udp, "sip:bob@example.com", bigBody(size))
			invite := target.Expect("INVITE ")
			if want := (&siptest.Msg{Raw: call.Raw}).Body(); invite.Body() != want || len(want) < size {
				t.Errorf("body has %d bytes, want %d", len(invite.Body()), len(want))
			}
			target.Respond(invite, 200, "OK", "X-Padding: "+strings.Repeat("x", size))
			ok := caller.ExpectSkipping100("SIP/2.0 200")
			if got := len(ok.Header("X-Padding")); got != size {
				t.Errorf("200 has %d bytes of padding, want %d", got, size)
			}
			call.Ack(ok)
			target.Expect("ACK ")
		})
	}
}

// bothTransports returns a UDP peer, and a TCP listener on the same port.
func bothTransports(t *testing.T) (*siptest.Peer, net.Listener) {
	t.Helper()
	for range 20 {
		p := siptest.UDP(t)
		if ln, err := net.Listen("tcp", p.Addr().String()); err == nil {
			t.Cleanup(func() { _ = ln.Close() })
			return p, ln
		}
	}
	t.Fatal("no port is free for both UDP and TCP")
	return nil, nil
}

// TestBigInviteGoesByTCP has a target that listens on both (18.1.1).
func TestBigInviteGoesByTCP(t *testing.T) {
	t.Parallel()
	caller := siptest.UDP(t)
	target, ln := bothTransports(t)
	e := startEdge(t, nextHop(target.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com", bigBody(3_000))
	_ = ln.(*net.TCPListener).SetDeadline(time.Now().Add(siptest.Timeout))
	conn, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(siptest.Timeout))
	r := bufio.NewReader(conn)
	invite := readMessage(t, r)
	if want := "SIP/2.0/TCP " + e.tcp.String(); !strings.HasPrefix(invite.Header("Via"), want) {
		t.Errorf("Via is %q, want %s", invite.Header("Via"), want)
	}
	if want := (&siptest.Msg{Raw: call.Raw}).Body(); invite.Body() != want {
		t.Errorf("body has %d bytes, want %d", len(invite.Body()), len(want))
	}
	if _, err := conn.Write([]byte(target.Response(invite, 486, "Busy Here"))); err != nil {
		t.Fatal(err)
	}
	if ack := readMessage(t, r); ack.Method() != "ACK" {
		t.Errorf("want an ACK on the same connection:\n%s", ack.Raw)
	}
	call.Ack(caller.ExpectSkipping100("SIP/2.0 486"))
	target.Silent(0)
	small := caller.Invite(e.udp, "sip:bob@example.com")
	target.Respond(target.Expect("INVITE "), 486, "Busy Here")
	target.Expect("ACK ")
	small.Ack(caller.ExpectSkipping100("SIP/2.0 486"))
}

// readMessage reads one message from a stream.
func readMessage(t *testing.T, r *bufio.Reader) *siptest.Msg {
	t.Helper()
	var raw strings.Builder
	for !strings.HasSuffix(raw.String(), "\r\n\r\n") {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatalf("read from the edge: %v; so far: %q", err, raw.String())
		}
		raw.WriteString(line)
	}
	n, err := strconv.Atoi((&siptest.Msg{Raw: raw.String()}).Header("Content-Length"))
	if err != nil {
		t.Fatalf("Content-Length on a stream: %v:\n%s", err, raw.String())
	}
	for range n {
		c, err := r.ReadByte()
		if err != nil {
			t.Fatal(err)
		}
		raw.WriteByte(c)
	}
	return &siptest.Msg{Raw: raw.String()}
}

// TestEverythingLeavesFromTheListener looks at the source port of every kind of
// message, in both directions.
func TestEverythingLeavesFromTheListener(t *testing.T) {
	t.Parallel()
	caller, server, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(server.URI("")))
	from := func(m *siptest.Msg) *siptest.Msg {
		t.Helper()
		if m.From != e.udp {
			t.Errorf("came from %s, want %s: %s", m.From, e.udp, m.StartLine())
		}
		return m
	}
	call := caller.Invite(e.udp, "sip:bob@example.com")
	from(caller.Expect("SIP/2.0 100"))
	server.Respond(from(server.Expect("INVITE ")), 302, "Moved Temporarily", "Contact: <"+target.URI("bob")+">")
	from(server.Expect("ACK "))
	invite := from(target.Expect("INVITE "))
	target.Respond(invite, 180, "Ringing")
	from(caller.Expect("SIP/2.0 180"))
	target.Respond(invite, 200, "OK")
	ok := from(caller.Expect("SIP/2.0 200"))
	call.Ack(ok)
	from(target.Expect("ACK "))
	call.Bye(ok)
	target.Respond(from(target.Expect("BYE ")), 200, "OK")
	from(caller.Expect("SIP/2.0 200"))
	other := caller.Invite(e.udp, "sip:bob@example.com")
	server.Respond(from(server.Expect("INVITE ")), 180, "Ringing")
	from(caller.ExpectSkipping100("SIP/2.0 180"))
	other.Cancel()
	from(server.Expect("CANCEL "))
}

// TestManySourcesLeaveNothing gets something from 2,000 addresses, of which one
// half can't be read. It is not parallel: it counts goroutines.
func TestManySourcesLeaveNothing(t *testing.T) {
	target := siptest.UDP(t)
	e := startEdge(t, nextHop(target.URI("")))
	before := runtime.NumGoroutine()
	buf := make([]byte, 2048)
	for i := range 2_000 {
		conn, err := net.Dial("udp", e.udp.String())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = conn.Write([]byte("\x00nonsense\r\n\r\n"))
		_, _ = fmt.Fprintf(conn, "OPTIONS sip:x@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKs%d;rport\r\n"+
			"From: <sip:a@example.com>;tag=1\r\nTo: <sip:x@example.com>\r\nCall-ID: %d\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 0\r\n\r\n", i, i)
		_ = conn.SetReadDeadline(time.Now().Add(siptest.Timeout))
		n, err := conn.Read(buf)
		if err != nil || !strings.HasPrefix(string(buf[:n]), "SIP/2.0 483 ") {
			t.Fatalf("source %d got %q, %v, want 483", i, buf[:n], err)
		}
		_ = conn.Close()
	}
	if n := e.InProgress(); n != 0 {
		t.Errorf("%d transactions are left", n)
	}
	eventually(t, "no goroutine is left of the sources", func() bool { return runtime.NumGoroutine() <= before })
}

// TestReceivedAndRport fills both in as 18.2.1 and RFC 3581 say, and answers to
// where they say.
func TestReceivedAndRport(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, via, want string // S: the sender's port, O: that of another peer, B: a branch
		toOther         bool   // the answers go to the other peer
	}{
		{"the same address", "127.0.0.1:S;branch=B", "127.0.0.1:S;branch=B", false},
		{"a name", "host.example.com:O;branch=B", "host.example.com:O;branch=B;received=127.0.0.1", true},
		{"another address", "192.0.2.7:O;branch=B;x=y", "192.0.2.7:O;branch=B;x=y;received=127.0.0.1", true},
		{"another port", "127.0.0.1:O;branch=B", "127.0.0.1:O;branch=B", true},
		{"rport", "192.0.2.7:O;rport;branch=B", "192.0.2.7:O;rport=S;branch=B;received=127.0.0.1", false},
		{"rport and the same address", "127.0.0.1:S;branch=B;rport", "127.0.0.1:S;branch=B;rport=S;received=127.0.0.1", false},
		{"received that lies", "192.0.2.7:O;received=192.0.2.9;branch=B", "192.0.2.7:O;received=127.0.0.1;branch=B", true},
		{"rport that lies", "127.0.0.1:S;rport=9;branch=B", "127.0.0.1:S;rport=S;branch=B;received=127.0.0.1", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			caller, other, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
			e := startEdge(t, nextHop(target.URI("")))
			ports := strings.NewReplacer(":S", fmt.Sprintf(":%d", caller.Addr().Port()), "=S", fmt.Sprintf("=%d", caller.Addr().Port()),
				":O", fmt.Sprintf(":%d", other.Addr().Port()), "=B", "=z9hG4bKvia")
			caller.Invite(e.udp, "sip:bob@example.com", siptest.Variant(func(raw string) string {
				head, rest, _ := strings.Cut(raw, "\r\nVia: ")
				_, rest, _ = strings.Cut(rest, "\r\n")
				return head + "\r\nVia: SIP/2.0/UDP " + ports.Replace(c.via) + "\r\n" + rest
			}))
			invite := target.Expect("INVITE ")
			if got, want := invite.Headers("Via")[1], "SIP/2.0/UDP "+ports.Replace(c.want); got != want {
				t.Errorf("forwarded Via is %q, want %q", got, want)
			}
			target.Respond(invite, 486, "Busy Here")
			answered, silent := caller, other
			if c.toOther {
				answered, silent = other, caller
			}
			answered.Expect("SIP/2.0 100")
			answered.Expect("SIP/2.0 486")
			silent.Silent(0)
		})
	}
}

// TestClosedPortIsATransportError goes on to the next contact at once, not when
// Timer B is over (18.4).
func TestClosedPortIsATransportError(t *testing.T) {
	t.Parallel()
	caller, server, gone, target := siptest.UDP(t), siptest.UDP(t), siptest.UDP(t), siptest.UDP(t)
	gone.Close()
	e := startEdge(t, nextHop(server.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	server.Respond(server.Expect("INVITE "), 302, "Moved Temporarily",
		"Contact: <"+gone.URI("bob")+">", "Contact: <"+target.URI("bob")+">")
	server.Expect("ACK ")
	target.Respond(target.Expect("INVITE "), 200, "OK")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 200"))
	target.Expect("ACK ")
}
