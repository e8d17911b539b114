package transport

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"

	"github.com/gobwas/ws"
)

const (
	subprotocol = "sip"    // RFC 7118 section 4.1
	upgradeMax  = 16 << 10 // bytes of HTTP that a peer may need for the upgrade
)

var errNoSubprotocol = errors.New(`peer does not speak the subprotocol "sip" over its WebSocket`)

// limited reads no more than the upgrade may need.
func (c *conn) limited() io.ReadWriter {
	return struct {
		io.Reader
		io.Writer
	}{io.LimitReader(c.nc, upgradeMax), c.nc}
}

// acceptUpgrade answers a client's upgrade to WebSocket (RFC 6455 section 4.2).
// One that does not offer the subprotocol is told so.
func (c *conn) acceptUpgrade() error {
	offered := false
	upgrader := ws.Upgrader{
		Protocol: func(p []byte) bool {
			ok := string(p) == subprotocol
			offered = offered || ok
			return ok
		},
		OnBeforeUpgrade: func() (ws.HandshakeHeader, error) {
			if offered {
				return nil, nil
			}
			return nil, ws.RejectConnectionError(ws.RejectionStatus(http.StatusBadRequest),
				ws.RejectionReason(`want the WebSocket subprotocol "sip" (RFC 7118): Sec-WebSocket-Protocol: sip`))
		},
	}
	if _, err := upgrader.Upgrade(c.limited()); err != nil {
		return fmt.Errorf("upgrade to WebSocket: %w", err)
	}
	return nil
}

// requestUpgrade is the client's side of it (RFC 6455 section 4.1).
func (c *conn) requestUpgrade(to Destination) error {
	host := to.Name
	if ip, ok := asIP(host); ok {
		host = ip.String()
	}
	if host == "" {
		host = to.Addr.Addr().WithZone("").String()
	}
	dialer := ws.Dialer{Protocols: []string{subprotocol}}
	early, hs, err := dialer.Upgrade(c.limited(), &url.URL{
		Scheme: to.Kind.String(), Host: net.JoinHostPort(host, strconv.Itoa(int(to.Addr.Port()))), Path: "/",
	})
	if early != nil { // frames that came with the answer
		c.early, _ = io.ReadAll(io.LimitReader(early, int64(early.Buffered())))
		ws.PutReader(early)
	}
	switch {
	case err != nil:
		return fmt.Errorf("upgrade to WebSocket: %w", err)
	case hs.Protocol != subprotocol:
		return errNoSubprotocol
	}
	return nil
}
