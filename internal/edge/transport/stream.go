package transport

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redirectd/redirectd/internal/edge/message"
	"github.com/redirectd/redirectd/internal/nonblock"
)

const (
	stopGrace  = time.Second // for what is queued at Shutdown
	lingerTime = time.Second // for a refused peer to read why
	lingerMax  = 1 << 20     // bytes that are thrown away meanwhile
)

// conn is a connection, accepted or made. Its goroutine reads; the one that
// writes (queue.go) lives only while there is something to write, and ends
// before the reader does.
type conn struct {
	set       *Set
	raw       net.Conn // closing it never waits
	nc        net.Conn // raw, or TLS over it
	flow      Flow
	bound     Address
	advertise string
	source    netip.Prefix // counted against MaxConnectionsPerSource; zero if we made it
	id        uint64
	stopping  atomic.Bool
	shut      atomic.Bool  // nothing more is taken to be sent
	lastSent  atomic.Int64 // Unix nanoseconds

	lastHeard atomic.Int64 // likewise, anything at all

	// What the handshake has shown does not change when the flow is known.
	identities []string // of the peer's certificate
	names      []string // those, and the addresses of the certificate
	early      []byte   // of the peer, after its answer to our upgrade

	peers []Destination // its keys in byPeer; the mutex of set guards it

	writers  sync.WaitGroup
	mu       sync.Mutex
	pending  []byte // waiting to be written
	spare    []byte // the buffer that was written last
	flying   int    // bytes that are being written
	counted  int    // of pending and flying, what is in the set's queued
	writing  bool
	ended    bool  // guards pending and writers: no more of them
	endCause error // the first reason to end
}

func (s *Set) newConn(l *tcpListener, raw net.Conn) *conn {
	setUserTimeout(raw)
	raw = nonblock.Wrap(raw)
	c := &conn{set: s, raw: raw, nc: raw, bound: Address{Kind: l.kind, AddrPort: l.addr}, advertise: l.advertise, id: newID()}
	c.flow = Flow{Kind: l.kind, Local: addrPort(raw.LocalAddr()), Remote: addrPort(raw.RemoteAddr()), path: c}
	return c
}

func newID() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return binary.NativeEndian.Uint64(b[:])
}

// serveAccepted is serve for a connection that a peer has made. One that does not
// get through its handshake has never been a flow, and is not told as one.
func (c *conn) serveAccepted() {
	if err := c.welcome(); err != nil {
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			c.linger(c.raw)
		}
		_ = c.raw.Close()
		c.set.remove(c)
		c.set.handshakeFailed(c.flow, err)
		return
	}
	c.set.admit(c)
	c.serve()
}

// serve reads messages until something ends the connection.
func (c *conn) serve() {
	cause := c.read()
	c.end(cause, false)
	c.writers.Wait() // what was queued is written, or WriteTimeout has passed
	if isUnframable(cause) {
		c.linger(c.nc)
	}
	c.close()
	c.set.remove(c)
	if !c.set.isClosed() {
		c.set.failed(c.flow, nil, c.why())
	}
}

// close says goodbye where TLS does, to a peer that takes it soon.
func (c *conn) close() {
	late := time.AfterFunc(stopGrace, func() { _ = c.raw.Close() })
	defer late.Stop()
	_ = c.nc.Close()
}

// unframable is the error of a stream whose next message has no known end.
type unframable struct{ error }

func (u unframable) Unwrap() error { return u.error }

func isUnframable(err error) bool {
	var u unframable
	return errors.As(err, &u)
}

func (c *conn) read() error {
	if c.flow.Kind.isWebSocket() {
		return c.readFrames()
	}
	return c.readStream()
}

func (c *conn) readStream() error {
	var (
		m     message.Message
		fr    framer
		watch = watch{c: c, heard: time.Now()}
	)
	for {
		msg, pings, err := fr.next()
		if pings > 0 {
			watch.message()
			c.pong(pings)
		}
		switch {
		case err != nil:
			c.set.refuse(c.flow, &m, fr.rest(), err)
			return unframable{err}
		case msg != nil:
			watch.message()
			c.set.receive(c.flow, &m, msg)
			continue
		}
		n, err := watch.read(fr.space(), fr.partial())
		if err != nil {
			return err
		}
		fr.filled(n)
	}
}

// pong answers keep-alives: one CRLF for each double one (RFC 5626 section
// 4.4.1). A peer that does not read them is dropped like any other.
func (c *conn) pong(n int) {
	for range n {
		if c.send(c.flow, []byte("\r\n")) != nil {
			return
		}
	}
}

// linger lets a peer that was refused read the answer: closing with bytes of it
// unread would reset the connection and take the answer away.
func (c *conn) linger(nc net.Conn) {
	half, ok := nc.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	_ = nc.SetReadDeadline(time.Now().Add(lingerTime))
	if c.stopping.Load() {
		return
	}
	_, _ = io.CopyN(io.Discard, nc, lingerMax)
}

// stop ends the connection after what is queued has been written, but soon.
func (c *conn) stop() {
	c.stopping.Store(true)
	now := time.Now()
	_ = c.raw.SetReadDeadline(now)
	_ = c.raw.SetWriteDeadline(now.Add(stopGrace))
}

func (c *conn) alive() bool        { return !c.shut.Load() }
func (c *conn) listener() Address  { return c.bound }
func (c *conn) advertised() string { return c.advertise }
func (c *conn) accepted() bool     { return c.source.IsValid() }

// live is the flow of c unless c is nil or has ended.
func (c *conn) live() (Flow, bool) {
	if c == nil || !c.alive() {
		return Flow{}, false
	}
	return c.flow, true
}
