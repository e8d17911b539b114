package transport

import (
	"net"
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/siptest"
)

// TestDoubt takes a connection out of those that are used again, unless something
// has come since.
func TestDoubt(t *testing.T) {
	r := newSink()
	s := serve(t, Config{}, r, "tcp://127.0.0.1:0")
	nc := connect(t, s.addr(0))
	send(t, nc, options("1", 0))
	f := r.next(t).flow
	to := Destination{Kind: TCP, Addr: f.Remote}
	s.Doubt(f, time.Now().Add(-time.Minute))
	if _, ok := s.Flow(to, f.Local); !ok {
		t.Error("a connection is doubted that has been heard of since")
	}
	s.Doubt(f, time.Now().Add(time.Minute))
	if _, ok := s.Flow(to, f.Local); ok {
		t.Error("a connection is used again that has been silent")
	}
	if _, ok := s.ByID(f.ID()); !ok || f.Send([]byte("x")) != nil {
		t.Error("a connection that is doubted has ended")
	}
	send(t, nc, options("2", 0))
	if again := r.next(t).flow; again != f {
		t.Errorf("came on %s", again)
	}
	s.Doubt(Flow{}, time.Now())
}

// TestWriteDeadlineIsOver: what TLS writes of itself, long after a message, is not
// held to the deadline of that message or of the handshake.
func TestWriteDeadlineIsOver(t *testing.T) {
	t.Run("message", func(t *testing.T) {
		inTime(t, func(t *testing.T, _ *sink, ours Flow, nc net.Conn) {
			t.Helper()
			if err := ours.Send([]byte("hello")); err != nil {
				t.Fatal(err)
			}
			read(t, nc, len("hello"))
			<-time.After(time.Minute)
			writeItself(t, ours, nc)
		})
	})
	t.Run("handshake", func(t *testing.T) {
		ca := siptest.NewCA(t)
		cfg, r := secured(ca, ca.Issue("127.0.0.1"), ""), newSink()
		cfg.HandshakeTimeout = 200 * time.Millisecond
		s := serve(t, cfg, r, "tls://127.0.0.1:0")
		nc := connectTLS(t, s.addr(0))
		send(t, nc, options("1", 0))
		f := r.next(t).flow
		<-time.After(cfg.HandshakeTimeout)
		writeItself(t, f, nc.NetConn())
	})
}

func writeItself(t *testing.T, f Flow, nc net.Conn) {
	t.Helper()
	got := make(chan error, 1)
	go func() {
		_, err := f.path.(*conn).raw.Write([]byte("update"))
		got <- err
	}()
	read(t, nc, len("update"))
	if err := <-got; err != nil {
		t.Error(err)
	}
}
