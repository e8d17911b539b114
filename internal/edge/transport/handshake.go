package transport

import (
	"crypto/tls"
	"fmt"
	"time"
)

// welcome takes the peer's side of an accepted connection through what its kind
// begins with, within HandshakeTimeout. It runs on the connection's own
// goroutine: who is silent here delays nobody.
func (c *conn) welcome() error {
	defer c.allowWriting(0)
	deadline := time.Now().Add(c.set.cfg.HandshakeTimeout)
	_ = c.raw.SetDeadline(deadline)
	if c.stopping.Load() { // stop came first, and its deadline has just been overwritten
		_ = c.raw.SetDeadline(time.Now())
	}
	if c.flow.Kind.Secure() {
		if err := c.secure(tls.Server(c.raw, c.set.creds.accepting())); err != nil {
			return err
		}
	}
	if c.flow.Kind.isWebSocket() {
		return c.acceptUpgrade()
	}
	return nil
}

// shakeHands is our side of it, on a connection that we have made. Closing the
// connection ends it.
func (c *conn) shakeHands(to Destination) error {
	if to.Kind.Secure() {
		if err := c.secure(tls.Client(c.raw, c.set.creds.connecting(to.Name))); err != nil {
			return err
		}
	}
	if to.Kind.isWebSocket() {
		return c.requestUpgrade(to)
	}
	return nil
}

// secure makes the TLS handshake and keeps what it shows of the peer.
func (c *conn) secure(t *tls.Conn) error {
	if err := t.Handshake(); err != nil {
		return fmt.Errorf("TLS handshake: %w", err)
	}
	c.nc = t
	if certs := t.ConnectionState().PeerCertificates; len(certs) > 0 { // VerifyConnection has verified it
		c.identities = identities(certs[0])
		c.names = append(addresses(certs[0]), c.identities...)
	}
	return nil
}

func (s *Set) handshakeFailed(f Flow, err error) {
	if s.isClosed() {
		return
	}
	if count := s.failures.count(); count > 0 {
		s.log.Info("handshakes failed", "count", count, "flow", f.String(), "error", err)
	}
}
