package transport

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/redirectd/redirectd/internal/edge/message"
	"github.com/redirectd/redirectd/internal/siptest"
)

// masked is a frame as a client sends it.
func masked(op ws.OpCode, fin bool, payload string) string {
	b, _ := ws.CompileFrame(ws.MaskFrame(ws.NewFrame(op, fin, []byte(payload))))
	return string(b)
}

// frame reads one.
func frame(t *testing.T, nc net.Conn) ws.Frame {
	t.Helper()
	_ = nc.SetReadDeadline(time.Now().Add(wait))
	h, err := ws.ReadHeader(nc)
	if err != nil {
		t.Fatal(err)
	}
	payload := make([]byte, h.Length)
	if _, err := io.ReadFull(nc, payload); err != nil {
		t.Fatal(err)
	}
	return ws.Frame{Header: h, Payload: payload}
}

// TestWebSocket: messages in both directions, by both ends, over both kinds.
func TestWebSocket(t *testing.T) {
	ca := siptest.NewCA(t)
	pair := ca.Issue("127.0.0.1")
	for kind, peer := range map[Kind]func() *siptest.Peer{
		WS:  func() *siptest.Peer { return siptest.WS(t) },
		WSS: func() *siptest.Peer { return siptest.WSS(t, ca, pair) },
	} {
		t.Run(kind.String(), func(t *testing.T) {
			r := newSink()
			s := serve(t, secured(ca, pair, ClientAuthNone), r, freePort("tcp", "127.0.0.1"), freePort(kind.String(), "127.0.0.1"))
			p := peer()
			from := p.Connect(s.addr(1))
			noLength := strings.Replace(options("1", 0), "Content-Length: 0\r\n", "", 1)
			p.SendBytes(s.addr(1), []byte(noLength))
			got := r.next(t)
			if got.raw != noLength || got.err != nil || got.flow.Kind != kind || got.flow.Remote != from || !got.flow.Accepted() {
				t.Errorf("received %q, %v on %s", got.raw, got.err, got.flow)
			}
			if found, ok := s.Flow(Destination{Kind: kind, Addr: from}, netip.AddrPort{}); ok != (kind == WS) || ok && found != got.flow {
				t.Errorf("flow to it: %s, %v", found, ok)
			}
			if err := got.flow.Send([]byte("SIP/2.0 200 OK\r\nNote: \xff\r\n\r\n")); err != nil {
				t.Fatal(err)
			}
			if m := p.Expect("SIP/2.0 200 "); m.Header("Note") != "\xff" {
				t.Errorf("came as %q", m.Raw)
			}
			p.Disconnect(s.addr(1))
			r.failure(t)

			other := peer()
			f, err := s.Dial(t.Context(), Destination{Kind: kind, Addr: other.Addr(), Name: "127.0.0.1"})
			if err != nil {
				t.Fatal(err)
			}
			large := options("2", message.MaxSize-len(options("2", 10000))+10000)
			if err := f.Send([]byte(large)); err != nil {
				t.Fatal(err)
			}
			m := other.Expect("OPTIONS ")
			if m.Raw != large || m.From != f.Local || s.SentBy(f) != s.addr(1).String() || f.Accepted() {
				t.Errorf("%d bytes came from %s, sent-by %s", len(m.Raw), m.From, s.SentBy(f))
			}
			other.Respond(m, 200, "OK")
			if got := r.next(t); got.flow != f || got.err != nil {
				t.Errorf("answer on %s, %v", got.flow, got.err)
			}
		})
	}
}

// TestTextIsUTF8: what is not goes in a binary frame (RFC 7118 section 5.1).
func TestTextIsUTF8(t *testing.T) {
	for text, want := range map[string]ws.OpCode{"Note: \xc3\xa9\r\n": ws.OpText, "Note: \xff\r\n": ws.OpBinary} {
		h, err := ws.ReadHeader(bytes.NewReader(new(conn).wrap([]byte(text))))
		if err != nil || h.OpCode != want {
			t.Errorf("%q: opcode %v, %v, want %v", text, h.OpCode, err, want)
		}
	}
}

