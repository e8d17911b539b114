//go:build !linux

package transport

import (
	"net/netip"
	"syscall"
)

// Other systems than Linux serve to develop on: no ICMP errors, and a wildcard
// listener has the address that the route to the peer says.

func setUDPOptions(syscall.RawConn, netip.Addr) error { return nil }

// receiving reads one datagram at a time.
type receiving struct {
	u    *udpSocket
	buf  []byte
	n    int
	from netip.AddrPort
}

func (u *udpSocket) newReceiving() *receiving {
	return &receiving{u: u, buf: make([]byte, datagramSize)}
}

func (r *receiving) wait() (n int, err error) {
	r.n, r.from, err = r.u.pc.ReadFromUDPAddrPort(r.buf)
	return 1, err
}

func (r *receiving) datagram(int) []byte       { return r.buf[:r.n] }
func (r *receiving) remote(int) netip.AddrPort { return r.from }
func (r *receiving) local(int) netip.Addr      { return netip.Addr{} }
func (r *receiving) scratch() []byte           { return r.buf }

type sender struct{}

func (u *udpSocket) write(f Flow, b []byte) error {
	_, err := u.pc.WriteToUDPAddrPort(b, f.Remote)
	return err
}

func (u *udpSocket) readError([]byte) (int, undelivered, error) { return 0, undelivered{}, ErrClosed }
