package transport

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/edge/message"
	"github.com/redirectd/redirectd/internal/siptest"
)

func TestUDP(t *testing.T) {
	for _, host := range siptest.Loopbacks() {
		t.Run(host, func(t *testing.T) {
			r := newSink()
			s := serve(t, Config{}, r, freePort("udp", host))
			p := siptest.New(t, "udp", host)
			want := options("1", 10)
			p.SendBytes(s.addr(0), []byte(want))
			got := r.next(t)
			if got.raw != want || got.err != nil {
				t.Errorf("received %q (%v), want %q", got.raw, got.err, want)
			}
			if f := got.flow; f.Kind != UDP || f.Local != s.addr(0) || f.Remote != p.Addr() || !f.Alive() || f.IsZero() {
				t.Errorf("flow %s, alive %v, zero %v", f, f.Alive(), f.IsZero())
			}
			if f, ok := s.Flow(Destination{Kind: UDP, Addr: p.Addr()}, netip.AddrPort{}); !ok || f != got.flow {
				t.Errorf("flow to the peer is %s, %v, want %s", f, ok, got.flow)
			}
			if err := got.flow.Send([]byte("SIP/2.0 200 OK\r\n\r\n")); err != nil {
				t.Fatal(err)
			}
			if m := p.Expect("SIP/2.0 200 OK"); m.From != s.addr(0) {
				t.Errorf("answer from %s, want %s", m.From, s.addr(0))
			}
		})
	}
}

// TestUDPLargest: the largest datagram that there is passes both ways.
func TestUDPLargest(t *testing.T) {
	r := newSink()
	s := serve(t, Config{}, r, "udp://127.0.0.1:0")
	p := siptest.UDP(t)
	want := options("1", 65507-len(options("1", 10000))+10000)
	p.SendBytes(s.addr(0), []byte(want))
	got := r.next(t)
	if len(want) != 65507 || got.raw != want || got.err != nil {
		t.Fatalf("received %d bytes (%v), want %d", len(got.raw), got.err, len(want))
	}
	if err := got.flow.Send([]byte(want)); err != nil {
		t.Fatal(err)
	}
	if m := p.Receive(); m.Raw != want {
		t.Errorf("peer received %d bytes, want %d", len(m.Raw), len(want))
	}
	if err := got.flow.Send(make([]byte, 65508)); !errors.Is(err, syscall.EMSGSIZE) {
		t.Errorf("sending more than fits: %v, want EMSGSIZE", err)
	}
}

func TestUDPKeepAlive(t *testing.T) {
	r := newSink()
	s := serve(t, Config{}, r, "udp://127.0.0.1:0")
	p := siptest.UDP(t)
	for _, b := range []string{"", "\r\n", "\r\n\r\n", "\n", "\x00\x00\x00\x00"} {
		p.SendBytes(s.addr(0), []byte(b))
	}
	p.SendBytes(s.addr(0), []byte(options("1", 0)))
	if got := r.next(t); got.raw != options("1", 0) {
		t.Errorf("received %q, want none of the keep-alives", got.raw)
	}
	p.Silent(20 * time.Millisecond)
}

// bad are datagrams of RFC 4475 and worse.
var bad = []string{
	"\x00", "\x00\x00\x00", "\x00\x00\x00\x00\x00", " ", "\r\n \r\n", "INVITE", "INVITE \r\n", "SIP/2.0", "SIP/2.0 \r\n\r\n", ":\r\n\r\n",
	"INVITE sip:a SIP/2.0\r\n\r\n", "SIP/2.0 99999 x\r\n\r\n",
	// 3.1.2.1 badinv01
	"INVITE sip:user@example.com SIP/2.0\r\nTo: sip:j.user@example.com\r\nFrom: sip:caller@example.net;tag=134161461246\r\nMax-Forwards: 7\r\n" +
		"Call-ID: badinv01.0ha0isndaksdjasdf3234nas\r\nCSeq: 8 INVITE\r\nVia: SIP/2.0/UDP 192.0.2.15;;,;,,\r\n" +
		"Contact: \"Joe\" <sip:joe@example.org>;;;;\r\nContent-Length: 152\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n",
	// 3.1.2.2 clerr
	"INVITE sip:user@example.com SIP/2.0\r\nMax-Forwards: 80\r\nTo: sip:j.user@example.com\r\nFrom: sip:caller@example.net;tag=93942939o2\r\n" +
		"Contact: <sip:caller@hungry.example.net>\r\nCall-ID: clerr.0ha0isndaksdjweiafasdk3\r\nCSeq: 8 INVITE\r\n" +
		"Via: SIP/2.0/UDP host5.example.com;branch=z9hG4bK-39234-23523\r\nContent-Type: application/sdp\r\nContent-Length: 9999\r\n\r\nv=0\r\n",
	// 3.1.2.3 ncl
	"INVITE sip:user@example.com SIP/2.0\r\nMax-Forwards: 254\r\nTo: sip:j.user@example.com\r\nFrom: sip:caller@example.net;tag=32394234\r\n" +
		"Call-ID: ncl.0ha0isndaksdj2193423r542w35\r\nCSeq: 0 INVITE\r\nVia: SIP/2.0/UDP 192.0.2.53;branch=z9hG4bKkdjuw\r\n" +
		"Contact: <sip:caller@example53.example.net>\r\nContent-Type: application/sdp\r\nContent-Length: -999\r\n\r\nv=0\r\n",
	// 3.1.2.4 scalar02
	"REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/TCP host129.example.com;branch=z9hG4bK342sdfoi3\r\nTo: <sip:user@example.com>\r\n" +
		"From: <sip:user@example.com>;tag=239232jh3\r\nCSeq: 36893488147419103232 REGISTER\r\nCall-ID: scalar02.23o0pd9vanlq3wnrlnewofjas9ui32\r\n" +
		"Max-Forwards: 300\r\nExpires: 10000000000000000000000000000000000\r\nContact: <sip:user@host129.example.com>;expires=280297596632815\r\nContent-Length: 0\r\n\r\n",
	// 3.1.2.5 quotbal
	"INVITE sip:user@example.com SIP/2.0\r\nTo: \"Mr. J. User <sip:j.user@example.com>\r\nFrom: sip:caller@example.net;tag=93334\r\nMax-Forwards: 10\r\n" +
		"Call-ID: quotbal.aksdj\r\nContact: <sip:caller@host59.example.net>\r\nCSeq: 8 INVITE\r\nVia: SIP/2.0/UDP 192.0.2.59:5050;branch=z9hG4bKkdjuw39234\r\nContent-Length: 0\r\n\r\n",
	// 3.1.2.16 badvers
	"OPTIONS sip:t.watson@example.org SIP/7.0\r\nVia: SIP/7.0/UDP c.example.com;branch=z9hG4bKkdjuw\r\nMax-Forwards: 70\r\n" +
		"From: A. Bell <sip:a.g.bell@example.com>;tag=qweoiqpe\r\nTo: T. Watson <sip:t.watson@example.org>\r\nCall-ID: badvers.31417@c.example.com\r\nCSeq: 1 OPTIONS\r\n\r\n",
	strings.Repeat("\r\n", 30000) + "x", strings.Repeat("A:", 32000), strings.Repeat("<\"", 32000),
}

