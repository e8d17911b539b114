package transport

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/redirectd/redirectd/internal/edge/message"
)

// script is a peer that has said everything already and takes all that it is
// answered.
type script struct{ io.Reader }

func (script) Write(b []byte) (int, error) { return len(b), nil }
func (script) Close() error                { return nil }
func (script) LocalAddr() net.Addr         { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }

func (script) RemoteAddr() net.Addr             { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 2} }
func (script) SetDeadline(time.Time) error      { return nil }
func (script) SetReadDeadline(time.Time) error  { return nil }
func (script) SetWriteDeadline(time.Time) error { return nil }

// measured is a Receiver that keeps the size of the largest message without an
// error.
type measured struct{ largest int }

func (r *measured) Receive(_ Flow, m *message.Message, err error) {
	if err == nil {
		r.largest = max(r.largest, len(m.Raw()))
	}
}

func (*measured) Failed(Flow, []byte, error) {}

// FuzzWebSocket: whatever a client says after its upgrade, and whatever it says
// for one, its connection comes to an end, and no message is larger than it may be.
func FuzzWebSocket(f *testing.F) {
	for _, seed := range []string{
		masked(ws.OpText, true, options("1", 3)), masked(ws.OpText, false, "OPTIONS") + masked(ws.OpContinuation, true, " sip:b"),
		masked(ws.OpPing, true, "x") + masked(ws.OpClose, true, "\x03\xe8bye"), "\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00x",
		upgradeRequest + "\r\n", "GET / HTTP/1.1\r\n", "\r\n\r\n", "GET  HTTP/9.99999999999999999999\r\n: x\r\n\r\n",
	} {
		f.Add([]byte(seed), false)
		f.Add([]byte(seed), true)
	}
	f.Fuzz(func(t *testing.T, b []byte, upgrade bool) {
		var r measured
		s := &Set{cfg: Config{}.withDefaults(), receiver: &r, log: slog.New(slog.DiscardHandler), done: make(chan struct{}), conns: newConnections()}
		c := s.newConn(&tcpListener{kind: WS}, script{bytes.NewReader(b)})
		c.source = sourceOf(c.flow.Remote.Addr())
		if upgrade {
			_ = c.acceptUpgrade()
			return
		}
		cause := c.read()
		c.end(cause, false)
		c.writers.Wait()
		if cause == nil {
			t.Error("reading ended for no reason")
		}
		if r.largest > message.MaxSize {
			t.Errorf("a message of %d bytes was taken", r.largest)
		}
	})
}
