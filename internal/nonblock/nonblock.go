// Package nonblock reads and writes connections without telling the scheduler.
//
// A system call that the scheduler knows of loses its processor when it takes
// longer than some 20 us, and the scheduler's watchdog then looks every 20 us for
// half a thousandth of a second to come: between two programs on a busy machine
// that was a sixth of their CPU time (docs/performance.md). A call on a socket that
// never waits need not be known; when there is nothing to read or no room to write,
// the goroutine waits as it always does.
package nonblock

import "net"

// Listen makes every connection of a listener one of [Wrap].
func Listen(l net.Listener) net.Listener { return listener{l} }

type listener struct{ net.Listener }

// Accept waits for the next connection.
func (l listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return Wrap(c), nil
}
