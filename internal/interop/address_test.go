package interop

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"
	"testing"
)

// Ports for programs that cannot choose one themselves. They lie below those
// that the system gives to outgoing connections, so that none is taken between
// the look here and the start of the program.
const firstPort, lastPort = 20000, 31999

var nextPort atomic.Uint32

func init() {
	nextPort.Store(uint32(os.Getpid()) * 97 % (lastPort - firstPort))
}

// freeAddr returns an address on loopback whose port is free for UDP and TCP.
func freeAddr(t *testing.T) netip.AddrPort {
	t.Helper()
	for range lastPort - firstPort {
		port := firstPort + nextPort.Add(1)%(lastPort-firstPort)
		addr := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(port))
		if isFree(t.Context(), addr) {
			return addr
		}
	}
	t.Fatalf("no port between %d and %d is free", firstPort, lastPort)
	return netip.AddrPort{}
}

func isFree(ctx context.Context, addr netip.AddrPort) bool {
	var lc net.ListenConfig
	u, err := lc.ListenPacket(ctx, "udp", addr.String())
	if err != nil {
		return false
	}
	l, err := lc.Listen(ctx, "tcp", addr.String())
	if err != nil {
		_ = u.Close() // this port is not used anyway
		return false
	}
	return errors.Join(u.Close(), l.Close()) == nil
}

// isBound reports whether some program has the port, as the system's own table
// of sockets says: trying to bind it could keep the program from doing so.
func isBound(transport string, addr netip.AddrPort) (bool, error) {
	table, err := os.ReadFile("/proc/net/" + transport)
	if err != nil {
		return false, err
	}
	ip := addr.Addr().As4()
	local := fmt.Sprintf(" %02X%02X%02X%02X:%04X ", ip[3], ip[2], ip[1], ip[0], addr.Port())
	return strings.Contains(string(table), local), nil
}