// TestUDPBadDatagrams: whatever comes, the reader goes on, with one call for
// each datagram.
func TestUDPBadDatagrams(t *testing.T) {
	r := newSink()
	s := serve(t, Config{}, r, "udp://127.0.0.1:0")
	p := siptest.UDP(t)
	rnd := rand.New(rand.NewPCG(1, 2))
	datagrams := append([]string(nil), bad...)
	for range 500 {
		b := make([]byte, 5+rnd.IntN(1500))
		for i := range b {
			b[i] = byte(1 + rnd.IntN(255))
		}
		datagrams = append(datagrams, string(b))
	}
	for i, b := range datagrams {
		p.SendBytes(s.addr(0), []byte(b))
		if got := r.next(t); got.err == nil {
			t.Errorf("datagram %d is no message, and there was no error: %q", i, b)
		}
	}
	p.SendBytes(s.addr(0), []byte(options("1", 0)))
	if got := r.next(t); got.raw != options("1", 0) || got.err != nil {
		t.Errorf("after them: received %q, %v", got.raw, got.err)
	}
}

// TestUDPManySources: nothing is kept for a source.
func TestUDPManySources(t *testing.T) {
	r := newSink()
	s := serve(t, Config{}, r, "udp://127.0.0.1:0")
	p := siptest.UDP(t)
	f, ok := s.Flow(Destination{Kind: UDP, Addr: p.Addr()}, netip.AddrPort{})
	if !ok {
		t.Fatal("no flow")
	}
	goroutines := runtime.NumGoroutine()
	before := heap()
	for range 2000 {
		datagram(t, s.addr(0), []byte("x"))
		if got := r.next(t); got.flow == f {
			t.Fatal("the sources are not different")
		}
	}
	if grown := int64(heap()) - int64(before); grown > 64<<10 {
		t.Errorf("2,000 sources left %d bytes", grown)
	}
	if n := runtime.NumGoroutine(); n > goroutines {
		t.Errorf("2,000 sources left %d goroutines", n-goroutines)
	}
	if err := f.Send([]byte("SIP/2.0 200 OK\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	p.Expect("SIP/2.0 200")
}

func heap() uint64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// TestReceiverPanics: one message that the receiver cannot bear is one message
// lost, and it is in the log.
func TestReceiverPanics(t *testing.T) {
	for _, network := range []string{"udp", "tcp"} {
		t.Run(network, func(t *testing.T) {
			r := newSink()
			r.react = func(_ Flow, m *message.Message, _ error) {
				if at := bytes.Index(m.Raw(), []byte("poison")); at >= 0 {
					_ = m.Raw()[:at][at] // out of range
				}
			}
			var journal logged
			s := serve(t, Config{Logger: journal.logger()}, r, freePort(network, "127.0.0.1"))
			p := siptest.New(t, network, "127.0.0.1")
			p.SendBytes(s.addr(0), []byte(options("poison", 0)))
			p.SendBytes(s.addr(0), []byte(options("2", 0)))
			r.next(t)
			if got := r.next(t); got.raw != options("2", 0) {
				t.Errorf("received %q", got.raw)
			}
			if text := journal.String(); !strings.Contains(text, "receiver panicked") || !strings.Contains(text, "udp_test.go") {
				t.Errorf("log has no stack of the panic: %s", text)
			}
		})
	}
}

func TestZeroFlow(t *testing.T) {
	var f Flow
	if !f.IsZero() || f.Alive() || !errors.Is(f.Send(nil), ErrClosed) {
		t.Error("the zero Flow is a flow")
	}
}
