package edge

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/redirectd/redirectd/internal/edge/locate"
	"github.com/redirectd/redirectd/internal/edge/transport"
)

type hop = locate.Hop

// maxDatagram is the largest request that goes by UDP without having tried a
// congestion-controlled transport first, if the path MTU is not known (18.1.1).
const maxDatagram = 1300

// upgradeDialTimeout is how long to wait for TCP when only the size of a request
// asks for it.
const upgradeDialTimeout = time.Second

// reach finds a way to a target and sends the request: at once if its host is an
// address and no connection is missing, otherwise when that is known.
func (rc *responseContext) reach(b *branch) {
	uri := b.target.hop()
	if hops, ok := rc.edge.resolver.Known(uri); ok {
		rc.connect(b, hops)
		return
	}
	unresolvable := func(err error) { rc.unresolvable(b, err) }
	rc.wait(unresolvable, func(ctx context.Context) (func(), error) {
		hops, err := rc.edge.resolver.Lookup(ctx, uri)
		return func() { rc.connect(b, hops) }, err
	})
}

// connect sends the request to the first of the hops that it can be sent to. A
// name may lead to this edge just as an address may.
func (rc *responseContext) connect(b *branch, hops []hop) {
	own := 0
	for i, h := range hops {
		if rc.edge.sockets.IsOwn(h.Kind, h.Addr) {
			own++
			continue
		}
		b.rest = hops[i+1:]
		if rc.connectTo(b, h) {
			return
		}
	}
	if own > 0 && own == len(hops) {
		rc.refuseLate(b, &refused{"own_address", b.target.hop().Text + " leads to this edge itself"})
		return
	}
	rc.unreachable(b, errNoSocket)
}

// connectTo sends the request to one hop, and reports whether it is on its way.
func (rc *responseContext) connectTo(b *branch, h hop) bool {
	prefer := rc.upstream.Local
	if flow, ok := rc.edge.sockets.Flow(h, prefer); ok {
		b.flow = flow
		if !rc.build(b) {
			return true
		}
		if h.Kind == transport.UDP && len(b.sent) > maxDatagram && rc.edge.sockets.HasKind(transport.TCP, h.Addr.Addr()) {
			return rc.upgrade(b, h)
		}
		rc.launch(b)
		return true
	}
	if h.Kind == transport.UDP || !rc.edge.sockets.HasKind(h.Kind, h.Addr.Addr()) {
		return false
	}
	rc.dial(b, h, 0, func(err error) { rc.nextHopOf(b, err) })
	return true
}

// upgrade sends a request that is too big for UDP by TCP, and by UDP if TCP is
// refused (18.1.1).
func (rc *responseContext) upgrade(b *branch, h hop) bool {
	udp, tcp := b.flow, hop{Kind: transport.TCP, Addr: h.Addr}
	if flow, ok := rc.edge.sockets.Flow(tcp, netip.AddrPort{}); ok {
		rc.sendOn(b, flow)
		return true
	}
	rc.dial(b, tcp, upgradeDialTimeout, func(error) {
		rc.sendOn(b, udp)
	})
	return true
}

// dial connects and sends the request, or calls failed.
func (rc *responseContext) dial(b *branch, h hop, timeout time.Duration, failed func(error)) {
	rc.wait(failed, func(ctx context.Context) (func(), error) {
		if timeout > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, timeout)
			defer cancel()
		}
		flow, err := rc.edge.sockets.Dial(ctx, h)
		return func() { rc.sendOn(b, flow) }, err
	})
}

// nextHopOf goes on with the other addresses of a target after one failed
// (RFC 3263 section 4.3).
func (rc *responseContext) nextHopOf(b *branch, err error) {
	if len(b.rest) == 0 {
		rc.unreachable(b, err)
		return
	}
	rc.connect(b, b.rest)
}

// wait runs work on a goroutine, without the lock, and then what it returns, or
// failed, with the lock, unless that has become worthless. Too many at once fail
// at once: nothing queues without a bound.
func (rc *responseContext) wait(failed func(error), work func(context.Context) (func(), error)) {
	select {
	case rc.edge.waiting <- struct{}{}:
	default:
		failed(errTooManyWaiting)
		return
	}
	rc.supersede()
	generation := rc.generation
	ctx, cancel := context.WithCancel(rc.edge.ctx)
	rc.abort, rc.waitingFor = cancel, "network"
	rc.edge.wg.Go(func() {
		defer rc.edge.survive()
		defer func() { <-rc.edge.waiting }()
		defer cancel()
		then, err := safely(ctx, work)
		rc.mu.Lock()
		defer rc.leave()
		if rc.generation != generation || rc.final {
			return
		}
		rc.supersede()
		if err != nil {
			failed(err)
			return
		}
		then()
	})
}

// safely turns a panic of work into an error.
func safely(ctx context.Context, work func(context.Context) (func(), error)) (then func(), err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	return work(ctx)
}
