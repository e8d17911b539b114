package transport

import (
	"log/slog"
	"time"
)

// Config says where to listen and what to bear. A zero value stands for the
// default.
type Config struct {
	Listen []Address
	// Advertise is the host that stands in Via and Record-Route instead of the
	// local address: a name or an address, which is for listeners of its family only.
	// Empty: the local address itself.
	Advertise string
	// AdvertiseAt is that of single listeners.
	AdvertiseAt map[Address]string
	TLS         TLSConfig // needed by listeners of TLS and WSS

	MaxConnections          int // accepted and made, in all; default 10,000
	MaxConnectionsPerSource int // accepted from one IPv4 address or IPv6 /64; default 1,000

	// HandshakeTimeout is for a peer that has connected to be done with TLS and the
	// upgrade to WebSocket, together; default 5 s. DialTimeout has them in it.
	HandshakeTimeout time.Duration

	IdleTimeout    time.Duration // without a message or keep-alive in either direction; default 5 min
	MessageTimeout time.Duration // from the first byte of a message to its last; default 10 s
	WriteTimeout   time.Duration // for a peer to take what is being written; default 5 s
	DialTimeout    time.Duration // default 4 s
	QueueBytes     int           // waiting to be written on one connection; default 1 MiB
	QueuesBytes    int           // on all of them together; default 256 MiB

	Logger *slog.Logger // default: none
}

// advertised is the host that stands for a listener; empty: the local address.
func (c Config) advertised(a Address) string {
	if host, ok := c.AdvertiseAt[a]; ok {
		return plainHost(host)
	}
	host := plainHost(c.Advertise)
	if ip, ok := asIP(host); ok && ip.Is4() != a.AddrPort.Addr().Is4() {
		return ""
	}
	return host
}

// plainHost is a host without brackets, and an IPv4 address in its own form.
func plainHost(host string) string {
	if ip, ok := asIP(host); ok {
		return ip.String()
	}
	return host
}

// ClientAuth says what is asked of a peer that connects by TLS.
type ClientAuth string

// What may be asked of a peer that connects by TLS.
const (
	ClientAuthNone    ClientAuth = "none"    // no certificate; the default
	ClientAuthRequest ClientAuth = "request" // one that is verified if it comes
	ClientAuthRequire ClientAuth = "require" // one that verifies
)

// TLSConfig names the files of the certificates of listeners and of connections that
// are made. What they hold may change at any time.
type TLSConfig struct {
	Cert, Key string // PEM: our certificate with its chain, and its key
	// CA holds the roots that peers are verified by (PEM). Empty: the system's.
	CA         string
	ClientAuth ClientAuth
}

func (c Config) withDefaults() Config {
	orDefault(&c.MaxConnections, 10_000)
	orDefault(&c.MaxConnectionsPerSource, 1_000)
	orDefault(&c.HandshakeTimeout, 5*time.Second)
	orDefault(&c.IdleTimeout, 5*time.Minute)
	orDefault(&c.MessageTimeout, 10*time.Second)
	orDefault(&c.WriteTimeout, 5*time.Second)
	orDefault(&c.DialTimeout, 4*time.Second)
	orDefault(&c.QueueBytes, 1<<20)
	orDefault(&c.QueuesBytes, 256<<20)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

func orDefault[T ~int | ~int64](v *T, def T) {
	if *v <= 0 {
		*v = def
	}
}
