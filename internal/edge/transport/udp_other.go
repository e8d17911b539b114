//go:build !linux

package transport

import (
	"net/netip"
	"syscall"
)

const oobSize = 0

// Other systems than Linux serve to develop on: no ICMP errors, and a wildcard
// listener has the address that the route to the peer says.

func setUDPOptions(syscall.RawConn, netip.Addr) error { return nil }

func destination([]byte) netip.Addr { return netip.Addr{} }

type sender struct{}

func (u *udpSocket) write(f Flow, b []byte) error {
	_, err := u.pc.WriteToUDPAddrPort(b, f.Remote)
	return err
}

func (u *udpSocket) readError([]byte) (int, undelivered, error) { return 0, undelivered{}, ErrClosed }
