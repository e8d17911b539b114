package siptest

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"net"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/websocket"
)

// stream is a connection of a peer that is not of UDP.
type stream struct {
	nc     net.Conn
	remote netip.AddrPort
	local  netip.AddrPort
	write  sync.Mutex
	closed chan struct{} // when the far side, or we, have closed it
}

func (c *stream) open() bool {
	select {
	case <-c.closed:
		return false
	default:
		return true
	}
}

var autoLength = regexp.MustCompile(`(?im)^(Content-Length|l)[ \t]*:[ \t]*auto[ \t]*\r$`)

// Wire is raw as it goes onto the wire: each line ends with CRLF, and
// "Content-Length: auto" becomes the length of the body.
func Wire(raw string) string {
	raw = strings.ReplaceAll(strings.ReplaceAll(raw, "\r\n", "\n"), "\n", "\r\n")
	head, body, found := strings.Cut(raw, "\r\n\r\n")
	if !found {
		return raw
	}
	head = autoLength.ReplaceAllString(head+"\r", "${1}: "+strconv.Itoa(len(body))+"\r")
	return strings.TrimSuffix(head, "\r") + "\r\n\r\n" + body
}

// Send sends a message, as [Wire] makes it. A TCP peer uses the connection to
// that address, or makes one.
func (p *Peer) Send(to netip.AddrPort, raw string) {
	p.t.Helper()
	p.SendBytes(to, []byte(Wire(raw)))
}

// Reply sends a message to where another came from, over TCP on its connection.
func (p *Peer) Reply(to *Msg, raw string) {
	p.t.Helper()
	p.Send(to.From, raw)
}

// SendBytes sends bytes as they are, over TCP in one write, over a WebSocket as one
// message.
func (p *Peer) SendBytes(to netip.AddrPort, b []byte) {
	p.t.Helper()
	p.log('>', to, b)
	if p.udp != nil {
		if _, err := p.udp.WriteToUDPAddrPort(b, to); err != nil {
			p.t.Errorf("peer %s cannot send to %s: %v", p.name, to, err)
		}
		return
	}
	c := p.connection(to)
	if c == nil {
		return
	}
	c.write.Lock()
	defer c.write.Unlock()
	_ = c.nc.SetWriteDeadline(time.Now().Add(Timeout))
	if _, err := c.nc.Write(b); err != nil {
		p.t.Errorf("peer %s cannot send to %s: %v", p.name, to, err)
	}
}

// Connect makes a connection to an address unless there is one, and returns the
// address that it leaves from. TLS begins with what is sent or received first.
func (p *Peer) Connect(to netip.AddrPort) netip.AddrPort {
	p.t.Helper()
	c := p.connection(to)
	if c == nil {
		p.t.FailNow()
	}
	return c.local
}

// Disconnect closes the TCP connection to an address.
func (p *Peer) Disconnect(to netip.AddrPort) {
	p.mu.Lock()
	c := p.conns[to]
	p.mu.Unlock()
	if c != nil {
		_ = c.nc.Close()
		<-c.closed
	}
}

// Disconnected fails the test unless the far side has closed the TCP connection
// to that address within d.
func (p *Peer) Disconnected(from netip.AddrPort, d time.Duration) {
	p.t.Helper()
	p.mu.Lock()
	c := p.conns[from]
	p.mu.Unlock()
	if c == nil {
		p.t.Fatalf("peer %s: there was no connection to %s", p.name, from)
	}
	select {
	case <-c.closed:
	case <-time.After(d):
		p.t.Fatalf("peer %s: connection to %s is still open after %s", p.name, from, d)
	}
}

func (p *Peer) connection(to netip.AddrPort) *stream {
	p.t.Helper()
	p.mu.Lock()
	c := p.conns[to]
	p.mu.Unlock()
	if c != nil && c.open() {
		return c
	}
	dialer := net.Dialer{Timeout: Timeout, LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(p.addr.Addr(), 0))}
	nc, err := dialer.Dial("tcp", to.String())
	if err != nil {
		p.t.Errorf("peer %s cannot connect to %s: %v", p.name, to, err)
		return nil
	}
	local := nc.LocalAddr().(*net.TCPAddr).AddrPort()
	if p.tls != nil {
		nc = tls.Client(nc, p.tls)
	}
	if p.isWebSocket() {
		if nc, err = p.upgrade(nc, to); err != nil {
			p.t.Errorf("peer %s cannot speak WebSocket to %s: %v", p.name, to, err)
			return nil
		}
	}
	return p.adopt(nc, to, local)
}

func (p *Peer) adopt(nc net.Conn, remote, local netip.AddrPort) *stream {
	c := &stream{nc: nc, remote: remote, local: local, closed: make(chan struct{})}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.shut {
		_ = nc.Close()
		close(c.closed)
		return c
	}
	p.conns[remote] = c
	p.wg.Go(func() { p.readStream(c) })
	return c
}

func (p *Peer) accept() {
	for {
		nc, err := p.ln.Accept()
		if err != nil {
			return
		}
		if p.tls != nil {
			nc = tls.Server(nc, p.tls)
		}
		p.adopt(nc, nc.RemoteAddr().(*net.TCPAddr).AddrPort(), p.addr)
	}
}

func (p *Peer) readDatagrams() {
	buf := make([]byte, 65535)
	for {
		n, from, err := p.udp.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		p.arrived(buf[:n], netip.AddrPortFrom(from.Addr().Unmap(), from.Port()))
	}
}

func (p *Peer) readStream(c *stream) {
	defer close(c.closed)
	defer func() { _ = c.nc.Close() }()
	r := bufio.NewReader(c.nc)
	read := func() ([]byte, error) { return readFrame(r) }
	if ws, ok := c.nc.(*websocket.Conn); ok {
		read = func() ([]byte, error) { return readMessage(ws) }
	}
	for {
		raw, err := read()
		if err != nil {
			return
		}
		p.arrived(raw, c.remote)
	}
}

// readFrame reads a message with a Content-Length, as RFC 3261 section 18.3 has
// it on streams. Line ends before it are skipped.
func readFrame(r *bufio.Reader) ([]byte, error) {
	var head []byte
	for !bytes.HasSuffix(head, []byte("\r\n\r\n")) {
		line, err := r.ReadBytes('\n')
		if err != nil {
			return nil, err
		}
		if len(head) > 0 || len(bytes.Trim(line, "\r\n")) > 0 {
			head = append(head, line...)
		}
	}
	n, err := strconv.Atoi((&Msg{Raw: string(head)}).Header("Content-Length"))
	if err != nil {
		return head, nil //nolint:nilerr // the test sees that the header field is missing
	}
	body := make([]byte, n)
	for read := 0; read < n; {
		k, err := r.Read(body[read:])
		if err != nil {
			return nil, err
		}
		read += k
	}
	return append(head, body...), nil
}

func (p *Peer) arrived(raw []byte, from netip.AddrPort) {
	m := &Msg{Raw: string(raw), From: from, At: time.Now()}
	p.log('<', from, raw)
	p.mu.Lock()
	p.seen = append(p.seen, from.String()+" "+m.StartLine())
	p.mu.Unlock()
	select {
	case p.in <- m:
	default:
		p.t.Errorf("peer %s: %d messages are waiting: %s is lost", p.name, queueLength, m.StartLine())
	}
}

func (p *Peer) log(direction byte, other netip.AddrPort, raw []byte) {
	p.t.Helper()
	p.t.Logf("%s %c %s\n%s", p.name, direction, other, strings.ReplaceAll(string(raw), "\r\n", "\n"))
}
