// Package responder is what stands behind an edge in the benchmark: a redirect
// server and the targets of its contacts, over UDP and TCP. It keeps no state and
// is cheaper and steadier than three SIPp processes. The last digits of the
// number that is called say what becomes of the call, see [Work].
package responder

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
)

// The ports, on loopback. The edge sends every new call to Redirect.
const (
	Redirect = 5070
	Target   = 5080 // 180, then 200
	Failing  = 5081 // 503
	Busy     = 5082 // 486

	// CountsPort is of its own: a flood at the others must not delay the counts.
	CountsPort = 5069
)

// ports are all of them.
var ports = [...]int{Redirect, Target, Failing, Busy}

// server is one responder with its counts.
type server struct {
	counts Counts
	wait   sync.WaitGroup
	ends   []func() error // closes what reads
}

// Serve answers calls until the context ends. Started is called once all ports
// are bound.
func Serve(ctx context.Context, started func()) error {
	s := &server{}
	defer s.close()
	for _, port := range ports {
		if err := s.listen(port); err != nil {
			return fmt.Errorf("listen: %w", err)
		}
	}
	if err := s.listenCounts(); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	started()
	<-ctx.Done()
	return nil
}

func (s *server) listen(port int) error {
	address := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(port))
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(address))
	if err != nil {
		return err
	}
	s.ends = append(s.ends, conn.Close)
	if err := conn.SetReadBuffer(4 << 20); err != nil {
		return err
	}
	listener, err := net.ListenTCP("tcp4", net.TCPAddrFromAddrPort(address))
	if err != nil {
		return err
	}
	s.ends = append(s.ends, listener.Close)
	s.wait.Go(func() { s.serveUDP(conn, port) })
	s.wait.Go(func() { s.serveTCP(listener, port) })
	return nil
}

// listenCounts answers any datagram to CountsPort with the counts.
func (s *server) listenCounts() error {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: CountsPort})
	if err != nil {
		return err
	}
	s.ends = append(s.ends, conn.Close)
	s.wait.Go(func() {
		b := make([]byte, 1024)
		for {
			_, from, err := conn.ReadFromUDPAddrPort(b)
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if totals, err := json.Marshal(s.totals()); err == nil {
				_, _ = conn.WriteToUDPAddrPort(totals, from) // asked again if lost
			}
		}
	})
	return nil
}

func (s *server) close() {
	for _, end := range s.ends {
		_ = end() // it was only read from
	}
	s.wait.Wait()
}

// serveUDP answers what comes to a port until its socket is closed. One buffer
// and one goroutine: the responder must not be what the benchmark measures.
func (s *server) serveUDP(conn *net.UDPConn, port int) {
	in, out := make([]byte, 65535), make([]byte, 0, 4096)
	for {
		n, from, err := conn.ReadFromUDPAddrPort(in)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // an ICMP error of an earlier answer
		}
		s.answer(in[:n], out, port, "", func(b []byte) {
			_, _ = conn.WriteToUDPAddrPort(b, from) // lost like any datagram
		})
	}
}
