// Package probe is a caller at a low rate with a clock of microseconds, beside
// the load: SIPp's own times move in steps of milliseconds. It follows a 3xx
// itself, so that without an edge it measures what the same call costs then.
package probe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Options of a probe.
type Options struct {
	Server netip.AddrPort // where INVITEs go: the edge, or the redirect server
	Target netip.AddrPort // where ACK and BYE go
	Number string         // the number called
	Calls  int
	Rate   float64       // calls/s
	Wait   time.Duration // for the last answers
}

// Result is the time from an INVITE to its 200.
type Result struct {
	Calls, OK      int
	P50, P99, P999 float64 // ms
}

// call is one call of the probe.
type call struct {
	began   time.Time
	took    time.Duration // 0: not answered
	targets []target      // still to try, when there is no edge
	attempt int
}

type probe struct {
	o     Options
	conn  *net.UDPConn
	local netip.AddrPort

	mu    sync.Mutex
	calls []call
	open  int
	done  chan struct{} // closed when all are answered
}

// Run places the calls.
func Run(ctx context.Context, o Options) (Result, error) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return Result{}, fmt.Errorf("probe: %w", err)
	}
	defer func() { _ = conn.Close() }() // ends receive
	p := &probe{o: o, conn: conn, calls: make([]call, o.Calls), open: o.Calls, done: make(chan struct{})}
	p.local = conn.LocalAddr().(*net.UDPAddr).AddrPort()
	go p.receive() // ends with conn
	p.send(ctx)
	select {
	case <-p.done:
	case <-ctx.Done():
	case <-time.After(o.Wait):
	}
	return p.result(), nil
}

// send begins the calls, each at its time: a late answer delays no other call.
func (p *probe) send(ctx context.Context) {
	gap := time.Duration(float64(time.Second) / p.o.Rate)
	next := time.Now()
	for id := range p.calls {
		message := p.invite(id, 0, fmt.Sprintf("sip:%s@%s;user=phone", p.o.Number, p.o.Server))
		p.mu.Lock()
		p.calls[id].began = time.Now()
		p.mu.Unlock()
		p.write(message, p.o.Server)
		next = next.Add(gap)
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Until(next)):
		}
	}
}

func (p *probe) write(message []byte, to netip.AddrPort) {
	_, _ = p.conn.WriteToUDPAddrPort(message, to) // a lost call shows in the result
}

func (p *probe) receive() {
	b := make([]byte, 65535)
	for {
		n, _, err := p.conn.ReadFromUDPAddrPort(b)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err == nil {
			p.response(b[:n], time.Now())
		}
	}
}

// response takes one answer to an INVITE of ours.
func (p *probe) response(m []byte, now time.Time) {
	id, ok := p.idOf(m)
	if !ok || !bytes.Contains(m, []byte(" INVITE\r\n")) || len(m) < 12 || m[8] == '1' {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	c := &p.calls[id]
	if c.took != 0 {
		return
	}
	if m[8] == '2' {
		c.took = now.Sub(c.began)
		p.write(p.inDialog("ACK", 1, id, m), p.o.Target)
		p.write(p.inDialog("BYE", 2, id, m), p.o.Target)
		if p.open--; p.open == 0 {
			close(p.done)
		}
		return
	}
	if m[8] == '3' {
		c.targets = append(c.targets, contacts(m)...)
	}
	if len(c.targets) > 0 {
		next := c.targets[0]
		c.targets, c.attempt = c.targets[1:], c.attempt+1
		p.write(p.invite(id, c.attempt, next.uri), next.address)
	}
}

// idOf reads the number of a call from its Call-ID.
func (p *probe) idOf(m []byte) (int, bool) {
	_, rest, ok := bytes.Cut(m, []byte("\r\nCall-ID: p"+strconv.Itoa(os.Getpid())+"-"))
	if !ok {
		return 0, false
	}
	text, _, _ := bytes.Cut(rest, []byte("@"))
	id, err := strconv.Atoi(string(text))
	return id, err == nil && id >= 0 && id < len(p.calls)
}

func (p *probe) result() Result {
	p.mu.Lock()
	defer p.mu.Unlock()
	var times []float64
	for _, c := range p.calls {
		if c.took > 0 {
			times = append(times, float64(c.took.Nanoseconds())/1e6)
		}
	}
	slices.Sort(times)
	return Result{Calls: len(p.calls), OK: len(times), P50: Quantile(times, 0.5), P99: Quantile(times, 0.99), P999: Quantile(times, 0.999)}
}

// Quantile of sorted values: the smallest that at least that share does not exceed; 0 of none.
func Quantile(sorted []float64, share float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	i := int(share*float64(len(sorted))+0.999999) - 1
	return sorted[min(max(i, 0), len(sorted)-1)]
}
