package floor

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// socket is one end of the relay in a test.
type socket struct {
	t *testing.T
	*net.UDPConn
}

func open(t *testing.T) socket {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return socket{t, conn}
}

func (s socket) address() netip.AddrPort { return s.LocalAddr().(*net.UDPAddr).AddrPort() }

func (s socket) send(text string, to netip.AddrPort) {
	s.t.Helper()
	if _, err := s.WriteToUDPAddrPort([]byte(text), to); err != nil {
		s.t.Fatal(err)
	}
}

func (s socket) receive(begin string) string {
	s.t.Helper()
	b := make([]byte, 65535)
	n, _, err := s.ReadFromUDPAddrPort(b)
	if err != nil || !strings.HasPrefix(string(b[:n]), begin) {
		s.t.Fatalf("received %q, %v; want %s", b[:n], err, begin)
	}
	return string(b[:n])
}

// answer is a response to a request, with what it repeats.
func answer(request, status, extra string) string {
	var b strings.Builder
	b.WriteString("SIP/2.0 " + status + "\r\n")
	for line := range strings.Lines(request) {
		for _, name := range []string{"Via:", "From:", "To:", "Call-ID:", "CSeq:"} {
			if strings.HasPrefix(line, name) {
				b.WriteString(line)
			}
		}
	}
	return b.String() + extra + "Content-Length: 0\r\n\r\n"
}

// TestFollows: a call is redirected to two targets, of which the first refuses.
func TestFollows(t *testing.T) {
	t.Parallel()
	caller, server, busy, good, spare := open(t), open(t), open(t), open(t), open(t)
	edge := spare.address()
	if err := spare.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- Serve(ctx, edge, server.address()) }()
	invite := "INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP c;branch=z9hG4bKx\r\nMax-Forwards: 70\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:b@b>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"
	awaitTrying(t, caller, invite, edge)

	in := server.receive("INVITE sip:a@b ")
	server.send(answer(in, "302 Moved", fmt.Sprintf("Contact: <sip:a@%s>;q=0.2, <sip:a@%s>\r\n", good.address(), busy.address())), edge)
	in = busy.receive(fmt.Sprintf("INVITE sip:a@%s ", busy.address()))
	busy.send(answer(in, "486 Busy", ""), edge)
	busy.receive("ACK ")
	in = good.receive("INVITE ")
	if !strings.Contains(in, "Max-Forwards: 69\r\n") || strings.Count(in, "Via:") != 2 {
		t.Errorf("forwarded: %s", in)
	}
	good.send(answer(in, "200 OK", ""), edge)
	if out := caller.receive("SIP/2.0 200 OK"); strings.Count(out, "Via:") != 1 {
		t.Errorf("answer: %s", out)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// awaitTrying sends an INVITE until the relay is there and says 100.
func awaitTrying(t *testing.T, caller socket, invite string, edge netip.AddrPort) {
	t.Helper()
	b := make([]byte, 65535)
	for range 100 {
		caller.send(invite, edge)
		if err := caller.SetReadDeadline(time.Now().Add(100 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		if _, err := caller.Read(b); err == nil {
			if err := caller.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
				t.Fatal(err)
			}
			return
		}
	}
	t.Fatal("the relay does not answer")
}