// TestFrames: what a client may do, and what each is answered.
func TestFrames(t *testing.T) {
	one, keepAlive := options("1", 30), "\r\n"
	for _, tc := range []struct {
		name     string
		send     string
		received []string
		answers  []ws.Frame
	}{
		{"text", masked(ws.OpText, true, one), []string{one}, nil},
		{"binary", masked(ws.OpBinary, true, one+"\xff"), []string{one}, nil},
		{"two at once", masked(ws.OpText, true, one) + masked(ws.OpText, true, one), []string{one, one}, nil},
		{"fragments", masked(ws.OpText, false, one[:7]) + masked(ws.OpContinuation, false, "") + masked(ws.OpContinuation, false, one[7:50]) +
			masked(ws.OpContinuation, true, one[50:]), []string{one}, nil},
		{
			"ping between fragments", masked(ws.OpText, false, one[:7]) + masked(ws.OpPing, true, "x") + masked(ws.OpContinuation, true, one[7:]),
			[]string{one},
			[]ws.Frame{ws.NewPongFrame([]byte("x"))},
		},
		{"ping", masked(ws.OpPing, true, "hello"), nil, []ws.Frame{ws.NewPongFrame([]byte("hello"))}},
		{"empty ping", masked(ws.OpPing, true, ""), nil, []ws.Frame{ws.NewPongFrame(nil)}},
		{"pong", masked(ws.OpPong, true, "hello"), nil, nil},
		{"keep-alive", masked(ws.OpText, true, "\r\n\r\n"), nil, []ws.Frame{ws.NewTextFrame([]byte(keepAlive))}},
		{"line end", masked(ws.OpText, true, keepAlive) + masked(ws.OpText, true, ""), nil, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newSink()
			s := serve(t, Config{}, r, "ws://127.0.0.1:0")
			nc := connectWS(t, s.addr(0))
			end := options("end", 0)
			send(t, nc, tc.send+masked(ws.OpText, true, end)+masked(ws.OpClose, true, "\x03\xe8bye"))
			for _, want := range append(tc.received, end) {
				if got := r.next(t); !strings.HasPrefix(got.raw, want) {
					t.Fatalf("received %q, want %q", got.raw, want)
				}
			}
			for _, want := range append(tc.answers, ws.NewCloseFrame([]byte("\x03\xe8"))) {
				got := frame(t, nc)
				if got.Header != want.Header || !bytes.Equal(got.Payload, want.Payload) {
					t.Errorf("answer %+v %q, want %+v %q", got.Header, got.Payload, want.Header, want.Payload)
				}
			}
			closed(t, nc)
			if f := r.failure(t); !strings.Contains(f.err.Error(), "1000 bye") {
				t.Errorf("ended for %v", f.err)
			}
		})
	}
}

