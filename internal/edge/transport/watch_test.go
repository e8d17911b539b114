package transport

import (
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// inTime runs f with a connection over which time passes at once; ours is its
// flow, nc the peer's end.
func inTime(t *testing.T, f func(t *testing.T, r *sink, ours Flow, nc net.Conn)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := newSink()
		s := &Set{
			cfg: Config{}.withDefaults(), receiver: r, log: slog.New(slog.DiscardHandler),
			done: make(chan struct{}), conns: newConnections(),
		}
		near, far := net.Pipe()
		s.mu.Lock()
		ours := s.adopt(s.newConn(&tcpListener{kind: TCP}, near), Destination{Kind: TCP})
		s.mu.Unlock()
		f(t, r, ours, far)
		s.Shutdown()
		_ = far.Close()
	})
}

// ended asserts how long after start the connection ends, and why.
func ended(t *testing.T, r *sink, start time.Time, after time.Duration, why string) {
	t.Helper()
	f := <-r.failures
	if took := time.Since(start); took != after || !strings.Contains(f.err.Error(), why) {
		t.Errorf("ended after %s: %v, want %s and %q", took, f.err, after, why)
	}
}

// TestTrickle: bytes that come one by one do not prolong the time of their
// message.
func TestTrickle(t *testing.T) {
	inTime(t, func(t *testing.T, r *sink, _ Flow, nc net.Conn) {
		t.Helper()
		start := time.Now()
		var writer sync.WaitGroup
		writer.Go(func() {
			for b := []byte("OPTIONS sip:b SIP/2.0\r\nX: "); ; b = []byte("x") {
				if _, err := nc.Write(b); err != nil {
					return
				}
				<-time.After(time.Second)
			}
		})
		ended(t, r, start, 10*time.Second, "was not complete after 10s")
		writer.Wait()
	})
}

// TestEachMessageHasItsTime: the clock of a message starts with its first byte,
// not with that of the message before it.
func TestEachMessageHasItsTime(t *testing.T) {
	inTime(t, func(t *testing.T, r *sink, _ Flow, nc net.Conn) {
		t.Helper()
		one := options("1", 0)
		for _, part := range []string{one[:50], one[50:] + one[:50], one[50:] + one[:50]} {
			send(t, nc, part)
			<-time.After(8 * time.Second)
		}
		if n := len(r.received); n != 2 {
			t.Errorf("%d messages, want 2", n)
		}
		ended(t, r, time.Now(), 2*time.Second, "was not complete after 10s")
	})
}

// TestSendingIsNoSilence: messages in either direction and the peer's
// keep-alives keep a connection open; other line ends do not.
func TestSendingIsNoSilence(t *testing.T) {
	inTime(t, func(t *testing.T, r *sink, ours Flow, nc net.Conn) {
		t.Helper()
		answer := make([]byte, 2)
		for i := range 12 {
			<-time.After(4 * time.Minute)
			switch i % 3 {
			case 0:
				if err := ours.Send([]byte("xy")); err != nil {
					t.Fatalf("after %d times four minutes: %v", i, err)
				}
			case 1:
				send(t, nc, "\r\n\r\n")
			case 2:
				send(t, nc, options("1", 0))
				<-r.received
				continue
			}
			if _, err := io.ReadFull(nc, answer); err != nil {
				t.Fatal(err)
			}
		}
		start := time.Now()
		<-time.After(4 * time.Minute)
		send(t, nc, "\r\n")
		ended(t, r, start, 5*time.Minute, "was silent for 5m0s")
	})
}

// TestStuckPeer: a peer that takes nothing has WriteTimeout.
func TestStuckPeer(t *testing.T) {
	inTime(t, func(t *testing.T, r *sink, ours Flow, nc net.Conn) {
		t.Helper()
		start := time.Now()
		if err := ours.Send([]byte("x")); err != nil {
			t.Fatal(err)
		}
		ended(t, r, start, 5*time.Second, "i/o timeout")
		if err := ours.Send([]byte("x")); err == nil {
			t.Error("sending after the end is no error")
		}
		_ = nc.Close()
	})
}
