package policyrpc

import (
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// setUserTimeout ends a connection whose peer acknowledges nothing, as grpc does for
// those that it has dialed itself.
func setUserTimeout(network, _ string, c syscall.RawConn) (err error) {
	if !strings.HasPrefix(network, "tcp") {
		return nil
	}
	ctlErr := c.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(pingTimeout.Milliseconds()))
	})
	if ctlErr != nil {
		return ctlErr
	}
	return err
}
