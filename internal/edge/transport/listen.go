package transport

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Set is all sockets of the edge. It is safe for concurrent use.
type Set struct {
	cfg      Config
	receiver Receiver
	log      *slog.Logger

	listeners []Listener
	udp       []*udpSocket
	tcp       []*tcpListener
	local     localAddresses
	names     names
	creds     *credentials // nil without TLS
	failures  throttle     // of handshakes
	queued    atomic.Int64 // bytes that wait to be written, on all connections

	done chan struct{} // closed by Shutdown
	wg   sync.WaitGroup

	mu     sync.Mutex // guards what follows, and wg.Go against Shutdown
	closed bool
	conns  connections
}

// Listener is a socket as it was bound, with its real port.
type Listener struct {
	Kind      Kind
	Addr      netip.AddrPort
	Advertise string // the host that stands for it; empty: the local address
}

var errNoAddress = errors.New("no listen address is given: want at least one, such as udp://127.0.0.1:5060")

// Listen binds all sockets of cfg, or none. Nothing is read from them before
// [Set.Serve].
func Listen(cfg Config, r Receiver) (*Set, error) {
	cfg = cfg.withDefaults()
	if len(cfg.Listen) == 0 {
		return nil, errNoAddress
	}
	s := &Set{cfg: cfg, receiver: r, log: cfg.Logger, done: make(chan struct{}), conns: newConnections()}
	if err := s.loadTLS(); err != nil {
		return nil, err
	}
	for _, a := range cfg.Listen {
		if err := s.bind(a); err != nil {
			s.Shutdown()
			return nil, fmt.Errorf("cannot listen on %s: %w", a, err)
		}
	}
	return s, nil
}

func (s *Set) bind(a Address) error {
	a.AddrPort = unmap(a.AddrPort)
	var bound netip.AddrPort
	host := s.cfg.advertised(a)
	switch a.Kind {
	case UDP:
		u, err := bindUDP(s, a.AddrPort)
		if err != nil {
			return err
		}
		u.advertise = host
		s.udp = append(s.udp, u)
		bound = u.addr
	case TCP, TLS, WS, WSS:
		l, err := bindTCP(s, a)
		if err != nil {
			return err
		}
		l.advertise = host
		s.tcp = append(s.tcp, l)
		bound = l.addr
	default:
		return fmt.Errorf("transport %d is unknown", a.Kind)
	}
	s.listeners = append(s.listeners, Listener{Kind: a.Kind, Addr: bound, Advertise: host})
	return nil
}

// loadTLS reads the certificates if there is anything that they are for.
func (s *Set) loadTLS() (err error) {
	if err := s.cfg.TLS.needs(s.cfg.Listen); err != nil {
		return err
	}
	if s.cfg.TLS == (TLSConfig{}) {
		return nil
	}
	s.creds, err = newCredentials(s.cfg.TLS, s.log)
	return err
}

// ReloadTLS reads the files of Config.TLS now, for handshakes from now on. After an
// error, which names the file, what was good before stays. It is not needed for
// changes to be seen: handshakes look for them once a second.
func (s *Set) ReloadTLS() error {
	if s.creds == nil {
		return nil
	}
	return s.creds.reload()
}

// Serve starts to read from all sockets and returns at once. It is called once.
func (s *Set) Serve() {
	for _, u := range s.udp {
		s.spawn(u.serve)
	}
	for _, l := range s.tcp {
		s.spawn(l.serve)
	}
}

// Listeners are the sockets in the order of Config.Listen.
func (s *Set) Listeners() []Listener { return slices.Clone(s.listeners) }

// Shutdown closes all sockets and connections and returns when the last
// goroutine of the Set has ended. What is queued on a connection is still
// written if its peer takes it within a second. It may be called again.
func (s *Set) Shutdown() {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.done)
	}
	for _, d := range s.conns.dials {
		d.cancel()
	}
	for c := range s.conns.all {
		c.stop()
	}
	s.mu.Unlock()
	for _, u := range s.udp {
		u.close()
	}
	for _, l := range s.tcp {
		l.close()
	}
	s.wg.Wait()
}

// spawn runs f on a goroutine that Shutdown waits for, unless it is too late.
func (s *Set) spawn(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.wg.Go(f)
	}
}

func (s *Set) isClosed() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// pause waits for d. It reports false at once when the Set is shut down.
func (s *Set) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.done:
		return false
	}
}
