package edge

import (
	"net/netip"
	"time"

	"github.com/redirectd/redirectd/internal/callrecord"
	"github.com/redirectd/redirectd/internal/decision"
	"github.com/redirectd/redirectd/internal/edge/transaction"
	"github.com/redirectd/redirectd/internal/edge/transport"
	"github.com/redirectd/redirectd/internal/policy/canary"
	"github.com/redirectd/redirectd/internal/policy/record"
	"github.com/redirectd/redirectd/internal/policy/shadow"
)

// Config holds every knob of an edge. The zero value of a field means the
// default that its comment names. [LoadConfig] reads one from a file.
type Config struct {
	// Listen are the addresses to listen on. Default: 127.0.0.1:5060, UDP and
	// TCP. Without Trunks only loopback addresses are allowed.
	Listen []transport.Address
	// Advertise is the host that stands in Via and Record-Route: a name, or an
	// address, which is for listeners of its family only. Default: the local
	// address.
	Advertise string
	// AdvertiseAt is that of single listeners: an inside and an outside have
	// different ones.
	AdvertiseAt map[transport.Address]string
	// Admin is the address of the admin listener, which is not the edge's own
	// business. Default: whoever starts the edge says.
	Admin string
	// NextHop are the SIP URIs, 16 at most, that every request outside a dialog goes to, tried
	// in that order until one can be reached. Default: its Route or its
	// Request-URI.
	NextHop []string
	// Profile is the policy's profile of calls that no trunk names one for.
	// Default: the policy's own.
	Profile string
	// Trunks are the peers that may send requests outside a dialog. Default:
	// whoever reaches a loopback listener.
	Trunks []Trunk
	// Strangers says what becomes of requests of nobody's trunk. Default Reject.
	Strangers Strangers
	// TLS names the certificates of listeners and of connections that are made.
	TLS transport.TLSConfig
	// DNS says how names are resolved.
	DNS DNSConfig
	// Targets say which addresses requests may go to. Default: all but those of
	// this edge and those that no host has.
	Targets Targets
	// Connections are bounded by these.
	Connections ConnectionLimits
	// Secrets key the MAC in Record-Route, at most 8; the first one signs, all
	// verify. Edges that serve the same dialogs share them. Default: a random
	// one of this process.
	Secrets [][]byte
	// Policy says how the policy is asked.
	Policy PolicyConfig
	// Records say where records of redirected calls go. The edge itself does not
	// read it: who starts the edge opens a [callrecord.Writer].
	Records callrecord.Config
	// Tracing says what the spans of redirected calls show.
	Tracing TracingConfig
	// Limits hold against any peer and any policy.
	Limits Limits
	// ShownHeaders are names of header fields that the policy sees. Default:
	// [DefaultShownHeaders].
	ShownHeaders []string
	// AllowedHeaders are names of header fields that a decision may touch;
	// "X-*" stands for all with that prefix. Default: [DefaultAllowedHeaders].
	AllowedHeaders []string
	// Instance and Zone tell the policy who asks.
	Instance, Zone string
	// Timers are T1, T2 and T4. Default: those of the RFC.
	Timers transaction.Timers
}

// Strangers says what becomes of a request outside a dialog that no trunk sent.
type Strangers string

// What becomes of a stranger's request.
const (
	Reject Strangers = "reject" // 403
	Ignore Strangers = "ignore" // nothing
)

// DNSConfig says how names are resolved (RFC 3263).
type DNSConfig struct {
	// Servers are asked for names. Default: those of the system.
	Servers []netip.AddrPort
	// Timeout of one lookup, 100 ms to 30 s. Default 2 s.
	Timeout time.Duration
	// UnreachableFor is how long an address that could not be reached comes last,
	// 1 s to 1 h. Default 30 s.
	UnreachableFor time.Duration
}

