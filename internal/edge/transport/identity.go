package transport

import (
	"crypto/x509"
	"encoding/asn1"
	"net"
	"net/netip"
	"slices"
	"strings"
)

var (
	oidSubjectAltName = asn1.ObjectIdentifier{2, 5, 29, 17}
	oidSIPDomain      = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 20} // RFC 5924 section 4
)

// identities are the SIP domain identities of a certificate (RFC 5922 section
// 7.1), in lower case: the hosts of its URIs "sip:host"; without any URI of that
// scheme its DNS names; and without a subjectAltName the common name. A wildcard
// is no identity (section 7.2).
func identities(c *x509.Certificate) []string {
	names, found := sipURIs(c)
	if !found {
		names = c.DNSNames
	}
	if !hasAltName(c) {
		names = []string{c.Subject.CommonName}
	}
	var domains []string
	for _, name := range names {
		name = domain(name)
		if name != "" && !strings.Contains(name, "*") && !slices.Contains(domains, name) {
			domains = append(domains, name)
		}
	}
	return domains
}

// sipURIs are the hosts of the URIs of a certificate that have the scheme sip and
// no user; found says whether there is one of that scheme at all.
func sipURIs(c *x509.Certificate) (hosts []string, found bool) {
	for _, u := range c.URIs {
		if u.Scheme != "sip" { // package url has lowered it
			continue
		}
		found = true
		rest, _, _ := strings.Cut(u.Opaque, ";")
		if strings.Contains(u.Opaque, "@") {
			continue
		}
		if host, _, err := net.SplitHostPort(rest); err == nil {
			rest = host
		}
		hosts = append(hosts, rest)
	}
	return hosts, found
}

func hasAltName(c *x509.Certificate) bool {
	for _, e := range c.Extensions {
		if e.Id.Equal(oidSubjectAltName) {
			return true
		}
	}
	return false
}

// domain is a domain as it is compared: in lower case, without the root's dot.
func domain(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

// isFor reports whether a certificate is for a name, which is a domain or an IP
// address: that one is compared with the addresses of the certificate only.
func isFor(c *x509.Certificate, name string) bool {
	if ip, ok := asIP(name); ok {
		return slices.Contains(addresses(c), ip.String())
	}
	return slices.Contains(identities(c), domain(name))
}

// asIP reads an IP address, in brackets or not.
func asIP(name string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(strings.Trim(name, "[]"))
	return a.Unmap(), err == nil
}

// addresses are the IP addresses that a certificate is for, as text.
func addresses(c *x509.Certificate) (list []string) {
	for _, ip := range c.IPAddresses {
		if a, ok := netip.AddrFromSlice(ip); ok {
			list = append(list, a.Unmap().String())
		}
	}
	return list
}

// serves reports whether a certificate may be used for SIP: one without an
// extended key usage may, one with some if any of them is for it (RFC 5924
// section 4). A server's certificate is good for a client as well: a SIP domain
// has one for both.
func serves(c *x509.Certificate, client bool) bool {
	if len(c.ExtKeyUsage)+len(c.UnknownExtKeyUsage) == 0 {
		return true
	}
	return slices.ContainsFunc(c.ExtKeyUsage, func(u x509.ExtKeyUsage) bool {
		return u == x509.ExtKeyUsageAny || u == x509.ExtKeyUsageServerAuth || client && u == x509.ExtKeyUsageClientAuth
	}) || slices.ContainsFunc(c.UnknownExtKeyUsage, oidSIPDomain.Equal)
}
