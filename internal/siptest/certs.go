package siptest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// CA is a certificate authority that lives as long as the test.
type CA struct {
	File string         // its certificate, PEM
	Pool *x509.CertPool // its certificate alone

	tb   testing.TB
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// Pair is a certificate and its key, ready to use.
type Pair struct {
	Cert, Key string // files, PEM
	TLS       tls.Certificate
}

// NewCA makes an authority with a key of its own.
func NewCA(tb testing.TB) *CA {
	tb.Helper()
	ca := &CA{tb: tb}
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: "test authority"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	ca.key = ca.newKey()
	der, err := x509.CreateCertificate(rand.Reader, template, template, ca.key.Public(), ca.key)
	if err != nil {
		tb.Fatalf("authority cannot be made: %v", err)
	}
	if ca.cert, err = x509.ParseCertificate(der); err != nil {
		tb.Fatalf("authority cannot be read: %v", err)
	}
	ca.File = filepath.Join(tb.TempDir(), "ca.pem")
	ca.writePEM(ca.File, "CERTIFICATE", der)
	ca.Pool = x509.NewCertPool()
	ca.Pool.AddCert(ca.cert)
	return ca
}

// Issue makes a certificate for names, valid now, for servers and clients:
// "sip:example.com" becomes a URI, "127.0.0.1" an address, "CN=example.com" the
// common name, and anything else a DNS name.
func (ca *CA) Issue(names ...string) Pair {
	ca.tb.Helper()
	return ca.IssueAs(func(*x509.Certificate) {}, names...)
}

// IssueAs is Issue with a last change to the certificate before it is signed.
func (ca *CA) IssueAs(change func(*x509.Certificate), names ...string) Pair {
	ca.tb.Helper()
	template := &x509.Certificate{
		SerialNumber: serial(),
		NotBefore:    time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	for _, name := range names {
		ca.addName(template, name)
	}
	change(template)
	key := ca.newKey()
	der, err := x509.CreateCertificate(rand.Reader, template, ca.cert, key.Public(), ca.key)
	if err != nil {
		ca.tb.Fatalf("certificate for %q cannot be made: %v", names, err)
	}
	return ca.write(der, key)
}

func (ca *CA) addName(c *x509.Certificate, name string) {
	ca.tb.Helper()
	commonName, isCommon := strings.CutPrefix(name, "CN=")
	ip := net.ParseIP(name)
	switch {
	case isCommon:
		c.Subject.CommonName = commonName
	case ip != nil:
		c.IPAddresses = append(c.IPAddresses, ip)
	case strings.Contains(name, ":"):
		u, err := url.Parse(name)
		if err != nil {
			ca.tb.Fatalf("certificate for %q: %v", name, err)
		}
		c.URIs = append(c.URIs, u)
	default:
		c.DNSNames = append(c.DNSNames, name)
	}
}

func (ca *CA) write(der []byte, key *ecdsa.PrivateKey) Pair {
	ca.tb.Helper()
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		ca.tb.Fatalf("key cannot be written: %v", err)
	}
	dir := ca.tb.TempDir()
	p := Pair{Cert: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem")}
	ca.writePEM(p.Cert, "CERTIFICATE", der)
	ca.writePEM(p.Key, "PRIVATE KEY", keyDER)
	if p.TLS, err = tls.LoadX509KeyPair(p.Cert, p.Key); err != nil {
		ca.tb.Fatalf("pair cannot be read: %v", err)
	}
	return p
}

func (ca *CA) writePEM(file, kind string, der []byte) {
	ca.tb.Helper()
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		ca.tb.Fatal(err)
	}
}

func (ca *CA) newKey() *ecdsa.PrivateKey {
	ca.tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		ca.tb.Fatalf("key cannot be made: %v", err)
	}
	return key
}

func serial() *big.Int {
	n, _ := rand.Int(rand.Reader, big.NewInt(1<<62)) // rand.Reader does not fail
	return n
}
