package policyrpc_test

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// names is a DNS server that knows one name, redirectd.test.
type names struct {
	conn    net.PacketConn
	addrs   atomic.Pointer[[]netip.Addr] // none: the name does not exist
	queries atomic.Int64
}

func nameServer(t *testing.T, replicas ...*replica) *names {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &names{conn: conn}
	n.set(replicas...)
	done := make(chan struct{})
	go func() {
		defer close(done)
		n.serve()
	}()
	t.Cleanup(func() {
		_ = conn.Close()
		<-done
	})
	return n
}

// target names the replicas, at the port of one of them.
func (n *names) target(address string) string {
	return fmt.Sprintf("dns://%s/redirectd.test:%d", n.conn.LocalAddr(), netip.MustParseAddrPort(address).Port())
}

func (n *names) set(replicas ...*replica) {
	var addrs []string
	for _, r := range replicas {
		addrs = append(addrs, netip.MustParseAddrPort(r.address).Addr().String())
	}
	n.setAddrs(addrs...)
}

func (n *names) setAddrs(texts ...string) {
	var addrs []netip.Addr
	for _, s := range texts {
		addrs = append(addrs, netip.MustParseAddr(s))
	}
	n.addrs.Store(&addrs)
}

func (n *names) serve() {
	buf := make([]byte, 1500)
	for {
		size, from, err := n.conn.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if answer, err := n.reply(buf[:size]); err == nil {
			_, _ = n.conn.WriteTo(answer, from)
		}
	}
}

func (n *names) reply(query []byte) ([]byte, error) {
	var m dnsmessage.Message
	if err := m.Unpack(query); err != nil {
		return nil, err
	}
	n.queries.Add(1)
	q := m.Questions[0]
	addrs := *n.addrs.Load()
	m.Header = dnsmessage.Header{ID: m.ID, Response: true, Authoritative: true}
	m.Additionals = nil
	if q.Name.String() != "redirectd.test." || len(addrs) == 0 {
		m.RCode = dnsmessage.RCodeNameError
		return m.Pack()
	}
	for _, a := range addrs {
		if q.Type == dnsmessage.TypeA {
			m.Answers = append(m.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class, TTL: 1},
				Body:   &dnsmessage.AResource{A: a.As4()},
			})
		}
	}
	return m.Pack()
}