// ConnectionLimits hold for every connection, whoever opened it. 0 stands for the
// default.
type ConnectionLimits struct {
	// Max is how many there may be, 1 to 1,000,000. Default 10,000. PerSource is
	// how many one IPv4 address or IPv6 /64 may open. Default 1,000.
	Max, PerSource int
	// Idle is how long one may carry nothing, 1 s to 24 h. Default 5 min.
	Idle time.Duration
	// Handshake is the time that a peer has for TLS and the upgrade to WebSocket
	// together, 100 ms to 1 min. Default 5 s.
	Handshake time.Duration
	// Message is the time from the first byte of a message to its last, 100 ms to
	// 5 min. Default 10 s.
	Message time.Duration
	// Write is the time that a peer has to take what is being written, 100 ms to
	// 5 min. Default 5 s.
	Write time.Duration
	// Queue is how many bytes may wait to be written on one, 65,536 to
	// 1,073,741,824. Default 1,048,576.
	Queue int
}

// OnUnavailable says what happens when no decision can be had.
type OnUnavailable string

// The three answers to a policy that does not.
const (
	// Map answers with the mapped 4xx: 480 for 302, otherwise 410.
	Map OnUnavailable = "map"
	// Embedded asks the built-in policy.
	Embedded OnUnavailable = "embedded"
	// PassThrough sends the 3xx upstream.
	PassThrough OnUnavailable = "pass_through"
)

// PolicyConfig says how the policy is asked.
type PolicyConfig struct {
	// Target is where a remote policy is; "" or "embedded": the built-in one.
	// The edge itself does not read it: who starts the edge connects it.
	Target string
	// File is the configuration of the built-in policy. Not read by the edge
	// either.
	File string
	// Timeout is how long to wait for a decision, 10 ms to 10 s. Default 200 ms.
	Timeout time.Duration
	// OnUnavailable says what happens when none comes. Default Map.
	OnUnavailable OnUnavailable
	// Shadow is a policy that is asked, too, and whose answers are compared. Nil:
	// none. Canary is one that decides a share of the calls. Nil: none. Who starts the
	// edge puts them together.
	Shadow *shadow.Config
	Canary *canary.Config
	// Record says where questions and answers are recorded. Not read by the edge
	// either.
	Record record.Config
}

// IsEmbedded reports whether a target is the built-in policy.
func IsEmbedded(target string) bool { return target == "" || target == string(Embedded) }

// Limits hold against any peer and any policy.
type Limits struct {
	// Attempts of one call, 1 to 64. Default 64.
	Attempts int
	// Nesting is how many 3xx may lead from one to the next, 1 to 64. Default 10.
	Nesting int
	// SetupTime is how long after the request a new target may be tried.
	// Default 3 min.
	SetupTime time.Duration
	// Decisions that may be outstanding at once. Default 1,000.
	Decisions int
	// Transactions that may be in progress at once. Default 200,000.
	Transactions int
	// Addresses of one target, or of each next hop, that are tried, 1 to 16.
	// Default 4.
	Addresses int
	// Waiting is how many calls may wait for DNS or a connection at once, to
	// one destination a tenth of them. Default 1,000.
	Waiting int
}

// DefaultShownHeaders are shown to the policy unless the configuration says
// otherwise. Of a 3xx it sees all.
var DefaultShownHeaders = []string{
	"History-Info", "Diversion", "Privacy", "P-Asserted-Identity", "Reason", "Request-Disposition",
}

// DefaultAllowedHeaders may be touched by a decision unless the configuration
// says otherwise.
var DefaultAllowedHeaders = decision.DefaultAllowedHeaders

const defaultPolicyTimeout = 200 * time.Millisecond

func (c *Config) setDefaults() {
	c.Listen = c.listen()
	orDefault(&c.Policy.Timeout, defaultPolicyTimeout)
	orDefault(&c.Policy.OnUnavailable, Map)
	orDefault(&c.Limits.Attempts, 64)
	orDefault(&c.Limits.Nesting, 10)
	orDefault(&c.Limits.SetupTime, 3*time.Minute)
	orDefault(&c.Limits.Decisions, 1000)
	orDefault(&c.Limits.Transactions, 200_000)
	orDefault(&c.Limits.Waiting, 1000)
	orDefault(&c.Limits.Addresses, 4)
	orDefault(&c.Strangers, Reject)
	orDefault(&c.Timers, transaction.DefaultTimers)
	if c.ShownHeaders == nil {
		c.ShownHeaders = DefaultShownHeaders
	}
	if c.AllowedHeaders == nil {
		c.AllowedHeaders = DefaultAllowedHeaders
	}
}

func orDefault[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}
