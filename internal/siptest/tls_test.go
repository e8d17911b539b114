package siptest

import (
	"strings"
	"testing"
)

// TestTLSPeers: two peers over TLS, in both directions of one connection.
func TestTLSPeers(t *testing.T) {
	ca := NewCA(t)
	a, b := TLS(t, ca, ca.Issue("a.example")), TLS(t, ca, ca.Issue("b.example"))
	a.Send(b.Addr(), "OPTIONS "+b.URI("bob")+" SIP/2.0\nVia: SIP/2.0/TLS a.example;branch=z9hG4bK1\nContent-Length: auto\n\n")
	m := b.Expect("OPTIONS ")
	if !strings.HasSuffix(m.RequestURI(), ";transport=tls") {
		t.Errorf("URI %s", m.RequestURI())
	}
	b.Respond(m, 200, "OK")
	if r := a.Expect("SIP/2.0 200 "); r.From != b.Addr() {
		t.Errorf("answer from %s, want %s", r.From, b.Addr())
	}
}

// TestWebSocketPeers: the same over WebSocket, where messages need no length.
func TestWebSocketPeers(t *testing.T) {
	ca := NewCA(t)
	pair := ca.Issue("127.0.0.1")
	for name, peer := range map[string]func() *Peer{
		"ws":  func() *Peer { return WS(t) },
		"wss": func() *Peer { return WSS(t, ca, pair) },
	} {
		t.Run(name, func(t *testing.T) {
			a, b := peer(), peer()
			a.Send(b.Addr(), "OPTIONS "+b.URI("bob")+" SIP/2.0\nVia: SIP/2.0/WS a.example;branch=z9hG4bK1\n\n")
			m := b.Expect("OPTIONS ")
			if !strings.HasSuffix(m.RequestURI(), ";transport="+name) || m.From != a.Connect(b.Addr()) {
				t.Errorf("URI %s from %s", m.RequestURI(), m.From)
			}
			b.Respond(m, 200, "OK")
			if r := a.Expect("SIP/2.0 200 "); r.From != b.Addr() {
				t.Errorf("answer from %s, want %s", r.From, b.Addr())
			}
			a.Disconnect(b.Addr())
			b.Disconnected(m.From, Timeout)
		})
	}
}
