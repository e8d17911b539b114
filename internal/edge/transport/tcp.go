package transport

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"
)

const (
	acceptRetryFrom = 5 * time.Millisecond
	acceptRetryMax  = time.Second
)

// tcpListener accepts connections of one kind, all of which begin as TCP. TCP_NODELAY and keep-alive probes are on for
// every connection, which is package net's default.
type tcpListener struct {
	set       *Set
	kind      Kind
	ln        net.Listener
	addr      netip.AddrPort
	advertise string
	refusals  throttle
}

func bindTCP(s *Set, a Address) (*tcpListener, error) {
	var lc net.ListenConfig
	ln, err := lc.Listen(context.Background(), network(a.Kind, a.AddrPort.Addr()), a.AddrPort.String())
	if err != nil {
		return nil, err
	}
	return &tcpListener{set: s, kind: a.Kind, ln: ln, addr: addrPort(ln.Addr())}, nil
}

func addrPort(a net.Addr) netip.AddrPort {
	tcp, _ := a.(*net.TCPAddr)
	return unmap(tcp.AddrPort())
}

// serve accepts until the listener is closed. Another error, such as too many
// open files, passes: it waits and goes on.
func (l *tcpListener) serve() {
	pause := acceptRetryFrom
	for {
		nc, err := l.ln.Accept()
		switch {
		case err == nil:
			pause = acceptRetryFrom
			if err := l.set.accept(l, nc); err != nil {
				l.refuse(nc, err)
			}
		case errors.Is(err, net.ErrClosed):
			return
		default:
			l.set.log.Error("cannot accept connections", "addr", l.addr.String(), "error", err, "pause", pause)
			if !l.set.pause(pause) {
				return
			}
			pause = min(2*pause, acceptRetryMax)
		}
	}
}

func (l *tcpListener) refuse(nc net.Conn, err error) {
	_ = nc.Close()
	if count := l.refusals.count(); count > 0 {
		l.set.log.Warn("connections refused", "addr", l.addr.String(), "count", count,
			"remote", nc.RemoteAddr().String(), "error", err)
	}
}

func (l *tcpListener) close() { _ = l.ln.Close() }

// throttle lets one line a second into the log: who opens connections in a flood
// does not fill the log as well. It is safe for concurrent use.
type throttle struct {
	mu     sync.Mutex
	held   int
	logged time.Time
}

// count is how many events a line has to stand for, or 0 for no line now.
func (t *throttle) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.held++
	now := time.Now()
	if now.Sub(t.logged) < time.Second {
		return 0
	}
	count := t.held
	t.logged, t.held = now, 0
	return count
}
