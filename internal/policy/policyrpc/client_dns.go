package policyrpc

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"google.golang.org/grpc/resolver"
)

const (
	// dnsRefresh is how long a new replica may go unnoticed while the old ones
	// work; dnsPause is the least time between two queries, and how soon a
	// query that failed is repeated.
	dnsRefresh = 5 * time.Second
	dnsPause   = time.Second
	dnsTimeout = 5 * time.Second
)

// dnsBuilder is the resolver for dns targets. It stands in for grpc's own, which
// waits up to two minutes after a failed query, gives up working connections
// when a name has no address for a moment (a headless Service whose pods are
// all unready), and never asks again while connections last.
type dnsBuilder struct{}

// Scheme says which targets it resolves.
func (dnsBuilder) Scheme() string { return "dns" }

// Build starts to resolve. The host and port of an authority name the DNS
// server; the system's are asked otherwise.
func (dnsBuilder) Build(target resolver.Target, cc resolver.ClientConn, _ resolver.BuildOptions) (resolver.Resolver, error) {
	host, port, err := net.SplitHostPort(target.Endpoint())
	if err != nil {
		return nil, fmt.Errorf("resolve %q: %w", target.Endpoint(), err)
	}
	ctx, stop := context.WithCancel(context.Background())
	r := &dnsResolver{
		host:  host,
		port:  port,
		cc:    cc,
		names: resolverOf(target.URL.Host),
		now:   make(chan struct{}, 1),
		stop:  stop,
		done:  make(chan struct{}),
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		close(r.done)
		return r, r.update([]netip.Addr{ip})
	}
	go r.watch(ctx)
	return r, nil
}

func resolverOf(server string) *net.Resolver {
	if server == "" {
		return net.DefaultResolver
	}
	if _, _, err := net.SplitHostPort(server); err != nil {
		server = net.JoinHostPort(server, "53")
	}
	var d net.Dialer
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return d.DialContext(ctx, network, server)
	}}
}

// dnsResolver keeps one ClientConn up to date about one name.
type dnsResolver struct {
	host, port string
	cc         resolver.ClientConn
	names      *net.Resolver
	now        chan struct{} // a wish for a query; holds one
	known      []netip.Addr  // what cc was told last
	stop       context.CancelFunc
	done       chan struct{}
}

// ResolveNow wishes for a query: grpc does when a connection is lost.
func (r *dnsResolver) ResolveNow(resolver.ResolveNowOptions) {
	select {
	case r.now <- struct{}{}:
	default:
	}
}

// Close ends the resolver and waits for its end.
func (r *dnsResolver) Close() {
	r.stop()
	<-r.done
}

func (r *dnsResolver) watch(ctx context.Context) {
	defer close(r.done)
	for {
		err := r.query(ctx)
		if !pause(ctx, dnsPause, nil) {
			return
		}
		if err == nil && !pause(ctx, dnsRefresh-dnsPause, r.now) {
			return
		}
	}
}

// query asks once. Addresses that were known stay when the name has none now:
// either they work, or nothing is lost.
func (r *dnsResolver) query(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, dnsTimeout)
	defer cancel()
	addrs, err := r.names.LookupNetIP(ctx, "ip", r.host)
	if err == nil && len(addrs) == 0 {
		err = fmt.Errorf("%s has no address", r.host)
	}
	if err != nil {
		if len(r.known) == 0 {
			r.cc.ReportError(err)
		}
		return err
	}
	for i := range addrs {
		addrs[i] = addrs[i].Unmap()
	}
	slices.SortFunc(addrs, netip.Addr.Compare)
	addrs = slices.Compact(addrs)
	if slices.Equal(addrs, r.known) {
		return nil
	}
	return r.update(addrs)
}

func (r *dnsResolver) update(addrs []netip.Addr) error {
	r.known = addrs
	var state resolver.State
	for _, ip := range addrs {
		a := []resolver.Address{{Addr: net.JoinHostPort(ip.String(), r.port)}}
		state.Addresses = append(state.Addresses, a...)
		state.Endpoints = append(state.Endpoints, resolver.Endpoint{Addresses: a})
	}
	return r.cc.UpdateState(state)
}

// pause waits for d, or for early; false says that ctx has ended.
func pause(ctx context.Context, d time.Duration, early <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-early:
	case <-ctx.Done():
		return false
	}
	return true
}
