package transport

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"
)

const (
	acceptRetryFrom = 5 * time.Millisecond
	acceptRetryMax  = time.Second
)

// tcpListener accepts connections. TCP_NODELAY and keep-alive probes are on for
// every connection, which is package net's default.
type tcpListener struct {
	set  *Set
	ln   net.Listener
	addr netip.AddrPort

	refused int       // since logged; both belong to serve
	logged  time.Time // when a refusal was last in the log
}

func bindTCP(s *Set, a netip.AddrPort) (*tcpListener, error) {
	var lc net.ListenConfig
	ln, err := lc.Listen(context.Background(), network(TCP, a.Addr()), a.String())
	if err != nil {
		return nil, err
	}
	return &tcpListener{set: s, ln: ln, addr: addrPort(ln.Addr())}, nil
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

// refuse says so at most once a second: who opens connections in a flood does not
// fill the log as well.
func (l *tcpListener) refuse(nc net.Conn, err error) {
	_ = nc.Close()
	l.refused++
	now := time.Now()
	if now.Sub(l.logged) < time.Second {
		return
	}
	l.set.log.Warn("connections refused", "addr", l.addr.String(), "count", l.refused,
		"remote", nc.RemoteAddr().String(), "error", err)
	l.logged, l.refused = now, 0
}

func (l *tcpListener) close() { _ = l.ln.Close() }
