package edge

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/siptest"
)

// at returns where the edge listens for peers of that transport.
func (r *running) at(network string) string {
	if network == "tcp" {
		return r.tcp.String()
	}
	return r.udp.String()
}

// ownURI is the edge in a Record-Route, without its MAC.
func (r *running) ownURI(network string) string {
	if network == "tcp" {
		return "sip:" + r.tcp.String() + ";transport=tcp;lr"
	}
	return "sip:" + r.udp.String() + ";lr"
}

// TestEveryMixOfTransports redirects a call between caller, server and target on
// UDP and TCP: each is reached as its URI says, Via and Record-Route are right
// (doubled where the sides differ, RFC 5658), and requests within the dialog come
// back through the edge from both ends.
func TestEveryMixOfTransports(t *testing.T) {
	t.Parallel()
	networks := []string{"udp", "tcp"}
	for _, up := range networks {
		for _, mid := range networks {
			for _, down := range networks {
				t.Run(up+" "+mid+" "+down, func(t *testing.T) {
					t.Parallel()
					caller, server, target := siptest.New(t, up, "127.0.0.1"), siptest.New(t, mid, "127.0.0.1"), siptest.New(t, down, "127.0.0.1")
					e := startEdge(t, nextHop(server.URI("")))
					to := e.udp
					if up == "tcp" {
						to = e.tcp
					}
					call := caller.Invite(to, "sip:bob@example.com")
					first := server.Expect("INVITE sip:bob@example.com ")
					e.checkHop(t, first, up, mid)
					server.Respond(first, 302, "Moved Temporarily", "Contact: <"+target.URI("bob")+">")
					server.Expect("ACK ")
					invite := target.Expect("INVITE " + target.URI("bob") + " SIP/2.0")
					e.checkHop(t, invite, up, down)
					answer := target.Respond(invite, 200, "OK")
					ok := caller.ExpectSkipping100("SIP/2.0 200")
					call.Ack(ok)
					target.Expect("ACK ")
					e.checkDialog(t, callerSide(caller, ok), target, up, "INFO")
					e.checkDialog(t, calleeSide(target, invite, answer), caller, down, "BYE")
				})
			}
		}
	}
}

// checkHop checks what the edge has put into an INVITE.
func (r *running) checkHop(t *testing.T, invite *siptest.Msg, up, down string) {
	t.Helper()
	want := fmt.Sprintf("SIP/2.0/%s %s;branch=z9hG4bK", strings.ToUpper(down), r.at(down))
	if via := invite.Header("Via"); !strings.HasPrefix(via, want) {
		t.Errorf("Via is %q, want %s...", via, want)
	}
	routes := []string{r.ownURI(down), r.ownURI(up)}
	if up == down {
		routes = routes[:1]
	}
	var got []string
	for _, v := range invite.Values("Record-Route") {
		uri, _, _ := strings.Cut(uriOf(v), ";k=")
		got = append(got, uri)
	}
	if !slices.Equal(got, routes) {
		t.Errorf("Record-Route is %q, want %q", got, routes)
	}
	if (down == "tcp") && invite.Header("Content-Length") == "" {
		t.Error("Content-Length is missing on a stream")
	}
}

// checkDialog sends a request within the dialog to the edge, which hands it to
// the other side without any Route of its own, and the answer back.
func (r *running) checkDialog(t *testing.T, s side, other *siptest.Peer, network, method string) {
	t.Helper()
	to := r.udp
	if network == "tcp" {
		to = r.tcp
	}
	s.peer.Send(to, s.request(method, 7))
	m := other.Expect(method + " " + s.target + " SIP/2.0")
	if routes := m.Values("Route"); len(routes) != 0 {
		t.Errorf("%s has Route %q, want none", method, routes)
	}
	if m.Header("Record-Route") != "" {
		t.Errorf("%s has a Record-Route", method)
	}
	other.Respond(m, 200, "OK")
	s.peer.Expect("SIP/2.0 200")
}

