package siptest

import (
	"crypto/tls"
	"testing"
)

// TLS is a peer that listens on a free port of 127.0.0.1 and speaks TLS. It shows
// its pair to whoever it connects to or is connected by, and asks for a
// certificate of its authority; whether one comes, and whose it is, it does not
// mind.
func TLS(tb testing.TB, ca *CA, pair Pair) *Peer {
	tb.Helper()
	return TLSWith(tb, peerTLS(ca, pair))
}

// TLSWith is TLS with a configuration of the test's. As a client the peer takes
// every certificate: it is not the peer that is tested.
func TLSWith(tb testing.TB, config *tls.Config) *Peer {
	tb.Helper()
	config = config.Clone()
	config.InsecureSkipVerify = true
	return start(tb, "tls", "127.0.0.1:0", config)
}

func peerTLS(ca *CA, pair Pair) *tls.Config {
	return &tls.Config{
		Certificates: []tls.Certificate{pair.TLS}, ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: ca.Pool,
		InsecureSkipVerify: true,
	}
}
