package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/redirectd/redirectd/internal/siptest"
)

// secured is a Config with a pair and its authority.
func secured(ca *siptest.CA, p siptest.Pair, auth ClientAuth) Config {
	return Config{TLS: TLSConfig{Cert: p.Cert, Key: p.Key, CA: ca.File, ClientAuth: auth}}
}

// connectTLS connects and shows these certificates; the server's is not looked at.
func connectTLS(t *testing.T, to netip.AddrPort, show ...siptest.Pair) *tls.Conn {
	t.Helper()
	cfg := &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}
	for _, p := range show {
		cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &p.TLS, nil }
	}
	nc := tls.Client(connect(t, to), cfg)
	ctx, cancel := context.WithTimeout(t.Context(), wait)
	defer cancel()
	if err := nc.HandshakeContext(ctx); err != nil {
		t.Fatal(err)
	}
	return nc
}

// TestClientAuth: who gets in, and what is known of him.
func TestClientAuth(t *testing.T) {
	ca := siptest.NewCA(t)
	known, unknown := ca.Issue("sip:a.example", "b.example"), siptest.NewCA(t).Issue("a.example")
	expired := ca.IssueAs(func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }, "a.example")
	serverOnly := ca.IssueAs(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }, "a.example")
	signing := ca.IssueAs(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning} }, "a.example")
	a := []string{"a.example"}
	for _, tc := range []struct {
		name string
		auth ClientAuth
		show []siptest.Pair
		in   bool
		want []string
	}{
		{"none, none", ClientAuthNone, nil, true, nil},
		{"none by default", "", []siptest.Pair{known}, true, nil},
		{"none, one", ClientAuthNone, []siptest.Pair{unknown}, true, nil},
		{"request, none", ClientAuthRequest, nil, true, nil},
		{"request, one", ClientAuthRequest, []siptest.Pair{known}, true, a},
		{"request, unknown", ClientAuthRequest, []siptest.Pair{unknown}, false, nil},
		{"request, expired", ClientAuthRequest, []siptest.Pair{expired}, false, nil},
		{"require, none", ClientAuthRequire, nil, false, nil},
		{"require, one", ClientAuthRequire, []siptest.Pair{known}, true, a},
		{"require, unknown", ClientAuthRequire, []siptest.Pair{unknown}, false, nil},
		{"require, expired", ClientAuthRequire, []siptest.Pair{expired}, false, nil},
		{"require, a server's", ClientAuthRequire, []siptest.Pair{serverOnly}, true, a},
		{"require, for other uses", ClientAuthRequire, []siptest.Pair{signing}, false, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newSink()
			var journal logged
			cfg := secured(ca, ca.Issue("127.0.0.1"), tc.auth)
			cfg.Logger = journal.logger()
			s := serve(t, cfg, r, "tls://127.0.0.1:0")
			nc := connectTLS(t, s.addr(0), tc.show...) // TLS 1.3: the client is done before the server has looked
			if _, err := nc.Write([]byte(options("1", 0))); err != nil && tc.in {
				t.Fatal(err)
			}
			if !tc.in {
				_ = nc.SetReadDeadline(time.Now().Add(wait))
				if n, err := nc.Read(make([]byte, 1)); err == nil || isTimeout(err) {
					t.Errorf("read %d bytes, %v: want the end", n, err)
				}
				_ = nc.Close()
				eventually(t, "the log says so", func() bool { return strings.Contains(journal.String(), "handshakes failed") })
				if len(r.received) > 0 || len(r.failures) > 0 {
					t.Error("the connection was told")
				}
				return
			}
			f := r.next(t).flow
			if f.Kind != TLS || !f.Accepted() || !slices.Equal(f.Identities(), tc.want) || f.Listener() != (Address{TLS, s.addr(0)}) {
				t.Errorf("%s accepted %v at %s by %q, want %q", f, f.Accepted(), f.Listener(), f.Identities(), tc.want)
			}
			if err := f.Send([]byte("SIP/2.0 200 OK\r\n\r\n")); err != nil {
				t.Fatal(err)
			}
			if got := read(t, nc, 18); got != "SIP/2.0 200 OK\r\n\r\n" {
				t.Errorf("answer %q", got)
			}
		})
	}
}

