package transport

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/siptest"
)

// TestServerName: whose certificate is good for which name (RFC 5922 section 7.2).
func TestServerName(t *testing.T) {
	ca := siptest.NewCA(t)
	usage := func(known []x509.ExtKeyUsage, other ...asn1.ObjectIdentifier) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.ExtKeyUsage, c.UnknownExtKeyUsage = known, other }
	}
	for _, tc := range []struct {
		name string
		pair siptest.Pair
		dial string
		want string // of the error; empty: none
	}{
		{"DNS name", ca.Issue("a.example"), "a.example", ""},
		{"in any case", ca.Issue("A.Example"), "a.EXAMPLE.", ""},
		{"other name", ca.Issue("b.example"), "a.example", `certificate of the peer is for "b.example": want "a.example"`},
		{"wildcard", ca.Issue("*.example"), "a.example", `want "a.example"`},
		{"its own wildcard", ca.Issue("*.example"), "*.example", `want "*.example"`},
		{"URI", ca.Issue("sip:a.example"), "a.example", ""},
		{"URI before DNS name", ca.Issue("sip:b.example", "a.example"), "a.example", `is for "b.example"`},
		{"URI with a user", ca.Issue("sip:x@a.example", "a.example"), "a.example", `want "a.example"`},
		{"URI of another scheme", ca.Issue("https://b.example/", "a.example"), "a.example", ""},
		{"common name", ca.Issue("CN=a.example"), "a.example", ""},
		{"common name beside a DNS name", ca.Issue("CN=a.example", "b.example"), "a.example", `is for "b.example"`},
		{"common name beside an address", ca.Issue("CN=a.example", "127.0.0.1"), "a.example", `is for "127.0.0.1"`},
		{"address", ca.Issue("127.0.0.1"), "127.0.0.1", ""},
		{"IPv6 address", ca.Issue("2001:db8::1"), "[2001:db8::1]", ""},
		{"address as DNS name", ca.Issue("CN=127.0.0.1"), "127.0.0.1", `want "127.0.0.1"`},
		{"expired", ca.IssueAs(func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }, "a.example"), "a.example", "expired"},
		{"unknown authority", siptest.NewCA(t).Issue("a.example"), "a.example", "unknown authority"},
		{"for SIP", ca.IssueAs(usage(nil, oidSIPDomain), "a.example"), "a.example", ""},
		{"for anything", ca.IssueAs(usage([]x509.ExtKeyUsage{x509.ExtKeyUsageAny}), "a.example"), "a.example", ""},
		{"for no use in particular", ca.IssueAs(usage(nil), "a.example"), "a.example", ""},
		{"for clients", ca.IssueAs(usage([]x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}), "a.example"), "a.example", "extended key usage"},
		{"no name to check", ca.Issue("a.example"), "", "no name"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := siptest.TLS(t, ca, tc.pair)
			s := serve(t, secured(ca, ca.Issue("127.0.0.1"), ClientAuthNone), newSink(), "tls://127.0.0.1:0")
			f, err := s.Dial(t.Context(), Destination{Kind: TLS, Addr: p.Addr(), Name: tc.dial})
			if tc.want != "" {
				if err == nil || !strings.Contains(err.Error(), tc.want) {
					t.Errorf("%v, want %q", err, tc.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := f.Send([]byte(options("1", 0))); err != nil {
				t.Fatal(err)
			}
			p.Expect("OPTIONS ")
		})
	}
}

// TestHello: what a server learns of us: its own name, never an address, and our
// certificate if it asks; and no older TLS than 1.2.
func TestHello(t *testing.T) {
	ca := siptest.NewCA(t)
	ours := ca.Issue("sip:edge.example")
	s := serve(t, secured(ca, ours, ClientAuthNone), newSink(), "tls://127.0.0.1:0")
	for name, want := range map[string]string{"a.example": "a.example", "127.0.0.1": ""} {
		states := make(chan tls.ConnectionState, 1)
		p := siptest.TLSWith(t, &tls.Config{
			Certificates: []tls.Certificate{ca.Issue(name).TLS}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: ca.Pool,
			VerifyConnection: func(cs tls.ConnectionState) error { states <- cs; return nil },
		})
		f, err := s.Dial(t.Context(), Destination{Kind: TLS, Addr: p.Addr(), Name: name})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(f.Identities(), name) && want != "" || f.Accepted() {
			t.Errorf("identities %q, accepted %v", f.Identities(), f.Accepted())
		}
		if cs := <-states; cs.ServerName != want || !cs.PeerCertificates[0].Equal(ours.TLS.Leaf) {
			t.Errorf("%s: server name %q, want %q; our certificate %v", name, cs.ServerName, want, cs.PeerCertificates[0].URIs)
		}
	}
	old := siptest.TLSWith(t, &tls.Config{Certificates: []tls.Certificate{ca.Issue("a.example").TLS}, MaxVersion: tls.VersionTLS11})
	if _, err := s.Dial(t.Context(), Destination{Kind: TLS, Addr: old.Addr(), Name: "a.example"}); err == nil {
		t.Error("TLS 1.1 was spoken")
	}
}
