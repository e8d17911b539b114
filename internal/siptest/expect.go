package siptest

import (
	"strings"
	"time"
)

// Receive is the next message. The test fails if none comes within [Timeout].
func (p *Peer) Receive() *Msg {
	p.t.Helper()
	m, ok := p.ReceiveWithin(Timeout)
	if !ok {
		p.t.Fatalf("peer %s: nothing came within %s; before that:%s", p.name, Timeout, p.history())
	}
	return m
}

// ReceiveWithin is the next message, if one comes within d.
func (p *Peer) ReceiveWithin(d time.Duration) (*Msg, bool) {
	select {
	case m := <-p.in:
		return m, true
	default:
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case m := <-p.in:
		return m, true
	case <-timer.C:
		return nil, false
	}
}

// Expect is the next message, which must start as prefix says: "INVITE ",
// "SIP/2.0 302".
func (p *Peer) Expect(prefix string) *Msg {
	p.t.Helper()
	m := p.Receive()
	if !strings.HasPrefix(m.StartLine(), prefix) {
		p.t.Fatalf("peer %s: got this, want %q:\n%s", p.name, prefix, m.Raw)
	}
	return m
}

// ExpectSkipping100 is [Peer.Expect], but for any 100 Trying before it.
func (p *Peer) ExpectSkipping100(prefix string) *Msg {
	p.t.Helper()
	for {
		m := p.Receive()
		switch {
		case strings.HasPrefix(m.StartLine(), prefix):
			return m
		case m.Status() != 100:
			p.t.Fatalf("peer %s: got this, want %q:\n%s", p.name, prefix, m.Raw)
		}
	}
}

// Silent fails the test if anything arrives within d.
func (p *Peer) Silent(d time.Duration) {
	p.t.Helper()
	if m, ok := p.ReceiveWithin(d); ok {
		p.t.Fatalf("peer %s: got this, want silence for %s:\n%s", p.name, d, m.Raw)
	}
}

func (p *Peer) history() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.seen) == 0 {
		return " nothing"
	}
	return "\n  " + strings.Join(p.seen, "\n  ")
}
