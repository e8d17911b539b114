package floor

import (
	"bytes"
	"net/netip"
	"strconv"
	"sync"
	"time"
)

// state of a call: the server and the client transaction in one.
type state byte

const (
	calling    state = iota // no answer yet: the INVITE is repeated (timer A)
	proceeding              // a provisional answer came
	accepted                // 2xx went upstream
	completed               // another final answer went upstream and is repeated (timer G)
	confirmed               // and was acknowledged
)

// call is one INVITE on its way.
type call struct {
	relay *relay
	id    uint64
	key   string // branch of the INVITE

	mu       sync.Mutex
	state    state
	invite   message // of bytes that are ours
	upstream netip.AddrPort
	last     []byte // last response upstream
	request  []byte // in flight
	next     netip.AddrPort
	attempt  int
	queue    []target
	best     []byte
	repeat   time.Duration
	tick     int64 // of the timer
	end      int64 // tick at which it is forgotten or given up
}

// forward sends the INVITE of the next attempt.
func (c *call) forward(uri []byte, next netip.AddrPort) {
	c.attempt++
	in := c.invite.bytes
	b := make([]byte, 0, len(in)+160)
	b = append(b, "INVITE "...)
	b = append(b, uri...)
	b = append(b, " SIP/2.0\r\nVia: SIP/2.0/UDP "...)
	b = append(b, c.relay.listen...)
	b = append(b, ";branch=z9hG4bK"...)
	b = strconv.AppendUint(b, c.id, 16)
	b = append(b, '.')
	b = strconv.AppendInt(b, int64(c.attempt), 10)
	b = append(b, "\r\n"...)
	start := bytes.IndexByte(in, '\n') + 1
	hops, _ := strconv.Atoi(string(in[c.invite.hops:c.invite.hopsEnd])) // 70: the callers are ours
	b = append(b, in[start:c.invite.hops]...)
	b = strconv.AppendInt(b, int64(hops-1), 10)
	b = append(b, in[c.invite.hopsEnd:]...)
	c.request, c.next, c.state, c.repeat = b, next, calling, timerA
	c.relay.send(b, next)
	c.relay.wheel.add(c, c.repeat)
}

// acknowledge answers a final response other than 2xx (RFC 3261 section 17.1.1.3).
func (c *call) acknowledge(r *message) {
	b := make([]byte, 0, 512)
	uri := bytes.IndexByte(c.request, ' ')
	via := bytes.IndexByte(c.request, '\n') + 1
	via += bytes.IndexByte(c.request[via:], '\n') + 1
	b = append(b, "ACK"...)
	b = append(b, c.request[uri:via]...)
	b = append(b, "Max-Forwards: 70\r\n"...)
	b = append(b, c.invite.from...)
	b = append(b, r.to...)
	b = append(b, c.invite.id...)
	b = append(b, bytes.Replace(c.invite.cseq, []byte("INVITE"), []byte("ACK"), 1)...)
	b = append(b, "Content-Length: 0\r\n\r\n"...)
	c.relay.send(b, c.next)
}

// withoutVia is a response as it goes upstream.
func withoutVia(r *message) []byte {
	b := make([]byte, 0, len(r.bytes))
	b = append(b, r.bytes[:r.via]...)
	return append(b, r.bytes[r.viaEnd:]...)
}

// answer sends a response of our own upstream. There is one Via: the callers are ours.
func (c *call) answer(status string) {
	b := make([]byte, 0, 512)
	b = append(b, "SIP/2.0 "...)
	b = append(b, status...)
	b = append(b, "\r\n"...)
	b = append(b, c.invite.bytes[c.invite.via:c.invite.viaEnd]...)
	b = append(b, c.invite.from...)
	b = append(b, c.invite.to...)
	b = append(b, c.invite.id...)
	b = append(b, c.invite.cseq...)
	b = append(b, "Content-Length: 0\r\n\r\n"...)
	c.up(b)
}

func (c *call) up(b []byte) {
	c.last = b
	c.relay.send(b, c.upstream)
}

// response takes an answer of the attempt in flight.
func (c *call) response(r *message) {
	switch {
	case r.status == 100:
		c.state = max(c.state, proceeding)
	case r.status < 200:
		if c.state <= proceeding {
			c.state = proceeding
			c.up(withoutVia(r))
		}
	case r.status < 300:
		c.up(withoutVia(r))
		if c.state <= proceeding {
			c.state, c.request = accepted, nil
			c.keep(retain)
		}
	default:
		c.acknowledge(r)
		if c.state <= proceeding {
			c.refused(r)
		}
	}
}

func (c *call) refused(r *message) {
	if r.status < 400 {
		c.queue = append(c.queue, targets(r.contacts)...)
	} else if c.best == nil {
		c.best = withoutVia(r)
	}
	c.advance()
}

// advance tries the next target, or ends the call.
func (c *call) advance() {
	if len(c.queue) > 0 && c.attempt < maxAttempts {
		next := c.queue[0]
		c.queue = c.queue[1:]
		c.forward([]byte(next.uri), next.address)
		return
	}
	if c.best != nil {
		c.up(c.best)
	} else {
		c.answer("480 No Target")
	}
	c.state, c.repeat = completed, timerA
	c.keep(c.repeat)
}

// keep sets the timer of a call that is over.
func (c *call) keep(timer time.Duration) {
	c.end = c.relay.wheel.now.Load() + int64(retain/tick)
	c.relay.wheel.add(c, timer)
}
