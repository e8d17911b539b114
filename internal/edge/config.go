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
	// NextHop is the SIP URI that every request outside a dialog goes to.
	// Default: its Route or its Request-URI.
	NextHop string
	// Profile is the policy's profile of calls that no trunk names one for.
	// Default: the policy's own.
	Profile string
	// Trunks are the peers that may send requests outside a dialog. Default:
	// whoever reaches a loopback listener.
	Trunks []Trunk
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

// Trunk is a peer that may send requests outside a dialog.
type Trunk struct {
	Name string
	// From are the addresses it sends from.
	From []netip.Prefix
	// NextHop and Profile override those of the edge.
	NextHop, Profile string
	// ForwardCredentials sends the caller's Authorization and Proxy-Authorization
	// to targets of a redirect too. Default: only to the first target.
	ForwardCredentials bool
	// Attributes go to the policy as they are.
	Attributes map[string]string
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
	hops := []struct{ key, uri string }{{"next_hop", c.NextHop}}
	for _, t := range c.Trunks {
		if len(t.From) == 0 {
			return fmt.Errorf("trunk %s: from is empty: want at least one address or network", t.Name)
		}
		hops = append(hops, struct{ key, uri string }{"trunk " + t.Name + ": next_hop", t.NextHop})
	}
	for _, h := range hops {
		if err := checkHop(h.uri); err != nil {
			return fmt.Errorf("%s: %w", h.key, err)
		}
	}
	return nil
}

// checkHop says why a URI can't be a next hop.
func checkHop(text string) error {
	if text == "" {
		return nil
	}
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
