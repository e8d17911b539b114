package siptest

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"testing"
	"time"
)

// TestIssue: what is issued has the names that were asked for, and verifies by
// its authority alone.
func TestIssue(t *testing.T) {
	ca := NewCA(t)
	p := ca.IssueAs(func(c *x509.Certificate) { c.NotAfter = time.Now().Add(time.Minute) },
		"sip:a.example", "b.example", "127.0.0.1", "CN=c.example")
	leaf := p.TLS.Leaf
	if leaf.URIs[0].String() != "sip:a.example" || leaf.DNSNames[0] != "b.example" ||
		!leaf.IPAddresses[0].Equal(net.IPv4(127, 0, 0, 1)) || leaf.Subject.CommonName != "c.example" {
		t.Errorf("certificate for %v %v %v %s", leaf.URIs, leaf.DNSNames, leaf.IPAddresses, leaf.Subject.CommonName)
	}
	if time.Until(leaf.NotAfter) > time.Minute {
		t.Errorf("valid until %s: the change was not made", leaf.NotAfter)
	}
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: ca.Pool}); err != nil {
		t.Error(err)
	}
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: NewCA(t).Pool}); err == nil {
		t.Error("it verifies by another authority")
	}
	if _, err := tls.LoadX509KeyPair(p.Cert, p.Key); err != nil {
		t.Error(err)
	}
}
