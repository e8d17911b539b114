package interop

import (
	"fmt"
	"net/netip"
	"os"
	"strings"
)

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
