package edge

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redirectd/redirectd/internal/edge/locate"
	"github.com/redirectd/redirectd/internal/edge/transport"
	"github.com/redirectd/redirectd/internal/sipuri"
)

type hop = locate.Hop

var errUnreachable = errors.New("every address was unreachable a short while ago")

// ways are the addresses of one attempt that are left (RFC 3263 section 4.3).
// They pass from a branch that failed to the next one of the same attempt.
type ways struct {
	hops    []hop        // of the URI that is being tried
	uris    []sipuri.URI // next hops after that
	skipped []sipuri.URI // next hops whose every address was unreachable a short while ago
	insist  bool         // those are being tried after all: there is nothing else
	sent    int          // addresses that the request was sent to
	here    int          // those of them that are of the URI that is being tried
	byUDP   hop          // an address where TCP has failed a request that is too big for UDP
	refusal *refused     // why the last address was no way at all
}

// count counts an address that the request is sent to. limits.addresses is for
// each URI: a next hop that is dead leaves the next one its own.
func (w *ways) count() {
	w.sent++
	w.here++
}

// more reports whether an attempt that failed at one address may go on to
// another.
func (rc *responseContext) more(b *branch) bool {
	return (len(b.ways.hops) > 0 && b.ways.here < rc.edge.cfg.Limits.Addresses || len(b.ways.uris) > 0) &&
		!rc.final && !rc.ended && !rc.cancelled && !b.timedOut && !b.cancelWanted
}

// again goes on with the next address of an attempt, in a branch of its own. The
// old one has concluded: should it answer after all, it is a late one.
func (rc *responseContext) again(b *branch) {
	b.concluded = true
	next := &branch{n: rc.nextBranch(), attempt: b.attempt, underway: &underway{target: b.target, ways: b.ways}}
	b.ways = ways{}
	rc.edge.metrics.addresses.Inc()
	rc.connect(next)
}

// reach finds a way to a target and sends the request: at once if no name is
// unknown and no connection missing, otherwise when that has come.
func (rc *responseContext) reach(b *branch) {
	if f := b.target.flow; !f.IsZero() {
		b.hop, b.flow = hop{Kind: f.Kind, Addr: f.Remote}, f
		b.ways.count()
		if why := rc.edge.unwelcome(rc.in, b.target, b.hop); why != nil {
			rc.refuseLate(b, why)
		} else if rc.build(b) {
			rc.launch(b)
		}
		return
	}
	uri := b.target.hop()
	if hops, ok := rc.edge.resolver.Known(uri); ok {
		rc.reached(b, hops)
		return
	}
	unresolvable := func(err error) {
		if !rc.elsewhere(b) {
			rc.unresolvable(b, err)
		}
	}
	rc.wait(b, unresolvable, func(ctx context.Context) (func(), error) {
		hops, err := rc.edge.resolver.Lookup(ctx, uri)
		return func() { rc.reached(b, hops) }, err
	})
}

// reached goes on with the addresses of a URI. If all of them were unreachable a
// short while ago, and there is anywhere else to go, that comes first.
func (rc *responseContext) reached(b *branch, hops []hop) {
	if !b.ways.insist && rc.allUnreachable(hops) {
		switch {
		case len(b.ways.uris) > 0 || len(b.ways.skipped) > 0:
			b.ways.skipped = append(b.ways.skipped, *b.target.hop())
			rc.elsewhere(b)
			return
		case rc.hasAlternative(b):
			rc.unreachable(b, errUnreachable)
			return
		}
	}
	b.ways.hops = hops
	rc.connect(b)
}

func (rc *responseContext) allUnreachable(hops []hop) bool {
	for _, h := range hops {
		if !rc.edge.resolver.Unreachable(h) {
			return false
		}
	}
	return len(hops) > 0
}

// hasAlternative reports whether a transport error of this branch leads to
// another target.
func (rc *responseContext) hasAlternative(b *branch) bool {
	return len(rc.remaining) > 0 && rc.decision != nil && rc.attemptsLeft() > 0 && rc.ruleOf(b.target.proto).GetTransportError()
}

