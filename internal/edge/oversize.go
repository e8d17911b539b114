package edge

import (
	"net/netip"
	"time"

	"github.com/redirectd/redirectd/internal/edge/transport"
)

// maxDatagram is the largest request that goes by UDP without having tried a
// congestion-controlled transport first, if the path MTU is not known (18.1.1).
const maxDatagram = 1300

// upgradeDialTimeout is how long to wait for TCP when only the size of a request
// asks for it.
const upgradeDialTimeout = time.Second

// mayUpgrade reports whether a request that is too big for UDP is to try TCP
// first.
func (rc *responseContext) mayUpgrade(b *branch, h hop) bool {
	return rc.in.oversize() == OversizeTCP && b.ways.byUDP != h && rc.edge.sockets.HasKind(transport.TCP, h.Addr.Addr())
}

// upgrade sends a request that is too big for UDP by TCP, and by UDP if TCP is
// refused (18.1.1): at once if that was so a short while ago.
func (rc *responseContext) upgrade(b *branch, h hop) {
	udp, tcp := b.flow, hop{Kind: transport.TCP, Addr: h.Addr}
	if flow, ok := rc.edge.sockets.Flow(tcp, netip.AddrPort{}); ok {
		rc.sendOn(b, flow)
		return
	}
	if rc.edge.resolver.Unreachable(tcp) {
		rc.launch(b)
		return
	}
	rc.dial(b, tcp, upgradeDialTimeout, func(err error) {
		rc.edge.failedAt(tcp, err)
		rc.sendOn(b, udp)
	})
}

// upgraded reports whether the size of its request alone has sent a branch by TCP.
func (b *branch) upgraded() bool { return b.hop.Kind == transport.UDP && b.flow.Kind == transport.TCP }

// failedHop is the address that a transport error of a branch says something of.
func (b *branch) failedHop() hop {
	if b.upgraded() {
		return hop{Kind: transport.TCP, Addr: b.hop.Addr}
	}
	return b.hop
}

// downgrade puts the address of a branch back if TCP was taken for the size of its
// request only, and ended before any answer: there is UDP yet.
func (b *branch) downgrade() {
	if !b.upgraded() || b.heard {
		return
	}
	b.ways.byUDP = b.hop
	b.ways.hops = append([]hop{b.hop}, b.ways.hops...)
	b.ways.sent--
	b.ways.here--
}

// oversize says how requests of this peer go that are too big for UDP.
func (in *inbound) oversize() Oversize {
	if in.trunk == nil || in.trunk.Oversize == "" {
		return OversizeTCP
	}
	return in.trunk.Oversize
}
