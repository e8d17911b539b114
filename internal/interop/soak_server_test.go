package interop

import (
	"fmt"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/proctest"
)

const (
	serverT1   = 300 * time.Millisecond // between a final response and the same again
	serverT2   = time.Second            // at most
	ackWithin  = 30 * time.Second       // of a final response: some thirty copies of it
	serverTick = 20 * time.Millisecond
)

// servers are scripted user agent servers, as many as there are behaviours. They
// answer as RFC 3261 section 17.2 and 13.3.1.4 say, also when datagrams are lost,
// and note what they saw of each call.
type servers struct {
	at   map[string]*server
	stop chan struct{}
	wg   sync.WaitGroup

	mu     sync.Mutex
	txs    map[string]*serverTx // by branch
	byTag  map[string]*serverTx // those answered 200
	open   map[*serverTx]bool   // have something to do yet
	tags   int
	visits map[string][]string // by Call-ID: the servers that its INVITEs reached, repeats aside
	users  map[string]string   // by Call-ID: whom the caller wanted
	ended  map[string]bool     // by Call-ID: a BYE came
	dead   map[string]string   // by name: addresses where nobody listens
	wrong  []string            // what no server should see
}

// server is one socket and what happens there to an INVITE.
type server struct {
	name   string
	conn   *net.UDPConn
	invite func(tx *serverTx)
}

// serverTx is the server transaction of an INVITE.
type serverTx struct {
	s        *servers
	on       *server
	from     netip.AddrPort
	req      packet
	tag      string
	last     []byte
	final    int
	acked    bool
	interval time.Duration
	next     time.Time
	giveUp   time.Time
	later    func() // what to do at next, instead of sending last again
}

func startServers(t *testing.T, behaviours map[string]func(tx *serverTx)) *servers {
	t.Helper()
	s := &servers{
		at: map[string]*server{}, stop: make(chan struct{}),
		txs: map[string]*serverTx{}, byTag: map[string]*serverTx{}, open: map[*serverTx]bool{},
		visits: map[string][]string{}, users: map[string]string{}, ended: map[string]bool{},
		dead: map[string]string{"dead": proctest.FreeAddr(t).String(), "dead2": proctest.FreeAddr(t).String()},
	}
	for name, invite := range behaviours {
		conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(proctest.FreeAddr(t)))
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.SetReadBuffer(4 << 20); err != nil {
			t.Fatal(err)
		}
		s.at[name] = &server{name: name, conn: conn, invite: invite}
	}
	for _, on := range s.at {
		s.wg.Go(func() { s.serve(on) })
	}
	s.wg.Go(s.tick)
	return s
}

func (s *servers) close() {
	close(s.stop)
	for _, on := range s.at {
		_ = on.conn.Close()
	}
	s.wg.Wait()
}

func (s *servers) addr(name string) string {
	if on, ok := s.at[name]; ok {
		return on.conn.LocalAddr().String()
	}
	return s.dead[name]
}

func (s *servers) complain(format string, args ...any) {
	if len(s.wrong) < 20 {
		s.wrong = append(s.wrong, fmt.Sprintf(format, args...))
	}
}

func (s *servers) serve(on *server) {
	buf := make([]byte, 65535)
	for {
		n, from, err := on.conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		p, err := readPacket(buf[:n])
		s.mu.Lock()
		if err != nil {
			s.complain("%s: %v", on.name, err)
		} else {
			s.request(on, from, p)
		}
		s.mu.Unlock()
	}
}

func (s *servers) request(on *server, from netip.AddrPort, p packet) {
	switch tx := s.txs[p.branch()]; p.method {
	case "INVITE":
		if tx != nil {
			tx.send()
			return
		}
		s.tags++
		tx = &serverTx{s: s, on: on, from: from, req: p, tag: fmt.Sprintf("t%d", s.tags)}
		s.txs[p.branch()] = tx
		s.visits[p.callID] = append(s.visits[p.callID], on.name)
		on.invite(tx)
	case "ACK":
		if tx == nil {
			tx = s.byTag[param(p.to, "tag")]
		}
		if tx == nil || tx.final == 0 {
			s.complain("%s: an ACK of nothing:\n%+v", on.name, p)
			return
		}
		tx.done()
	case "CANCEL":
		s.cancel(on, from, p, tx)
	case "BYE":
		tx = s.byTag[param(p.to, "tag")]
		if tx == nil {
			s.complain("%s: a BYE of no dialog:\n%+v", on.name, p)
			return
		}
		tx.done() // the ACK may have been lost
		s.ended[p.callID] = true
		on.send(from, p.response(200, "OK", ""))
	default:
		s.complain("%s: a request that nobody has sent:\n%+v", on.name, p)
	}
}

func (s *servers) cancel(on *server, from netip.AddrPort, p packet, tx *serverTx) {
	if tx == nil {
		s.complain("%s: a CANCEL of nothing:\n%+v", on.name, p)
		return
	}
	on.send(from, p.response(200, "OK", tx.tag))
	if tx.final == 0 {
		tx.answer(487, "Request Terminated")
	}
}

func (on *server) send(to netip.AddrPort, b []byte) {
	_, _ = on.conn.WriteToUDPAddrPort(b, to) // it may be lost anyway
}

func (tx *serverTx) send() {
	if tx.last != nil && !tx.acked {
		tx.on.send(tx.from, tx.last)
	}
}

// answer sends a response: a provisional one once and whenever the INVITE comes
// again, a final one until it is acknowledged.
func (tx *serverTx) answer(status int, reason string, headers ...string) {
	tag := tx.tag
	if status == 100 {
		tag = ""
	}
	if status/100 == 2 {
		tx.s.byTag[tx.tag] = tx
		headers = append(headers, "Contact: <sip:"+tx.on.name+"@"+tx.on.conn.LocalAddr().String()+">")
	}
	tx.last = tx.req.response(status, reason, tag, headers...)
	if status >= 200 {
		tx.final, tx.later, tx.interval = status, nil, serverT1
		tx.next, tx.giveUp = time.Now().Add(serverT1), time.Now().Add(ackWithin)
		tx.s.open[tx] = true
	}
	tx.send()
}

// after does something later, unless a final response comes first.
func (tx *serverTx) after(d time.Duration, do func()) {
	tx.next, tx.later = time.Now().Add(d), do
	tx.s.open[tx] = true
}

func (tx *serverTx) done() {
	tx.acked = true
	delete(tx.s.open, tx)
}

func (s *servers) tick() {
	ticker := time.NewTicker(serverTick)
	defer ticker.Stop()
	for {
		select {
		case <-s.stop:
			return
		case now := <-ticker.C:
			s.mu.Lock()
			for tx := range s.open {
				s.expire(tx, now)
			}
			s.mu.Unlock()
		}
	}
}

func (s *servers) expire(tx *serverTx, now time.Time) {
	switch {
	case now.Before(tx.next):
	case tx.later != nil:
		do := tx.later
		tx.later = nil
		delete(s.open, tx)
		do()
	case now.After(tx.giveUp):
		s.complain("%s: no ACK for its %d of %s within %s", tx.on.name, tx.final, tx.req.callID, ackWithin)
		tx.done()
	default:
		tx.interval = min(2*tx.interval, serverT2)
		tx.next = now.Add(tx.interval)
		tx.send()
	}
}
