package transport

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
)

const upgradeRequest = "GET / HTTP/1.1\r\nHost: edge.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"

// connectWS connects and upgrades, by hand.
func connectWS(t *testing.T, to netip.AddrPort) net.Conn {
	t.Helper()
	nc := connect(t, to)
	send(t, nc, upgradeRequest+"Sec-WebSocket-Protocol: chat, sip\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n")
	head := upgraded(t, nc)
	for _, want := range []string{"HTTP/1.1 101 ", "\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n", "\r\nSec-WebSocket-Protocol: sip\r\n"} {
		if !strings.Contains(head, want) {
			t.Fatalf("no %q in the answer %q", want, head)
		}
	}
	if strings.Contains(head, "deflate") {
		t.Fatalf("compression was agreed on: %q", head)
	}
	return nc
}

// upgraded reads the head of an HTTP answer and not a byte more.
func upgraded(t *testing.T, nc net.Conn) string {
	t.Helper()
	var head strings.Builder
	for !strings.HasSuffix(head.String(), "\r\n\r\n") {
		b := read(t, nc, 1)
		if b == "" {
			t.Fatalf("closed after %q", head.String())
		}
		head.WriteString(b)
	}
	return head.String()
}

// TestUpgradeRefused: what is no upgrade for SIP is answered so that its sender
// knows why.
func TestUpgradeRefused(t *testing.T) {
	for _, tc := range []struct{ name, send, want, why string }{
		{"no subprotocol", upgradeRequest + "\r\n", "HTTP/1.1 400 ", `want the WebSocket subprotocol "sip"`},
		{"other subprotocol", upgradeRequest + "Sec-WebSocket-Protocol: chat, SIP2\r\n\r\n", "HTTP/1.1 400 ", `want the WebSocket subprotocol "sip"`},
		{"no upgrade", "GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", "HTTP/1.1 400 ", "upgrade"},
		{"old version", strings.Replace(upgradeRequest, "13", "8", 1) + "\r\n", "HTTP/1.1 426 ", ""},
		{"method", strings.Replace(upgradeRequest, "GET", "POST", 1) + "\r\n", "HTTP/1.1 405 ", ""},
		{"SIP", options("1", 0), "", ""},
		{"endless", upgradeRequest + strings.Repeat("X: y\r\n", 10000), "", ""},
		{"endless line", strings.Repeat("x", 100000), "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newSink()
			s := serve(t, Config{}, r, "ws://127.0.0.1:0")
			nc := connect(t, s.addr(0))
			_, _ = nc.Write([]byte(tc.send)) // may be cut short
			_ = nc.SetReadDeadline(time.Now().Add(wait))
			got, err := io.ReadAll(nc)
			if !strings.HasPrefix(string(got), tc.want) || tc.want == "" && len(got) > 0 && !strings.HasPrefix(string(got), "HTTP/1.1 ") || isTimeout(err) {
				t.Errorf("answer %q (%v), want %q", got, err, tc.want)
			}
			if !strings.Contains(strings.ToLower(string(got)), strings.ToLower(tc.why)) {
				t.Errorf("answer %q does not say %q", got, tc.why)
			}
			_ = nc.Close()
			s.Shutdown()
			if len(r.received)+len(r.failures) > 0 {
				t.Error("it was told")
			}
		})
	}
}

// acceptOf is Sec-WebSocket-Accept for a key (RFC 6455 section 4.2.2).
func acceptOf(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// wsServer answers one upgrade with these bytes.
func wsServer(t *testing.T, answer string) netip.AddrPort {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	go func() {
		nc, err := ln.Accept()
		if err != nil {
			return
		}
		defer func() { _ = nc.Close() }()
		r := bufio.NewReader(nc)
		var key string
		for line := "x"; line != "\r\n"; {
			if line, err = r.ReadString('\n'); err != nil {
				return
			}
			if value, ok := strings.CutPrefix(line, "Sec-WebSocket-Key: "); ok {
				key = strings.TrimSpace(value)
			}
		}
		_, _ = io.WriteString(nc, strings.ReplaceAll(answer, "KEY", acceptOf(key)))
		_, _ = io.Copy(io.Discard, r)
	}()
	return ln.Addr().(*net.TCPAddr).AddrPort()
}

// TestDialWebSocket: which answers make a connection; and frames that come with
// the answer are not lost.
func TestDialWebSocket(t *testing.T) {
	const yes = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: KEY\r\n"
	early, _ := ws.CompileFrame(ws.NewTextFrame([]byte(options("1", 0))))
	wrong, _ := ws.CompileFrame(ws.MaskFrame(ws.NewTextFrame([]byte(options("1", 0)))))
	for _, tc := range []struct{ name, answer, want string }{
		{"with a message", yes + "Sec-WebSocket-Protocol: sip\r\n\r\n" + string(early), ""},
		{"with a masked one", yes + "Sec-WebSocket-Protocol: sip\r\n\r\n" + string(wrong), "mask"},
		{"no subprotocol", yes + "\r\n", `subprotocol "sip"`},
		{"other subprotocol", yes + "Sec-WebSocket-Protocol: chat\r\n\r\n", "protocol"},
		{"no key", strings.Replace(yes, "KEY", "x", 1) + "\r\n", "Accept"},
		{"refused", "HTTP/1.1 403 Forbidden\r\n\r\n", "403"},
		{"endless", yes + strings.Repeat("X: y\r\n", 10000), "EOF"},
		{"not HTTP", "SIP/2.0 400 Bad Request\r\n\r\n", "HTTP"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newSink()
			s := serve(t, Config{}, r, "ws://127.0.0.1:0")
			_, err := s.Dial(t.Context(), Destination{Kind: WS, Addr: wsServer(t, tc.answer)})
			if err == nil && tc.name == "with a masked one" {
				err = r.failure(t).err
			}
			if tc.want != "" {
				if err == nil || !strings.Contains(err.Error(), tc.want) {
					t.Errorf("%v, want %q", err, tc.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := r.next(t); got.raw != options("1", 0) {
				t.Errorf("received %q", got.raw)
			}
		})
	}
}