// TestTransportOfTheTargetCounts sends to a ;transport=tcp target over TCP
// although the caller came by UDP, CANCEL and the ACK of a failure too.
func TestTransportOfTheTargetCounts(t *testing.T) {
	t.Parallel()
	caller, target := siptest.UDP(t), siptest.TCP(t)
	e := startEdge(t)
	call := caller.Invite(e.udp, target.URI("bob"))
	invite := target.Expect("INVITE " + target.URI("bob"))
	target.Respond(invite, 180, "Ringing")
	caller.ExpectSkipping100("SIP/2.0 180")
	call.Cancel()
	caller.Expect("SIP/2.0 200")
	cancel := target.Expect("CANCEL ")
	target.Respond(cancel, 200, "OK")
	target.Respond(invite, 487, "Request Terminated")
	ack := target.Expect("ACK ")
	if cancel.From != invite.From || ack.From != invite.From {
		t.Errorf("INVITE from %s, CANCEL from %s, ACK from %s: want one connection", invite.From, cancel.From, ack.From)
	}
	call.Ack(caller.Expect("SIP/2.0 487"))
}

// TestTwoRequestsInOneSegment serves both, and a third that comes in pieces.
func TestTwoRequestsInOneSegment(t *testing.T) {
	t.Parallel()
	caller, target := siptest.TCP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(target.URI("")))
	options := func(n int) string {
		return requestText(caller, "OPTIONS", "sip:bob@example.com", "From: <sip:a@example.com>;tag=1", "To: <sip:bob@example.com>",
			fmt.Sprintf("Call-ID: segment%d", n), "CSeq: 1 OPTIONS")
	}
	third := options(3)
	caller.SendBytes(e.tcp, []byte(options(1)+"\r\n\r\n"+options(2)+third[:30]))
	caller.SendBytes(e.tcp, []byte(third[30:]))
	for n := range 3 {
		m := target.Expect("OPTIONS ")
		if want := fmt.Sprintf("segment%d", n+1); m.Header("Call-ID") != want {
			t.Errorf("Call-ID is %q, want %s", m.Header("Call-ID"), want)
		}
		target.Respond(m, 200, "OK")
		caller.Expect("SIP/2.0 200")
	}
}

// TestBytesBeyondContentLengthNeverReachAStream has a datagram with a second
// request after its body: over TCP that would be one (18.3).
func TestBytesBeyondContentLengthNeverReachAStream(t *testing.T) {
	t.Parallel()
	caller, target := siptest.UDP(t), siptest.TCP(t)
	e := startEdge(t)
	smuggled := "BYE sip:victim@example.com SIP/2.0\r\nContent-Length: 0\r\n\r\n"
	call := caller.Invite(e.udp, target.URI("bob"), siptest.Variant(func(raw string) string { return raw + smuggled }))
	invite := target.Expect("INVITE ")
	if invite.Body() != siptest.SDP {
		t.Errorf("body is %q", invite.Body())
	}
	target.Silent(50 * time.Millisecond)
	target.Respond(invite, 486, "Busy Here")
	target.Expect("ACK ")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 486"))
}

// TestContentLengthIsInsertedForStreams has a datagram without one, whose body is
// the rest of it (16.6 step 9), and the answer to it the other way round.
func TestContentLengthIsInsertedForStreams(t *testing.T) {
	t.Parallel()
	caller, target := siptest.UDP(t), siptest.TCP(t)
	e := startEdge(t)
	bare := siptest.Variant(func(raw string) string {
		head, body, _ := strings.Cut(raw, "\r\n\r\n")
		head, _, _ = strings.Cut(head, "\r\nContent-Length:")
		return head + "\r\n\r\n" + body
	})
	caller.Invite(e.udp, target.URI("bob"), bare)
	invite := target.Expect("INVITE ")
	if got := invite.Headers("Content-Length"); !slices.Equal(got, []string{fmt.Sprint(len(siptest.SDP))}) || invite.Body() != siptest.SDP {
		t.Errorf("Content-Length is %q, body %q", got, invite.Body())
	}
	reversed, udp := siptest.TCP(t), siptest.UDP(t)
	reversed.Invite(e.tcp, udp.URI("bob"))
	m := udp.Expect("INVITE ")
	udp.Reply(m, strings.Replace(udp.Response(m, 486, "Busy Here"), "Content-Length: 0\r\n", "", 1))
	if got := reversed.ExpectSkipping100("SIP/2.0 486").Headers("Content-Length"); !slices.Equal(got, []string{"0"}) {
		t.Errorf("Content-Length of the answer is %q", got)
	}
}

