package nonblock

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Wrap returns a connection that reads and writes the socket of c without telling
// the scheduler; everything else is c's. What is no socket, such as a connection
// of TLS or a pipe of a test, is returned as it is.
func Wrap(c net.Conn) net.Conn {
	s, ok := c.(syscall.Conn)
	if !ok {
		return c
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return c
	}
	w := &conn{Conn: c, raw: raw, in: side{name: "read", trap: unix.SYS_READ}, out: side{name: "write", trap: unix.SYS_WRITE}}
	w.in.wait, w.out.wait = raw.Read, raw.Write
	w.in.call, w.out.call = w.in.once, w.out.once
	return w
}

// conn is a connection of either side. Like any net.Conn it may be used by several
// goroutines at once: they take turns on each side.
type conn struct {
	net.Conn
	raw     syscall.RawConn
	in, out side
}

// SyscallConn gives access to the options of the socket.
func (c *conn) SyscallConn() (syscall.RawConn, error) { return c.raw, nil }

// side is one direction of a connection.
type side struct {
	name string
	trap uintptr // read(2) or write(2)
	wait func(func(fd uintptr) bool) error
	call func(fd uintptr) bool

	mu    sync.Mutex
	b     []byte
	n     int
	errno syscall.Errno
}

// once reports whether the system call is done: otherwise the socket was not ready.
func (s *side) once(fd uintptr) bool {
	for {
		n, _, errno := unix.RawSyscall(s.trap, fd, uintptr(unsafe.Pointer(unsafe.SliceData(s.b))), uintptr(len(s.b)))
		switch errno {
		case unix.EINTR:
			continue
		case unix.EAGAIN:
			return false
		case 0:
			s.n, s.errno = int(n), 0
		default:
			s.n, s.errno = 0, errno
		}
		return true
	}
}

// do runs the system call when the socket is ready. It is called with the lock.
func (s *side) do(b []byte) (int, error) {
	s.b = b
	err := s.wait(s.call)
	s.b = nil
	switch {
	case err != nil:
		return 0, err
	case s.errno != 0:
		return 0, os.NewSyscallError(s.name, s.errno)
	}
	return s.n, nil
}

// Read reads what is there, at least one byte.
func (c *conn) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	c.in.mu.Lock()
	defer c.in.mu.Unlock()
	n, err := c.in.do(b)
	if err != nil {
		return 0, c.opError("read", err)
	}
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

// Write writes all of b.
func (c *conn) Write(b []byte) (written int, err error) {
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	for written < len(b) {
		n, err := c.out.do(b[written:])
		if err != nil {
			return written, c.opError("write", err)
		}
		written += n
	}
	return written, nil
}

// CloseWrite tells the peer that nothing more comes, if the connection can.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// opError is what package net makes of an error.
func (c *conn) opError(op string, err error) error {
	if inner, ok := err.(*net.OpError); ok { //nolint:errorlint // of package net itself, not wrapped
		err = inner.Err
	}
	return &net.OpError{Op: op, Net: c.LocalAddr().Network(), Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: err}
}
