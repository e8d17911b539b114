package edge

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/exporters/stdout/stdouttrace"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/redirectd/redirectd/internal/callrecord"
	"github.com/redirectd/redirectd/internal/edge/transport"
	"github.com/redirectd/redirectd/internal/linelog"
	"github.com/redirectd/redirectd/internal/policy"
)

// BenchmarkCall carries whole calls through an edge with the embedded policy, from
// the INVITE to the 200, one at a time over loopback. The peers are part of it:
// sockets without a SIP stack that allocate little.
func BenchmarkCall(b *testing.B) {
	for _, c := range []struct {
		name     string
		redirect int
		failing  int // targets that fail before the one that answers
		with     []func(*testing.B, *Options)
	}{
		{"plain", 0, 0, nil},
		{"plain traced", 0, 0, with(traced1)},
		{"302", 302, 0, nil},
		{"302 recorded", 302, 0, with(recorded)},
		{"302 traced, none sampled", 302, 0, with(traced0)},
		{"302 traced", 302, 0, with(traced1)},
		{"300 of three", 300, 2, nil},
		{"300 of three recorded", 300, 2, with(recorded)},
		{"300 of three traced", 300, 2, with(traced1)},
	} {
		b.Run(c.name, func(b *testing.B) {
			caller, server := newRawPeer(b), newRawPeer(b)
			targets := make([]*rawPeer, 0, c.failing+1)
			var contacts []string
			for i := range c.failing + 1 {
				targets = append(targets, newRawPeer(b))
				contacts = append(contacts, fmt.Sprintf("<sip:+15551230000@%s>;q=0.%d", targets[i].addr, 9-i))
			}
			contact := "Contact: " + strings.Join(contacts, ", ") + "\r\n"
			if c.redirect == 0 {
				server, targets = targets[0], targets[:1]
			}
			edge := benchEdge(b, server.addr, c.with...)
			n := 0
			b.ReportAllocs()
			for b.Loop() {
				n++
				caller.sendTo(edge, invite(caller.addr, edge, n))
				if c.redirect > 0 {
					server.answer("INVITE ", "302 Moved Temporarily", contact)
					server.next("ACK ")
				}
				for _, t := range targets[:len(targets)-1] {
					t.answer("INVITE ", "486 Busy Here", "")
					t.next("ACK ")
				}
				last := targets[len(targets)-1]
				last.answer("INVITE ", "180 Ringing", "")
				last.again("200 OK")
				caller.next("SIP/2.0 200 ")
			}
		})
	}
}

func with(f ...func(*testing.B, *Options)) []func(*testing.B, *Options) { return f }

// recorded has the edge write call records.
func recorded(b *testing.B, o *Options) {
	b.Helper()
	w, err := callrecord.Open(callrecord.Config{Config: linelog.Config{File: linelog.Stdout}}, callrecord.Options{Stdout: io.Discard})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = w.Close(b.Context()) })
	o.Records = w
}

// traced0 and traced1 have it make traces, of which none are sampled, or all.
func traced0(b *testing.B, o *Options) { b.Helper(); traceAll(b, o, sdktrace.NeverSample()) }
func traced1(b *testing.B, o *Options) { b.Helper(); traceAll(b, o, sdktrace.AlwaysSample()) }

func traceAll(b *testing.B, o *Options, sampler sdktrace.Sampler) {
	b.Helper()
	exporter, err := stdouttrace.New(stdouttrace.WithWriter(io.Discard))
	if err != nil {
		b.Fatal(err)
	}
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithSampler(sampler))
	b.Cleanup(func() { _ = provider.Shutdown(context.WithoutCancel(b.Context())) })
	o.Tracer = provider.Tracer("bench")
}

func benchEdge(b *testing.B, nextHop netip.AddrPort, with ...func(*testing.B, *Options)) netip.AddrPort {
	b.Helper()
	o := Options{
		Config: Config{
			Listen:  []transport.Address{{Kind: transport.UDP, AddrPort: netip.MustParseAddrPort("127.0.0.1:0")}},
			NextHop: []string{"sip:" + nextHop.String()},
		},
		Embedded: policy.NewBuiltin(policy.DefaultConfig()),
	}
	for _, f := range with {
		f(b, &o)
	}
	e, err := Start(o)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(e.Close)
	return e.Listeners()[0].Addr
}

func invite(from, to netip.AddrPort, n int) []byte {
	return fmt.Appendf(nil, "INVITE sip:+15551230000@%s;user=phone SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bKb%d\r\n"+
		"From: \"Caller\" <sip:+15557650000@%s>;tag=b%d\r\nTo: <sip:+15551230000@%s;user=phone>\r\nCall-ID: b%d@127.0.0.1\r\n"+
		"CSeq: 1 INVITE\r\nContact: <sip:u@%s>\r\nMax-Forwards: 70\r\nAllow: INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, PRACK\r\n"+
		"Supported: timer, replaces\r\nP-Asserted-Identity: <sip:+15557650000@127.0.0.1>\r\nUser-Agent: bench\r\n"+
		"Content-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s", to, from, n, from, n, to, n, from, len(benchSDP), benchSDP)
}

const benchSDP = "v=0\r\no=u 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0 8 101\r\n" +
	"a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=sendrecv\r\n"

// rawPeer is a socket that answers by the lines of what it got.
type rawPeer struct {
	b       *testing.B
	conn    *net.UDPConn
	addr    netip.AddrPort
	from    netip.AddrPort
	buf     []byte
	request []byte
	out     []byte
}

func newRawPeer(b *testing.B) *rawPeer {
	b.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = conn.Close() })
	return &rawPeer{b: b, conn: conn, addr: conn.LocalAddr().(*net.UDPAddr).AddrPort(), buf: make([]byte, 65535)}
}

func (p *rawPeer) sendTo(to netip.AddrPort, m []byte) {
	if _, err := p.conn.WriteToUDPAddrPort(m, to); err != nil {
		p.b.Fatal(err)
	}
}

// next reads until a message that begins like that.
func (p *rawPeer) next(prefix string) []byte {
	for {
		_ = p.conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		n, from, err := p.conn.ReadFromUDPAddrPort(p.buf)
		if err != nil {
			p.b.Fatalf("waiting for %q: %v", prefix, err)
		}
		if m := p.buf[:n]; bytes.HasPrefix(m, []byte(prefix)) {
			p.from = from
			return m
		}
	}
}

// answer waits for a request and answers it.
func (p *rawPeer) answer(prefix, status, headers string) {
	p.request = append(p.request[:0], p.next(prefix)...)
	p.respond(status, headers)
}

// again answers the last request once more.
func (p *rawPeer) again(status string) { p.respond(status, "") }

func (p *rawPeer) respond(status, headers string) {
	p.out = append(append(append(p.out[:0], "SIP/2.0 "...), status...), "\r\n"...)
	for line := range bytes.Lines(p.request) {
		switch name, _, _ := bytes.Cut(line, []byte(":")); string(name) {
		case "Via", "From", "Call-ID", "CSeq", "Record-Route":
			p.out = append(p.out, line...)
		case "To":
			p.out = append(append(p.out, bytes.TrimRight(line, "\r\n")...), ";tag=t\r\n"...)
		}
	}
	p.out = append(append(p.out, headers...), "Content-Length: 0\r\n\r\n"...)
	p.sendTo(p.from, p.out)
}
