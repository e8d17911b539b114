package transport

import (
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/edge/message"
	"github.com/redirectd/redirectd/internal/siptest"
)

func TestTCP(t *testing.T) {
	for _, host := range siptest.Loopbacks() {
		t.Run(host, func(t *testing.T) {
			r := newSink()
			s := serve(t, Config{}, r, freePort("tcp", host))
			p := siptest.New(t, "tcp", host)
			from := p.Connect(s.addr(0))
			p.SendBytes(s.addr(0), []byte(options("1", 3)))
			got := r.next(t)
			if got.raw != options("1", 3) || got.err != nil {
				t.Errorf("received %q, %v", got.raw, got.err)
			}
			if f := got.flow; f.Kind != TCP || f.Local != s.addr(0) || f.Remote != from || !f.Alive() {
				t.Errorf("flow %s, alive %v, want from %s", f, f.Alive(), from)
			}
			if f, ok := s.Flow(Destination{Kind: TCP, Addr: from}, s.addr(0)); !ok || f != got.flow {
				t.Errorf("flow to the peer is %s, %v", f, ok)
			}
			answer := []byte("SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n")
			if err := got.flow.Send(answer); err != nil {
				t.Fatal(err)
			}
			clear(answer) // nothing of it may be kept
			if m := p.Expect("SIP/2.0 200 OK"); m.From != s.addr(0) {
				t.Errorf("answer from %s", m.From)
			}
			p.Disconnect(s.addr(0))
			if f := r.failure(t); f.flow != got.flow || f.payload != "" || !errors.Is(f.err, io.EOF) {
				t.Errorf("failure of %s: %v, want EOF", f.flow, f.err)
			}
			if _, ok := s.Flow(Destination{Kind: TCP, Addr: from}, s.addr(0)); ok || got.flow.Alive() || !errors.Is(got.flow.Send(answer), ErrClosed) {
				t.Error("the flow outlives its connection")
			}
		})
	}
}

// TestTCPPieces: byte by byte, two in one write, a large one, keep-alives
// between: the same messages.
func TestTCPPieces(t *testing.T) {
	r := newSink()
	s := serve(t, Config{}, r, "tcp://127.0.0.1:0")
	nc := connect(t, s.addr(0))
	send(t, nc, "\r\n")
	for i, b := range []byte(options("1", 5)) {
		if n, err := nc.Write([]byte{b}); n != 1 || err != nil {
			t.Fatalf("byte %d: %v", i, err)
		}
	}
	large := options("4", 64000)
	send(t, nc, options("2", 0)+options("3", 1)+"\r\n\r\n"+large)
	for _, want := range []string{options("1", 5), options("2", 0), options("3", 1), large} {
		if got := r.next(t); got.raw != want || got.err != nil {
			t.Fatalf("received %.80q (%v), want %.80q", got.raw, got.err, want)
		}
	}
	if got := read(t, nc, 2); got != "\r\n" {
		t.Errorf("keep-alive was answered %q", got)
	}
	_ = nc.CloseWrite()
	closed(t, nc)
}

// TestTCPBadMessage: a message that is wrong but has an end is told, and the
// stream goes on.
func TestTCPBadMessage(t *testing.T) {
	r := newSink()
	s := serve(t, Config{}, r, "tcp://127.0.0.1:0")
	nc := connect(t, s.addr(0))
	badCSeq := strings.Replace(options("1", 0), "CSeq: 1 OPTIONS", "CSeq: 1 BYE", 1)
	send(t, nc, badCSeq+options("2", 0))
	var parse *message.ParseError
	if got := r.next(t); got.raw != badCSeq || !errors.As(got.err, &parse) || parse.Status != 400 {
		t.Errorf("received %q, %v, want a ParseError with 400", got.raw, got.err)
	}
	if got := r.next(t); got.raw != options("2", 0) || got.err != nil {
		t.Errorf("after it: %q, %v", got.raw, got.err)
	}
}

// TestTCPKeepAlive answers two line ends with one, once for each such ping.
func TestTCPKeepAlive(t *testing.T) {
	r := newSink()
	s := serve(t, Config{}, r, "tcp://127.0.0.1:0")
	nc := connect(t, s.addr(0))
	send(t, nc, "\r\n\r\n"+options("1", 0))
	if f := r.next(t).flow; f.Send([]byte("x")) != nil {
		t.Error("the connection has ended")
	}
	if got := read(t, nc, 3); got != "\r\nx" {
		t.Errorf("one ping was answered with %q", got)
	}
}

