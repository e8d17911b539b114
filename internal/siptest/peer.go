package siptest

import (
	"crypto/tls"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"
)

// Timeout is how long a Peer waits for a message that is due.
const Timeout = 3 * time.Second

const queueLength = 8192 // messages that nobody has asked for yet

// Peer is a SIP element that does what the test says: a UDP socket, or a listener
// with all its connections, whose messages come in one queue. What it
// misses fails the test at once, so its methods belong to the test's goroutine,
// save [Peer.ReceiveWithin], [Peer.Send], [Peer.Reply] and [Peer.Respond].
type Peer struct {
	t    testing.TB
	name string // in the log
	addr netip.AddrPort
	id   uint64 // makes its tags its own

	udp *net.UDPConn
	tls *tls.Config // nil: none over TCP

	network string // udp, tcp, tls, ws or wss
	ln      net.Listener
	in      chan *Msg
	wg      sync.WaitGroup
	mu      sync.Mutex
	seen    []string // start lines received
	conns   map[netip.AddrPort]*stream
	shut    bool
}

// UDP is a peer on a free UDP port of 127.0.0.1, closed when the test ends.
func UDP(tb testing.TB) *Peer {
	tb.Helper()
	return New(tb, "udp", "127.0.0.1")
}

// TCP is a peer that listens on a free TCP port of 127.0.0.1, closed with its
// connections when the test ends.
func TCP(tb testing.TB) *Peer {
	tb.Helper()
	return New(tb, "tcp", "127.0.0.1")
}

// New is a peer on a free port of a loopback address: network is "udp" or
// "tcp", host such as "127.0.0.2" or "::1".
func New(tb testing.TB, network, host string) *Peer {
	tb.Helper()
	return start(tb, network, net.JoinHostPort(host, "0"), nil)
}

// NewAt is a peer on an address with a port, such as "127.0.0.2:5060".
func NewAt(tb testing.TB, network, at string) *Peer {
	tb.Helper()
	return start(tb, network, at, nil)
}

func start(tb testing.TB, network, at string, over *tls.Config) *Peer {
	tb.Helper()
	p := &Peer{t: tb, id: rand.Uint64(), network: network, tls: over, in: make(chan *Msg, queueLength), conns: make(map[netip.AddrPort]*stream)}
	switch network {
	case "udp":
		pc, err := net.ListenPacket("udp", at)
		if err != nil {
			tb.Fatalf("peer cannot listen on udp %s: %v", at, err)
		}
		p.udp = pc.(*net.UDPConn)
		_ = p.udp.SetReadBuffer(4 << 20) // what the system allows: a burst is not lost while the test thinks
		p.addr = p.udp.LocalAddr().(*net.UDPAddr).AddrPort()
	case "tcp", "tls", "ws", "wss":
		ln, err := net.Listen("tcp", at)
		if err != nil {
			tb.Fatalf("peer cannot listen on %s %s: %v", network, at, err)
		}
		p.ln = ln
		p.addr = ln.Addr().(*net.TCPAddr).AddrPort()
	default:
		tb.Fatalf("peer of network %q: want udp or tcp", network)
	}
	p.addr = netip.AddrPortFrom(p.addr.Addr().Unmap(), p.addr.Port())
	p.name = fmt.Sprintf("%s %s", network, p.addr)
	tb.Cleanup(p.Close)
	switch {
	case p.udp != nil:
		p.wg.Go(p.readDatagrams)
	case p.isWebSocket():
		p.wg.Go(p.serveWebSockets)
	default:
		p.wg.Go(p.accept)
	}
	return p
}

// Loopbacks are 127.0.0.1 and, where the machine has it, ::1.
func Loopbacks() []string {
	hosts := []string{"127.0.0.1"}
	if pc, err := net.ListenPacket("udp", "[::1]:0"); err == nil {
		_ = pc.Close()
		hosts = append(hosts, "::1")
	}
	return hosts
}

// Close closes all sockets of the peer. The test's end does it too.
func (p *Peer) Close() {
	p.mu.Lock()
	p.shut = true
	var open []io.Closer
	for _, c := range p.conns {
		open = append(open, c.nc)
	}
	p.mu.Unlock()
	if p.udp != nil {
		open = append(open, p.udp)
	} else {
		open = append(open, p.ln)
	}
	for _, c := range open {
		_ = c.Close()
	}
	p.wg.Wait()
}

// Addr is where the peer receives.
func (p *Peer) Addr() netip.AddrPort { return p.addr }

// URI is a SIP URI of the peer, with the transport parameter unless it is UDP; user
// may be empty.
func (p *Peer) URI(user string) string {
	uri := "sip:" + p.addr.String()
	if user != "" {
		uri = "sip:" + user + "@" + p.addr.String()
	}
	if p.udp == nil {
		uri += ";transport=" + p.network
	}
	return uri
}

// viaName is the transport in a Via of the peer.
func (p *Peer) viaName() string { return strings.ToUpper(p.network) }

func (p *Peer) isWebSocket() bool { return strings.HasPrefix(p.network, "ws") }

// tag is the To tag of the peer's answers to one request and its retransmissions.
func (p *Peer) tag(req *Msg) string {
	h := fnv.New64a()
	_, _ = fmt.Fprintf(h, "%x %s %s", p.id, req.Header("Call-ID"), req.Param("Via", "branch"))
	return fmt.Sprintf("t%x", h.Sum64())
}

func token() string { return fmt.Sprintf("%016x", rand.Uint64()) }
