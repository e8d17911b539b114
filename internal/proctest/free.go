package proctest

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"testing"
)

// Ports for programs that cannot choose one themselves. They lie below those
// that the system gives to outgoing connections and to whoever asks for any, so
// that none is taken between the look here and the start of the program.
const firstPort, lastPort = 20000, 31999

var nextPort atomic.Uint32

func init() {
	nextPort.Store(uint32(os.Getpid()) * 97 % (lastPort - firstPort))
}

// FreeAddr returns an address on loopback whose port is free for UDP and TCP.
func FreeAddr(tb testing.TB) netip.AddrPort {
	tb.Helper()
	return free(tb, 1)
}

// FreePair is FreeAddr for a program that takes the port after it as well.
func FreePair(tb testing.TB) netip.AddrPort {
	tb.Helper()
	return free(tb, 2)
}

func free(tb testing.TB, n uint16) netip.AddrPort {
	tb.Helper()
	loopback := netip.MustParseAddr("127.0.0.1")
	for range lastPort - firstPort {
		last := uint16(firstPort + nextPort.Add(uint32(n))%(lastPort-firstPort))
		good := true
		for i := range n {
			good = good && isFree(tb.Context(), netip.AddrPortFrom(loopback, last-i))
		}
		if good {
			return netip.AddrPortFrom(loopback, last-n+1)
		}
	}
	tb.Fatalf("no port between %d and %d is free", firstPort, lastPort)
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
