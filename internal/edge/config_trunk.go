package edge

import (
	"net/netip"
	"time"

	"github.com/redirectd/redirectd/internal/edge/transport"
)

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

// Oversize says how a request goes that is too big for UDP, over 1,300 bytes.
type Oversize string

// How a request goes whose target is reached by UDP, and which is too big for it.
const (
	OversizeTCP Oversize = "tcp" // by TCP, and by UDP if TCP is refused (RFC 3261 section 18.1.1)
	OversizeUDP Oversize = "udp" // by UDP all the same, in fragments
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
	// a decision says "onward". Default: none, and such a target is refused.
	Onward []string
	// ResponseTimeout is how long each next hop may say nothing, 100 ms to 32 s.
	// Default: 64*T1, 32 s.
	ResponseTimeout time.Duration
	// Role of the next hop. Default RoleProxy.
	Role Role
	// RecurseFrom says whose 3xx are put to the policy. Default RecurseFromAny.
	RecurseFrom RecurseFrom
	// Oversize says how its requests go that are too big for UDP. Default
	// OversizeTCP.
	Oversize Oversize
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