// elsewhere goes on with the next one of several next hops, and reports whether
// there is one. Those that were skipped come when there is no other.
func (rc *responseContext) elsewhere(b *branch) bool {
	w := &b.ways
	if len(w.uris) == 0 && len(w.skipped) > 0 {
		w.uris, w.skipped, w.insist = w.skipped, nil, true
	}
	w.hops, w.here = nil, 0
	if len(w.uris) == 0 || !rc.more(b) {
		return false
	}
	t := *b.target // what was tried stays what it was, to be compared with
	t.nextHop = w.uris[0]
	b.target, w.uris = &t, w.uris[1:]
	rc.reach(b)
	return true
}

// connect sends the request to the first of the addresses left that it can be
// sent to.
func (rc *responseContext) connect(b *branch) {
	for len(b.ways.hops) > 0 && b.ways.here < rc.edge.cfg.Limits.Addresses {
		h := b.ways.hops[0]
		b.ways.hops = b.ways.hops[1:]
		if why := rc.edge.unwelcome(rc.in, b.target, h); why != nil {
			b.ways.refusal = why
			continue
		}
		if rc.connectTo(b, h) {
			return
		}
	}
	switch {
	case rc.elsewhere(b):
	case b.ways.refusal != nil && b.ways.sent == 0:
		rc.refuseLate(b, b.ways.refusal)
	default:
		rc.unreachable(b, errNoSocket)
	}
}

// connectTo sends the request to one address, and reports whether it is on its
// way.
func (rc *responseContext) connectTo(b *branch, h hop) bool {
	b.hop = h
	if flow, ok := rc.edge.sockets.Flow(h, rc.upstream.Local); ok {
		b.ways.count()
		b.flow = flow
		if !rc.build(b) {
			return true
		}
		if h.Kind == transport.UDP && len(b.sent) > maxDatagram && rc.mayUpgrade(b, h) {
			rc.upgrade(b, h)
			return true
		}
		rc.launch(b)
		return true
	}
	if h.Kind == transport.UDP || !rc.edge.sockets.HasKind(h.Kind, h.Addr.Addr()) {
		return false
	}
	b.ways.count()
	rc.dial(b, h, 0, func(err error) {
		rc.edge.failedAt(h, err)
		if !rc.more(b) {
			rc.unreachable(b, err)
			return
		}
		rc.edge.metrics.addresses.Inc()
		rc.connect(b)
	})
	return true
}

// failedAt remembers an address that could not be reached, if the error says
// something of that address.
func (e *Edge) failedAt(h hop, err error) {
	for _, ours := range []error{errTooManyWaiting, transport.ErrTooManyConnections, transport.ErrClosed, transport.ErrNoListener, context.Canceled} {
		if errors.Is(err, ours) {
			return
		}
	}
	e.resolver.Failed(h)
}

// dial connects and sends the request, or calls failed.
func (rc *responseContext) dial(b *branch, h hop, timeout time.Duration, failed func(error)) {
	rc.wait(b, failed, func(ctx context.Context) (func(), error) {
		if timeout > 0 {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, timeout)
			defer cancel()
		}
		flow, err := rc.edge.sockets.Dial(ctx, h)
		return func() { rc.sendOn(b, flow) }, err
	})
}

// wait runs work on a goroutine, without the lock, and then what it returns, or
// failed, with the lock, unless that has become worthless. Too many at once fail
// at once, in all and to one destination: nothing queues without a bound.
func (rc *responseContext) wait(b *branch, failed func(error), work func(context.Context) (func(), error)) {
	place := placeOf(b.target.hop())
	if !rc.edge.waiting.take(place) {
		failed(errTooManyWaiting)
		return
	}
	rc.supersede()
	generation := rc.generation
	ctx, cancel := context.WithCancel(rc.edge.ctx)
	rc.abort, rc.waitingFor = cancel, "network"
	rc.edge.wg.Go(func() {
		defer rc.edge.survive()
		defer rc.edge.waiting.give(place)
		defer cancel()
		then, err := safely(ctx, work)
		rc.mu.Lock()
		defer rc.leave()
		if rc.final || rc.generation != generation {
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