// TestTLSReuse: a connection is for one name; an accepted one, without an alias,
// for none.
func TestTLSReuse(t *testing.T) {
	ca := siptest.NewCA(t)
	r := newSink()
	s := serve(t, secured(ca, ca.Issue("127.0.0.1"), ClientAuthRequest), r, "tls://127.0.0.1:0")
	p := siptest.TLS(t, ca, ca.Issue("a.example", "b.example"))
	to := Destination{Kind: TLS, Addr: p.Addr(), Name: "a.example"}
	f, err := s.Dial(t.Context(), to)
	if err != nil {
		t.Fatal(err)
	}
	upper := to
	upper.Name = "A.example"
	if again, ok := s.Flow(upper, netip.AddrPort{}); !ok || again != f {
		t.Errorf("same name: %s, %v", again, ok)
	}
	for _, name := range []string{"b.example", "c.example", ""} {
		if other, ok := s.Flow(Destination{Kind: TLS, Addr: p.Addr(), Name: name}, netip.AddrPort{}); ok {
			t.Errorf("%q has %s", name, other)
		}
	}
	if g, err := s.Dial(t.Context(), Destination{Kind: TLS, Addr: p.Addr(), Name: "b.example"}); err != nil || g == f {
		t.Errorf("other name: %s, %v, want another connection", g, err)
	}
	if _, err := s.Dial(t.Context(), Destination{Kind: TLS, Addr: p.Addr(), Name: "c.example"}); err == nil {
		t.Error("a name that is not in the certificate was connected to")
	}
	nc := connectTLS(t, s.addr(0), ca.Issue("a.example"))
	send(t, nc, options("1", 0))
	accepted := r.next(t).flow
	for _, name := range []string{"", "a.example"} {
		if other, ok := s.Flow(Destination{Kind: TLS, Addr: accepted.Remote, Name: name}, netip.AddrPort{}); ok {
			t.Errorf("%q has the accepted %s", name, other)
		}
	}
}

// TestSilentHandshake: a client that says nothing, or too slowly, delays nobody
// and has HandshakeTimeout; it counts as a connection.
func TestSilentHandshake(t *testing.T) {
	for _, kind := range []string{"tls", "ws", "wss"} {
		t.Run(kind, func(t *testing.T) {
			ca := siptest.NewCA(t)
			cfg := secured(ca, ca.Issue("127.0.0.1"), ClientAuthNone)
			cfg.HandshakeTimeout, cfg.MaxConnectionsPerSource = 300*time.Millisecond, 21
			r := newSink()
			s := serve(t, cfg, r, kind+"://127.0.0.1:0")
			silent := make([]net.Conn, 20)
			for i := range silent {
				silent[i] = connect(t, s.addr(0))
			}
			if kind == "ws" {
				send(t, silent[1], upgradeRequest)
			} else {
				send(t, silent[1], "\x16\x03\x01")
			}
			var nc net.Conn = connect(t, s.addr(0))
			if kind != "ws" {
				nc = tls.Client(nc, &tls.Config{InsecureSkipVerify: true})
			}
			if kind == "tls" {
				send(t, nc, options("1", 0))
			} else {
				send(t, nc, upgradeRequest+"Sec-WebSocket-Protocol: sip\r\n\r\n")
				upgraded(t, nc)
				send(t, nc, masked(ws.OpText, true, options("1", 0)))
			}
			if got := r.next(t); got.raw != options("1", 0) {
				t.Errorf("received %q", got.raw)
			}
			closed(t, connect(t, s.addr(0))) // the 22nd
			for _, nc := range silent {
				closed(t, nc)
			}
			eventually(t, "one connection is left", func() bool {
				s.mu.Lock()
				defer s.mu.Unlock()
				return len(s.conns.all) == 1
			})
			if len(r.failures) > 0 {
				t.Errorf("told as a failure: %v", (<-r.failures).err)
			}
		})
	}
}

