package transport

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// reloadEvery is how often the files are looked into, when there are handshakes.
const reloadEvery = time.Second

// credentials are our certificate and the roots of our peers as the files of a
// TLSConfig held them when they were last good. They are safe for concurrent use.
type credentials struct {
	cfg     TLSConfig
	log     *slog.Logger
	current atomic.Pointer[loaded]

	mu      sync.Mutex
	checked time.Time
	bad     digest // what was found last and could not be used
}

// digest tells contents of the three files from others.
type digest [sha256.Size]byte

// loaded is one state of the files. It does not change.
type loaded struct {
	digest digest
	pair   *tls.Certificate // nil: none
	roots  *x509.CertPool   // nil: the system's
	server *tls.Config
}

// CheckTLS reports what of a TLSConfig cannot be used: a word that is unknown, a
// file that cannot be read or does not hold what it should, a key that does not
// belong to its certificate. All fields empty is no error.
func CheckTLS(cfg TLSConfig) error {
	_, err := newCredentials(cfg, slog.New(slog.DiscardHandler))
	return err
}

func newCredentials(cfg TLSConfig, log *slog.Logger) (*credentials, error) {
	switch cfg.ClientAuth {
	case "", ClientAuthNone, ClientAuthRequest, ClientAuthRequire:
	default:
		return nil, fmt.Errorf("tls.client_auth %q is unknown: want none, request or require", cfg.ClientAuth)
	}
	if (cfg.Cert == "") != (cfg.Key == "") {
		return nil, errors.New("tls.cert and tls.key are needed together: only one of them is given")
	}
	c := &credentials{cfg: cfg, log: log}
	return c, c.reload()
}

// fresh is the newest good state of the files, which are looked into at most once
// in reloadEvery. What is wrong with them is logged once.
func (c *credentials) fresh() *loaded {
	if !c.mu.TryLock() {
		return c.current.Load() // somebody is looking
	}
	defer c.mu.Unlock()
	if time.Since(c.checked) < reloadEvery {
		return c.current.Load()
	}
	known := c.bad
	if err := c.look(); err != nil && c.bad != known {
		c.log.Error("certificates cannot be used, the last good ones stay", "error", err)
	}
	return c.current.Load()
}

// reload takes what the files hold now, or says why it cannot be used.
func (c *credentials) reload() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.look()
}

// look reads the files. c.mu is held.
func (c *credentials) look() error {
	c.checked = time.Now()
	f, err := readFiles(c.cfg)
	before := c.current.Load()
	if err == nil && before != nil && before.digest == f.digest {
		c.bad = digest{}
		return nil
	}
	var l *loaded
	if err == nil {
		l, err = f.parse(c.cfg)
	}
	if err != nil {
		c.bad = f.digest
		return err
	}
	c.bad = digest{}
	c.current.Store(l)
	if before != nil {
		c.log.Info("certificates reloaded", "cert", c.cfg.Cert, "ca", c.cfg.CA)
	}
	return nil
}

// files is what the files of a TLSConfig hold; nil where none is named.
type files struct {
	cert, key, ca []byte
	digest        digest
}

// readFiles reads all files also after an error, which counts for the digest.
func readFiles(cfg TLSConfig) (f files, first error) {
	h := sha256.New()
	for _, one := range []struct {
		option, name string
		into         *[]byte
	}{{"tls.cert", cfg.Cert, &f.cert}, {"tls.key", cfg.Key, &f.key}, {"tls.ca", cfg.CA, &f.ca}} {
		if one.name == "" {
			continue
		}
		b, err := os.ReadFile(one.name)
		if err != nil && first == nil {
			first = fmt.Errorf("%s: %w", one.option, err)
		}
		*one.into = b
		_, _ = fmt.Fprintf(h, "%d %x %v\n", len(b), sha256.Sum256(b), err)
	}
	f.digest = digest(h.Sum(nil))
	return f, first
}

func (f *files) parse(cfg TLSConfig) (*loaded, error) {
	l := &loaded{digest: f.digest}
	if cfg.Cert != "" {
		pair, err := tls.X509KeyPair(f.cert, f.key)
		if err != nil {
			return nil, fmt.Errorf("tls.cert %s with tls.key %s: %w", cfg.Cert, cfg.Key, err)
		}
		l.pair = &pair
	}
	if cfg.CA != "" {
		roots, err := readRoots(f.ca)
		if err != nil {
			return nil, fmt.Errorf("tls.ca %s: %w", cfg.CA, err)
		}
		l.roots = roots
	}
	l.server = l.serverConfig(cfg.ClientAuth)
	return l, nil
}

var errNoCertificate = errors.New("holds no certificate: want at least one in PEM, -----BEGIN CERTIFICATE-----")

// readRoots is strict where x509.CertPool passes over what it cannot read: a
// root that is missing shows only when a peer is refused.
func readRoots(b []byte) (*x509.CertPool, error) {
	pool, count := x509.NewCertPool(), 0
	for block, rest := pem.Decode(b); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		count++
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d: %w", count, err)
		}
		pool.AddCert(c)
	}
	if count == 0 {
		return nil, errNoCertificate
	}
	return pool, nil
}