// TestBadFrames: each ends its connection with the status that says why.
func TestBadFrames(t *testing.T) {
	big := options("1", message.MaxSize)
	unmasked, _ := ws.CompileFrame(ws.NewTextFrame([]byte("x")))
	for _, tc := range []struct {
		name, send string
		status     ws.StatusCode
		told       bool // as a message that cannot be read
	}{
		{"too large", masked(ws.OpText, true, big), ws.StatusMessageTooBig, true},
		{"too large in fragments", masked(ws.OpText, false, big[:60000]) + masked(ws.OpContinuation, true, big[60000:]), ws.StatusMessageTooBig, true},
		{"too large to be true", "\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00" + big, ws.StatusMessageTooBig, true},
		{"length of 64 bits", "\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00", ws.StatusProtocolError, false},
		{"not masked", string(unmasked), ws.StatusProtocolError, false},
		{"not UTF-8", masked(ws.OpText, true, "OPTIONS \xff"), ws.StatusInvalidFramePayloadData, false},
		{"reserved bit", "\xc1" + masked(ws.OpText, true, "x")[1:], ws.StatusProtocolError, false},
		{"reserved opcode", masked(3, true, "x"), ws.StatusProtocolError, false},
		{"continuation of nothing", masked(ws.OpContinuation, true, "x"), ws.StatusProtocolError, false},
		{"fragmented ping", masked(ws.OpPing, false, "x"), ws.StatusProtocolError, false},
		{"long ping", masked(ws.OpPing, true, strings.Repeat("x", 126)), ws.StatusProtocolError, false},
		{"message in a message", masked(ws.OpText, false, "x") + masked(ws.OpText, true, "x"), ws.StatusProtocolError, false},
		{"status that is none", masked(ws.OpClose, true, "\x00\x01"), ws.StatusProtocolError, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newSink()
			s := serve(t, Config{}, r, "ws://127.0.0.1:0")
			nc := connectWS(t, s.addr(0))
			send(t, nc, tc.send)
			got := frame(t, nc)
			if status, _ := ws.ParseCloseFrameData(got.Payload); got.Header.OpCode != ws.OpClose || status != tc.status {
				t.Errorf("answer %+v %q, want a close with %d", got.Header, got.Payload, tc.status)
			}
			closed(t, nc)
			_ = nc.Close()
			r.failure(t)
			if told := len(r.received) > 0; told != tc.told {
				t.Errorf("told %v, want %v", told, tc.told)
			}
		})
	}
}

// TestWebSocketTimes: silence and half a message, which pings do not prolong.
func TestWebSocketTimes(t *testing.T) {
	const short = 300 * time.Millisecond
	for name, tc := range map[string]struct {
		cfg        Config
		send, want string
	}{
		"silence":       {Config{IdleTimeout: short}, masked(ws.OpPing, true, ""), "was silent for 300ms"},
		"half a frame":  {Config{MessageTimeout: short}, masked(ws.OpText, true, options("1", 0))[:50], "was not complete after 300ms"},
		"half a header": {Config{MessageTimeout: short}, "\x81", "was not complete after 300ms"},
		"fragment":      {Config{MessageTimeout: short}, masked(ws.OpText, false, "OPTIONS"), "was not complete after 300ms"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newSink()
			s := serve(t, tc.cfg, r, "ws://127.0.0.1:0")
			nc := connectWS(t, s.addr(0))
			send(t, nc, tc.send)
			if name == "fragment" {
				for range 5 {
					<-time.After(short / 5)
					_, _ = nc.Write([]byte(masked(ws.OpPing, true, "")))
				}
			}
			if f := r.failure(t); !strings.Contains(f.err.Error(), tc.want) {
				t.Errorf("ended for %v, want %q", f.err, tc.want)
			}
		})
	}
}

// TestWebSocketShutdown: the peer is told that we go away.
func TestWebSocketShutdown(t *testing.T) {
	ca := siptest.NewCA(t)
	r := newSink()
	s := serve(t, secured(ca, ca.Issue("127.0.0.1"), ClientAuthNone), r, "ws://127.0.0.1:0", "wss://127.0.0.1:0")
	over := tls.Client(connect(t, s.addr(1)), &tls.Config{InsecureSkipVerify: true})
	send(t, over, upgradeRequest+"Sec-WebSocket-Protocol: sip\r\n\r\n")
	upgraded(t, over)
	open := []net.Conn{connectWS(t, s.addr(0)), over}
	for _, nc := range open {
		send(t, nc, masked(ws.OpText, true, options("1", 0)))
		r.next(t)
	}
	s.Shutdown()
	for _, nc := range open {
		if f := frame(t, nc); f.Header.OpCode != ws.OpClose || !bytes.Equal(f.Payload, []byte("\x03\xe9")) {
			t.Errorf("last frame %+v %q, want a close with 1001", f.Header, f.Payload)
		}
		closed(t, nc)
	}
}
