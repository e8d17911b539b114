//go:build !linux

package nonblock

import "net"

// Wrap returns c: other systems than Linux serve to develop on.
func Wrap(c net.Conn) net.Conn { return c }
