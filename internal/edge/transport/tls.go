package transport

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
)

var (
	errNoName = errors.New("no name that the certificate of the peer must be for")
	errUsage  = errors.New("extended key usage is for neither serverAuth nor sipDomain nor anything")
	errNoPeer = errors.New("peer has shown no certificate")
)

// needs reports an error if a listener cannot do without a certificate.
func (c TLSConfig) needs(listen []Address) error {
	for _, a := range listen {
		if a.Kind.Secure() && (c.Cert == "" || c.Key == "") {
			return fmt.Errorf("tls.cert and tls.key are needed by %s", a)
		}
	}
	return nil
}

// accepting is the configuration of all listeners: each handshake takes the
// certificates of its moment.
func (c *credentials) accepting() *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) { return c.fresh().server, nil },
	}
}

func (l *loaded) serverConfig(auth ClientAuth) *tls.Config {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12, ClientCAs: l.roots}
	if l.pair != nil {
		cfg.Certificates = []tls.Certificate{*l.pair}
	}
	switch auth {
	case ClientAuthRequest:
		cfg.ClientAuth = tls.RequestClientCert
	case ClientAuthRequire:
		cfg.ClientAuth = tls.RequireAnyClientCert
	case ClientAuthNone:
	}
	// Package tls would want clientAuth of a client's certificate, so its chain is
	// verified here. This is run for resumed sessions too.
	cfg.VerifyConnection = func(cs tls.ConnectionState) error {
		if len(cs.PeerCertificates) == 0 {
			return nil // ClientAuth has let it pass
		}
		return l.verify(cs.PeerCertificates, true)
	}
	return cfg
}

// connecting is the configuration for a connection to a peer whose certificate
// must be for name.
func (c *credentials) connecting(name string) *tls.Config {
	l := c.fresh()
	cfg := &tls.Config{
		MinVersion: tls.VersionTLS12,
		// RFC 5922 has other rules for names than package tls: VerifyConnection is
		// never left out, and checks the chain and the name.
		InsecureSkipVerify: true,
		VerifyConnection: func(cs tls.ConnectionState) error {
			if err := l.verify(cs.PeerCertificates, false); err != nil {
				return err
			}
			return checkName(cs.PeerCertificates[0], name)
		},
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			if l.pair == nil {
				return &tls.Certificate{}, nil
			}
			return l.pair, nil
		},
	}
	if _, isIP := asIP(name); !isIP {
		cfg.ServerName = domain(name)
	}
	return cfg
}

func checkName(c *x509.Certificate, name string) error {
	if isFor(c, name) {
		return nil
	}
	names := append(identities(c), addresses(c)...)
	return fmt.Errorf("certificate of the peer is for %q: want %q", strings.Join(names, ", "), name)
}

// verify finds a chain from a peer's certificate to a root, all of which may be
// used for SIP.
func (l *loaded) verify(certs []*x509.Certificate, client bool) error {
	if len(certs) == 0 {
		return errNoPeer
	}
	between := x509.NewCertPool()
	for _, c := range certs[1:] {
		between.AddCert(c)
	}
	chains, err := certs[0].Verify(x509.VerifyOptions{
		Roots: l.roots, Intermediates: between,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}, // package x509 does not know sipDomain
	})
	if err != nil {
		return err
	}
	for _, chain := range chains {
		if chainServes(chain, client) {
			return nil
		}
	}
	return errUsage
}

func chainServes(chain []*x509.Certificate, client bool) bool {
	for _, c := range chain {
		if !serves(c, client) {
			return false
		}
	}
	return true
}