// TestTCPUnframable: a stream without an end of its message is refused, with
// the answer that the receiver gives before the connection ends.
func TestTCPUnframable(t *testing.T) {
	const answer = "SIP/2.0 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
	for name, raw := range map[string]string{
		"no length":  strings.Replace(options("1", 0), "Content-Length: 0\r\n", "", 1) + strings.Repeat("x", 5000),
		"bad length": strings.Replace(options("1", 0), "Length: 0", "Length: a", 1),
		"too large":  options("1", message.MaxSize),
	} {
		t.Run(name, func(t *testing.T) {
			r := newSink()
			r.react = func(f Flow, _ *message.Message, _ error) { _ = f.Send([]byte(answer)) }
			s := serve(t, Config{}, r, "tcp://127.0.0.1:0")
			nc := connect(t, s.addr(0))
			send(t, nc, raw)
			_ = nc.SetReadDeadline(time.Now().Add(wait))
			if got, err := io.ReadAll(nc); string(got) != answer || err != nil {
				t.Errorf("peer read %q and %v, want the answer and an orderly end", got, err)
			}
			var parse *message.ParseError
			if got := r.next(t); !errors.As(got.err, &parse) || !strings.HasPrefix(got.raw, "OPTIONS sip:b@127.0.0.1 SIP/2.0\r\n") {
				t.Errorf("received %.80q, %v", got.raw, got.err)
			}
			_ = nc.Close()
			if f := r.failure(t); !errors.As(f.err, &parse) {
				t.Errorf("connection ended for %v", f.err)
			}
		})
	}
}

// TestTCPGarbage: what is not SIP ends its connection and no other, and is
// told as a failure only.
func TestTCPGarbage(t *testing.T) {
	r := newSink()
	s := serve(t, Config{}, r, "tcp://127.0.0.1:0")
	for _, raw := range []string{"GET / HTTP/1.1\r\nHost: x\r\n\r\n", strings.Repeat("\x16\x03\x01\x00", 40000), "\r\n\r\n\r\n\n\n\r\n\r\n\r\n\r\n"} {
		nc := connect(t, s.addr(0))
		_, _ = nc.Write([]byte(raw)) // may be cut short
		_ = nc.CloseWrite()
		_ = r.failure(t)
		for len(r.received) > 0 {
			if got := <-r.received; got.err == nil {
				t.Errorf("%.40q is a message: %q", raw, got.raw)
			}
		}
	}
	nc := connect(t, s.addr(0))
	send(t, nc, options("1", 0))
	if got := r.next(t); got.raw != options("1", 0) {
		t.Errorf("after it: %q", got.raw)
	}
}

// TestTimeouts: half a message and silence end a connection.
func TestTimeouts(t *testing.T) {
	const short, long = 200 * time.Millisecond, time.Minute
	for _, tc := range []struct {
		name          string
		idle, message time.Duration
		first, want   string
	}{
		{"nothing at all", short, long, "", "was silent for 200ms"},
		{"silence after a message", short, long, options("1", 0), "was silent for 200ms"},
		{"half a message", long, short, options("1", 0)[:50], "was not complete after 200ms"},
		{"half a message after a whole one", long, short, options("1", 0) + options("2", 0)[:50], "was not complete after 200ms"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := newSink()
			s := serve(t, Config{IdleTimeout: tc.idle, MessageTimeout: tc.message}, r, "tcp://127.0.0.1:0")
			start := time.Now()
			nc := connect(t, s.addr(0))
			send(t, nc, tc.first)
			closed(t, nc)
			f := r.failure(t)
			if took := time.Since(start); !strings.Contains(f.err.Error(), tc.want) || !errors.Is(f.err, os.ErrDeadlineExceeded) || took < short {
				t.Errorf("ended after %s: %v, want %q", took, f.err, tc.want)
			}
		})
	}
}

func send(t *testing.T, nc net.Conn, s string) {
	t.Helper()
	_ = nc.SetWriteDeadline(time.Now().Add(wait))
	if _, err := nc.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
}
