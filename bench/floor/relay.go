// Package floor is a raw UDP relay that follows 3xx without a SIP stack: offsets,
// splices, a table and a timer wheel. It knows no CANCEL, no TCP and no dialogs,
// and is the lower bound of the benchmark: what the kernel and Go cost alone.
package floor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"sync"
)

// relay forwards what comes to one socket.
type relay struct {
	conn   *net.UDPConn
	listen string
	next   netip.AddrPort
	wheel  wheel

	mu    sync.Mutex
	last  uint64
	byKey map[string]*call // by the caller's branch
	byID  map[uint64]*call // by ours
}

// Serve relays from one address to another until the context ends.
func Serve(ctx context.Context, listen, next netip.AddrPort) error {
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(listen))
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	if err := conn.SetReadBuffer(4 << 20); err != nil {
		return fmt.Errorf("read buffer: %w", err)
	}
	r := &relay{conn: conn, listen: listen.String(), next: next, byKey: make(map[string]*call), byID: make(map[uint64]*call)}
	var wait sync.WaitGroup
	for range 2 { // as many as Kamailio has workers
		wait.Go(r.read)
	}
	r.wheel.run(ctx)
	err = conn.Close()
	wait.Wait()
	return err
}

func (r *relay) send(b []byte, to netip.AddrPort) {
	_, _ = r.conn.WriteToUDPAddrPort(b, to) // repeated by timers, like any loss
}

func (r *relay) read() {
	b := make([]byte, 65535)
	var m message
	for {
		n, from, err := r.conn.ReadFromUDPAddrPort(b)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		switch {
		case err != nil || !m.parse(b[:n]):
		case m.status != 0:
			r.response(&m)
		case string(m.method) == "INVITE" && !m.inDialog:
			r.invite(&m, from)
		case string(m.method) == "ACK":
			r.acknowledged(&m)
		}
	}
}

func (r *relay) invite(m *message, from netip.AddrPort) {
	r.mu.Lock()
	c, again := r.byKey[string(m.branch)]
	if !again {
		r.last++
		c = &call{relay: r, id: r.last, key: string(m.branch), upstream: from}
		r.byKey[c.key], r.byID[c.id] = c, c
	}
	c.mu.Lock() // before another reader finds it
	r.mu.Unlock()
	defer c.mu.Unlock()
	if again {
		r.send(c.last, c.upstream)
		return
	}
	c.invite.parse(bytes.Clone(m.bytes))
	c.end = r.wheel.now.Load() + int64(timerC/tick)
	c.answer("100 Trying")
	c.forward(c.invite.uri, r.next)
}

func (r *relay) acknowledged(m *message) {
	r.mu.Lock()
	c := r.byKey[string(m.branch)]
	r.mu.Unlock()
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state == completed {
		c.state = confirmed
	}
}

// response finds the call by the branch, which is its number and the attempt.
func (r *relay) response(m *message) {
	id, attempt, ok := bytes.Cut(bytes.TrimPrefix(m.branch, []byte("z9hG4bK")), []byte("."))
	number, err := strconv.ParseUint(string(id), 16, 64)
	if !ok || err != nil || string(m.method) != "INVITE" {
		return
	}
	r.mu.Lock()
	c := r.byID[number]
	r.mu.Unlock()
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if n, err := strconv.Atoi(string(attempt)); err == nil && n == c.attempt {
		c.response(m)
	}
}

func (r *relay) forget(c *call) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.byKey, c.key)
	delete(r.byID, c.id)
}
