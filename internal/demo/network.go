package demo

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/redirectd/redirectd/internal/edge"
	"github.com/redirectd/redirectd/internal/edge/transport"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/policyrpc"
	"github.com/redirectd/redirectd/internal/version"
)

// edgeName stands over the column of whichever edge takes a call.
const edgeName = "sipedge"

// policyTimeout is how long an edge waits for a decision. The default is 200 ms;
// here it is no fault of the edge if the machine has other things to do.
const policyTimeout = time.Second

// edgeKind is which edge takes a call. They differ in one setting each.
type edgeKind int

const (
	remotePolicy   edgeKind = iota // asks redirectd
	disabled                       // asks redirectd, with the profile no-redirect
	embeddedPolicy                 // decides in process
)

// network is everything that the demo starts.
type network struct {
	wire      *wiretap
	minutes   *minutes
	caller    *caller
	players   []*peer // all that speak SIP, the edges aside
	builtin   *policy.Builtin
	redirectd *redirectd
	client    *policyrpc.Client
	edges     map[edgeKind]*edge.Edge
	names     map[netip.AddrPort]string // of players and edges
}

// start starts the players, then redirectd, then the edges. On an error nothing
// is left running.
func start(ctx context.Context, o *Options) (*network, error) {
	n := &network{
		wire: newWiretap(), minutes: &minutes{},
		edges: map[edgeKind]*edge.Edge{}, names: map[netip.AddrPort]string{},
	}
	err := n.startPlayers(ctx)
	if err == nil {
		err = n.startPolicy()
	}
	for _, kind := range []edgeKind{remotePolicy, disabled, embeddedPolicy} {
		if err == nil {
			err = n.startEdge(kind, o) //nolint:contextcheck // an edge lives until it is closed
		}
	}
	if err != nil {
		n.close(ctx)
		return nil, err
	}
	return n, nil
}

func (n *network) startPlayers(ctx context.Context) error {
	for _, member := range cast {
		p, err := newPeer(member.name, n.wire)
		if err != nil {
			return err
		}
		if member.plays == nil {
			n.caller = &caller{p}
		}
		n.players = append(n.players, p)
		n.names[p.addr()] = p.name
	}
	for i, p := range n.players { // now that every address is known
		if plays := cast[i].plays; plays != nil {
			plays(n, p)
		}
		if err := p.serve(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (n *network) startPolicy() error {
	cfg, err := policy.ParseConfig("policy.yaml", []byte(policies))
	if err != nil {
		return err
	}
	n.builtin = policy.NewBuiltin(cfg)
	if n.redirectd, err = startRedirectd(n.builtin); err != nil {
		return err
	}
	n.client, err = policyrpc.Dial(n.redirectd.addr, policyrpc.ClientOptions{})
	return err
}

func (n *network) startEdge(kind edgeKind, o *Options) error {
	listen, err := transport.ParseAddress("udp://127.0.0.1:0")
	if err != nil {
		return err
	}
	options := edge.Options{
		Config: edge.Config{
			Listen:   []transport.Address{listen},
			NextHop:  []string{n.expand("sip:{north}")},
			Instance: "demo",
			Policy:   edge.PolicyConfig{Timeout: policyTimeout, OnUnavailable: edge.Map},
		},
		Embedded: n.minutes.around(byEmbedded, o.bend(n.builtin)),
		Version:  version.String(),
	}
	if kind != embeddedPolicy {
		options.Policy = n.minutes.around(byRedirectd, o.bend(n.client))
	}
	if kind == disabled {
		options.Config.Profile = "no-redirect"
	}
	if o.configure != nil {
		o.configure(n, &options.Config)
	}
	e, err := edge.Start(options)
	if err != nil {
		return fmt.Errorf("%s: %w", edgeName, err)
	}
	n.edges[kind] = e
	n.names[n.edgeAddr(kind)] = edgeName
	return nil
}

func (n *network) edgeAddr(kind edgeKind) netip.AddrPort { return n.edges[kind].Listeners()[0].Addr }

// expand puts the addresses of players in the place of their names: {carol}.
func (n *network) expand(text string) string {
	for _, p := range n.players {
		text = strings.ReplaceAll(text, "{"+p.name+"}", p.addr().String())
	}
	return text
}

// close ends everything, the edges first: nobody is asked after its end.
func (n *network) close(ctx context.Context) {
	for _, e := range n.edges {
		e.Close()
	}
	if n.client != nil {
		_ = n.client.Close()
	}
	if n.redirectd != nil {
		_ = n.redirectd.stop(ctx)
	}
	for _, p := range n.players {
		p.close()
	}
}
