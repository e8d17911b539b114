package edge

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/redirectd/redirectd/internal/edge/locate"
	"github.com/redirectd/redirectd/internal/edge/transaction"
	"github.com/redirectd/redirectd/internal/edge/transport"
	"github.com/redirectd/redirectd/internal/sipuri"
)

// Config holds every knob of an edge. The zero value of a field means the
// default that its comment names. [LoadConfig] reads one from a file.
type Config struct {
	// Listen are the addresses to listen on. Default: 127.0.0.1:5060, UDP and
	// TCP. Without Trunks only loopback addresses are allowed.
	Listen []transport.Address
	// Advertise is the host that stands in Via and Record-Route. Default: the
	// local address.
	Advertise string
	// Admin is the address of the admin listener, which is not the edge's own
	// business. Default: whoever starts the edge says.
	Admin string
	// NextHop are the SIP URIs that every request outside a dialog goes to, tried
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
	// Secrets key the MAC in Record-Route, at most 8; the first one signs, all
	// verify. Edges that serve the same dialogs share them. Default: a random
	// one of this process.
	Secrets [][]byte
	// Policy says how the policy is asked.
	Policy PolicyConfig
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

// Role says what the next hop of a trunk is.
type Role string

// What the next hop of a trunk can be.
const (
	// RoleProxy is any server; only a 3xx of it is put to the policy.
	RoleProxy Role = "proxy"
	// RoleRedirectServer gives advice and nothing else: every final response of
	// it from 300 up is put to the policy.
	RoleRedirectServer Role = "redirect-server"
)

// RecurseFrom says whose 3xx are put to the policy.
type RecurseFrom string

// Whose 3xx are put to the policy.
const (
	RecurseFromAny     RecurseFrom = "any"      // those of targets too, to the depth of Limits.Nesting
	RecurseFromNextHop RecurseFrom = "next_hop" // those of the next hop only; others go upstream
)

// Trunk is a peer that may send requests outside a dialog. A request is of the
// first trunk whose criteria - From, Listeners, TLSNames - all hold, as far as
// they are given; at least one is.
type Trunk struct {
	Name string
	// From are the addresses it sends from.
	From []netip.Prefix
	// Listeners are those that its requests arrive at.
	Listeners []transport.Address
	// TLSNames are the domains of which its verified certificate must have one
	// (RFC 5922 section 7.1).
	TLSNames []string
	// NextHop are SIP URIs, tried in that order until one can be reached, and
	// Profile is the policy's profile. Both override those of the edge.
	NextHop []string
	Profile string
	// Onward are the SIP URIs of the trunk's own route: where a request goes when
	// a decision says "onward". Default: its Request-URI.
	Onward []string
	// ResponseTimeout is how long each next hop may say nothing, 100 ms to 32 s.
	// Default: 64*T1, 32 s.
	ResponseTimeout time.Duration
	// Role of the next hop. Default RoleProxy.
	Role Role
	// RecurseFrom says whose 3xx are put to the policy. Default RecurseFromAny.
	RecurseFrom RecurseFrom
	// Methods that it may send outside a dialog. Default: all.
	Methods []string
	// ForwardCredentials sends the caller's Authorization and Proxy-Authorization
	// to targets of a redirect too. Default: only to the first target, and to the
	// one that asked for them.
	ForwardCredentials bool
	// ShownHeaders and AllowedHeaders override those of the edge.
	ShownHeaders, AllowedHeaders []string
	// Limits override those of the edge where they are not 0.
	Limits TrunkLimits
	// Targets override those of the edge.
	Targets *Targets
	// Attributes go to the policy as they are.
	Attributes map[string]string
}

// TrunkLimits are limits of one trunk; 0 means the limit of the edge.
type TrunkLimits struct {
	Attempts, Nesting int           // as in [Limits]
	SetupTime         time.Duration // as in [Limits]
	// Transactions of the trunk that may be in progress at once, finished ones
	// that still absorb retransmissions included. 0: only the edge's limit.
	Transactions int
}

// Targets say which addresses requests may go to that no configuration names:
// targets of decisions, Request-URIs and routes of callers. They are checked
// after DNS.
type Targets struct {
	// Allow are the networks that are allowed. Default: all.
	Allow []netip.Prefix
	// Deny are networks that are not, whatever Allow says.
	Deny []netip.Prefix
	// Ports that are allowed. Default: all.
	Ports []PortRange
}

// PortRange is a range of ports, both ends included.
type PortRange struct{ First, Last uint16 }

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
}

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
	// Addresses of one target that are tried, 1 to 16. Default 4.
	Addresses int
	// Waiting is how many calls may wait for DNS or a connection at once.
	// Default 1,000.
	Waiting int
}

// DefaultShownHeaders are shown to the policy unless the configuration says
// otherwise. Of a 3xx it sees all.
var DefaultShownHeaders = []string{
	"History-Info", "Diversion", "Privacy", "P-Asserted-Identity", "Reason", "Request-Disposition",
}

// DefaultAllowedHeaders may be touched by a decision unless the configuration
// says otherwise.
var DefaultAllowedHeaders = []string{
	"Identity", "Reason", "History-Info", "Diversion", "P-Asserted-Identity", "Date", "X-*",
}

func (c *Config) setDefaults() {
	if len(c.Listen) == 0 {
		loopback := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), 5060)
		c.Listen = []transport.Address{{Kind: transport.UDP, AddrPort: loopback}, {Kind: transport.TCP, AddrPort: loopback}}
	}
	orDefault(&c.Policy.Timeout, 200*time.Millisecond)
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

// Validate says what is wrong with a configuration beyond the range of a single
// value.
func (c *Config) Validate() error {
	if len(c.Trunks) == 0 {
		for _, l := range c.Listen {
			if !l.AddrPort.Addr().IsLoopback() {
				return fmt.Errorf("listen: %s is no loopback address: without trunks the edge would relay for everybody; configure trunks", l)
			}
		}
	}
	if err := checkHops("next_hop", c.NextHop); err != nil {
		return err
	}
	for _, t := range c.Trunks {
		if len(t.From) == 0 {
			return fmt.Errorf("trunk %s: from is empty: want at least one address or network", t.Name)
		}
		if err := checkHops("trunk "+t.Name+": next_hop", t.NextHop); err != nil {
			return err
		}
	}
	return nil
}

func checkHops(key string, uris []string) error {
	for _, uri := range uris {
		if err := checkHop(uri); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	return nil
}

// checkHop says why a URI can't be a next hop.
func checkHop(text string) error {
	uri, err := sipuri.Parse(text)
	if err != nil {
		return fmt.Errorf("%q: %w", text, err)
	}
	if !uri.IsSIP() {
		return fmt.Errorf("%q is no SIP URI (sip:HOST:PORT)", text)
	}
	if _, err := locate.Kind(&uri); err != nil {
		return fmt.Errorf("%q: %w", text, err)
	}
	return nil
}
