package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"

	"github.com/redirectd/redirectd/internal/edge/transport"
)

// checkTLS reads the files of the certificates.
func checkTLS(c transport.TLSConfig) error {
	if c.Cert != "" && c.Key != "" {
		if _, err := tls.LoadX509KeyPair(c.Cert, c.Key); err != nil {
			return fmt.Errorf("tls: cert %s, key %s: %w", c.Cert, c.Key, err)
		}
	}
	if c.CA == "" {
		return nil
	}
	roots, err := os.ReadFile(c.CA)
	if err == nil && !x509.NewCertPool().AppendCertsFromPEM(roots) {
		err = fmt.Errorf("no certificate is in %s", c.CA)
	}
	if err != nil {
		return fmt.Errorf("tls: ca: %w", err)
	}
	return nil
}