// TestPassedThroughHasAContentLength is the same for what a policy passes on.
func TestPassedThroughHasAContentLength(t *testing.T) {
	t.Parallel()
	caller, server := siptest.TCP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(server.URI("")), func(o *Options) {
		o.Embedded = answers(&responseT{Action: &redirectv1.DecideResponse_PassThrough{PassThrough: &redirectv1.PassThrough{}}})
	})
	caller.Invite(e.tcp, "sip:bob@example.com")
	m := server.Expect("INVITE ")
	server.Reply(m, strings.Replace(server.Response(m, 302, "Moved", "Contact: <sip:x@y>"), "Content-Length: 0\r\n", "", 1))
	server.Expect("ACK ")
	if got := caller.ExpectSkipping100("SIP/2.0 302").Headers("Content-Length"); !slices.Equal(got, []string{"0"}) {
		t.Errorf("Content-Length of the 302 is %q", got)
	}
}

// TestCallerDisconnectsBeforeTheAnswer lets the call go on to its end (16.9): the
// answer goes to the port of the Via, over a new connection (18.2.2).
func TestCallerDisconnectsBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	caller, server, target := siptest.TCP(t), siptest.UDP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(server.URI("")))
	caller.Invite(e.tcp, "sip:bob@example.com")
	first := server.Expect("INVITE ")
	caller.Expect("SIP/2.0 100")
	caller.Disconnect(e.tcp)
	eventually(t, "the edge sees that the connection is gone", func() bool {
		alive := true
		e.table.Each(func(rc *responseContext) { alive = rc.upstream.Alive() })
		return !alive
	})
	server.Respond(first, 302, "Moved Temporarily", "Contact: <"+target.URI("bob")+">")
	server.Expect("ACK ")
	target.Respond(target.Expect("INVITE "), 486, "Busy Here")
	target.Expect("ACK ")
	if m := caller.Expect("SIP/2.0 486"); m.From == e.tcp {
		t.Errorf("the 486 came over the connection that was closed")
	}
	answer(t, e, caller, server, "sip:bob@example.com")
}

// TestConnectionFailureGoesToTheNextContact has one that is refused, and one that
// is closed before any response.
func TestConnectionFailureGoesToTheNextContact(t *testing.T) {
	t.Parallel()
	caller, server := siptest.UDP(t), siptest.UDP(t)
	refused, closed, target := siptest.TCP(t), siptest.TCP(t), siptest.TCP(t)
	refused.Close()
	e := startEdge(t, nextHop(server.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	server.Respond(server.Expect("INVITE "), 302, "Moved Temporarily",
		"Contact: <"+refused.URI("a")+">", "Contact: <"+closed.URI("b")+">", "Contact: <"+target.URI("c")+">")
	server.Expect("ACK ")
	closed.Expect("INVITE ")
	closed.Close()
	target.Respond(target.Expect("INVITE "), 200, "OK")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 200"))
	target.Expect("ACK ")
	line := e.log.find(t, "redirected call")
	if strings.Count(line, "transport_error") != 2 {
		t.Errorf("want two transport errors in %s", line)
	}
}

// TestAllConnectionsFail ends with the mapped code: no target has said anything.
func TestAllConnectionsFail(t *testing.T) {
	t.Parallel()
	caller, server, refused := siptest.UDP(t), siptest.UDP(t), siptest.TCP(t)
	refused.Close()
	e := startEdge(t, nextHop(server.URI("")))
	call := caller.Invite(e.udp, "sip:bob@example.com")
	server.Respond(server.Expect("INVITE "), 302, "Moved Temporarily", "Contact: <"+refused.URI("a")+">")
	server.Expect("ACK ")
	call.Ack(caller.ExpectSkipping100("SIP/2.0 480"))
}

// TestTooLargeOverTCP is answered 513, and the connection ends there: nobody reads
// so much (21.5.7).
func TestTooLargeOverTCP(t *testing.T) {
	t.Parallel()
	caller, target := siptest.TCP(t), siptest.UDP(t)
	e := startEdge(t, nextHop(target.URI("")))
	caller.Invite(e.tcp, "sip:bob@example.com", siptest.Body(strings.Repeat("x", 70000)))
	caller.Expect("SIP/2.0 513 Message Too Large")
	caller.Disconnected(e.tcp, siptest.Timeout)
	target.Silent(10 * time.Millisecond)
}
