package siptest

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"testing"
	"time"

	"golang.org/x/net/websocket"
)

// WS is a peer that listens on a free port of 127.0.0.1 and speaks WebSocket (RFC
// 7118), as a server and as a client.
func WS(tb testing.TB) *Peer {
	tb.Helper()
	return start(tb, "ws", "127.0.0.1:0", nil)
}

// WSS is [WS] over TLS, as in [TLS].
func WSS(tb testing.TB, ca *CA, pair Pair) *Peer {
	tb.Helper()
	return start(tb, "wss", "127.0.0.1:0", peerTLS(ca, pair))
}

// serveWebSockets takes connections until the listener is closed.
func (p *Peer) serveWebSockets() {
	ln := p.ln
	if p.tls != nil {
		ln = tls.NewListener(ln, p.tls)
	}
	server := http.Server{ReadHeaderTimeout: Timeout, Handler: websocket.Server{
		Handshake: func(c *websocket.Config, _ *http.Request) error {
			if !slices.Contains(c.Protocol, "sip") {
				return websocket.ErrBadWebSocketProtocol
			}
			c.Protocol = []string{"sip"}
			return nil
		},
		Handler: func(nc *websocket.Conn) {
			if from, err := netip.ParseAddrPort(nc.Request().RemoteAddr); err == nil {
				<-p.adopt(nc, from, p.addr).closed // the server closes it afterwards
			}
		},
	}}
	_ = server.Serve(ln)
}

// upgrade makes a WebSocket of a connection that the peer has made.
func (p *Peer) upgrade(nc net.Conn, to netip.AddrPort) (net.Conn, error) {
	config, err := websocket.NewConfig(p.network+"://"+to.String()+"/", "http://"+p.addr.String())
	if err != nil {
		return nil, err
	}
	config.Protocol = []string{"sip"}
	ctx, cancel := context.WithTimeout(context.Background(), Timeout)
	defer cancel()
	defer context.AfterFunc(ctx, func() { _ = nc.SetDeadline(time.Now()) })()
	return websocket.NewClient(config, nc)
}

// readMessage reads a message of a WebSocket.
func readMessage(nc *websocket.Conn) (raw []byte, err error) {
	err = websocket.Message.Receive(nc, &raw)
	return raw, err
}