// TestTLSEnd: our end is said in TLS, after what was queued; the peer's is EOF.
func TestTLSEnd(t *testing.T) {
	ca := siptest.NewCA(t)
	r := newSink()
	s := serve(t, secured(ca, ca.Issue("127.0.0.1"), ClientAuthNone), r, "tls://127.0.0.1:0")
	first, second := connectTLS(t, s.addr(0)), connectTLS(t, s.addr(0))
	send(t, first, options("1", 0))
	one := r.next(t).flow
	_ = first.Close()
	if f := r.failure(t); f.flow != one || !errors.Is(f.err, io.EOF) {
		t.Errorf("failure of %s: %v", f.flow, f.err)
	}
	send(t, second, options("2", 0))
	if err := r.next(t).flow.Send([]byte(options("3", 60000))); err != nil {
		t.Fatal(err)
	}
	s.Shutdown()
	_ = second.SetReadDeadline(time.Now().Add(wait))
	got, err := io.ReadAll(second) // io.ErrUnexpectedEOF without close_notify
	if string(got) != options("3", 60000) || err != nil {
		t.Errorf("%d bytes, %v, want all and an orderly end", len(got), err)
	}
}

// TestTLSStuck: a peer that does not read costs its connection, and neither
// sending nor Shutdown waits for it.
func TestTLSStuck(t *testing.T) {
	ca := siptest.NewCA(t)
	r := newSink()
	cfg := secured(ca, ca.Issue("127.0.0.1"), ClientAuthNone)
	cfg.QueueBytes = 24 << 20
	s := serve(t, cfg, r, "tls://127.0.0.1:0")
	for range 2 {
		send(t, connectTLS(t, s.addr(0)), options("1", 0))
	}
	full, queued := r.next(t).flow, r.next(t).flow
	if err := queued.Send(make([]byte, 20<<20)); err != nil {
		t.Fatal(err)
	}
	var err error
	var longest time.Duration
	for b := make([]byte, 1<<20); err == nil; {
		start := time.Now()
		err = full.Send(b)
		longest = max(longest, time.Since(start))
	}
	if !errors.Is(err, ErrQueueFull) || longest > time.Second {
		t.Errorf("%v, and one Send took %s", err, longest)
	}
	if f := r.failure(t); f.flow != full || !errors.Is(f.err, ErrQueueFull) {
		t.Errorf("failure of %s: %v", f.flow, f.err)
	}
	start := time.Now()
	s.Shutdown()
	if took := time.Since(start); took > 2*stopGrace+stopGrace/2 {
		t.Errorf("Shutdown took %s", took)
	}
}

// TestFlowID: a connection has a number of its own, by which it is found while it
// lives.
func TestFlowID(t *testing.T) {
	ca := siptest.NewCA(t)
	r := newSink()
	s := serve(t, secured(ca, ca.Issue("127.0.0.1"), ClientAuthNone), r, "tls://127.0.0.1:0", "tcp://127.0.0.1:0", "udp://127.0.0.1:0")
	over := connectTLS(t, s.addr(0))
	plain := connect(t, s.addr(1))
	datagram(t, s.addr(2), []byte(options("u", 0)))
	if f := r.next(t).flow; f.ID() != 0 || f.Accepted() || f.Listener() != (Address{UDP, s.addr(2)}) || f.Identities() != nil {
		t.Errorf("%s: id %d, accepted %v, listener %s", f, f.ID(), f.Accepted(), f.Listener())
	}
	seen := map[uint64]bool{0: true}
	for _, nc := range []net.Conn{over, plain} {
		send(t, nc, options("1", 0))
		f := r.next(t).flow
		if seen[f.ID()] {
			t.Errorf("%s has the id %d", f, f.ID())
		}
		seen[f.ID()] = true
		if found, ok := s.ByID(f.ID()); !ok || found != f {
			t.Errorf("by its id: %s, %v", found, ok)
		}
		if _, ok := s.ByID(f.ID() + 1); ok {
			t.Error("there is one by another id")
		}
		_ = nc.Close()
		r.failure(t)
		if _, ok := s.ByID(f.ID()); ok {
			t.Error("it is found after its end")
		}
	}
	if _, ok := s.ByID(0); ok {
		t.Error("0 is a connection")
	}
	if !(Flow{}).IsZero() || (Flow{}).ID() != 0 || (Flow{}).Listener() != (Address{}) || (Flow{}).Accepted() {
		t.Error("the zero Flow says something of itself")
	}
}
