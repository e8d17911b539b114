package transport

import "net/netip"

// Destination is where a message is to be sent. It is a comparable value.
type Destination struct {
	Kind Kind
	Addr netip.AddrPort
	// Name is the domain or the address that the certificate of the peer must be
	// for (RFC 5922 section 7): the host of the URI that led here, in lower case,
	// before NAPTR and SRV. It is empty where the transport is not secure.
	Name string
}

// canonical makes equal values of what is the same destination.
func (d Destination) canonical() Destination {
	d.Addr, d.Name = unmap(d.Addr), domain(d.Name)
	if !d.Kind.Secure() {
		d.Name = ""
	}
	return d
}

// String is for logs and errors: "tls 192.0.2.1:5061 (sip.example.com)".
func (d Destination) String() string {
	s := d.Kind.String() + " " + d.Addr.String()
	if d.Name != "" {
		s += " (" + d.Name + ")"
	}
	return s
}
