package transport

import (
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestUserTimeout is of both, a connection that was accepted and one that was made.
func TestUserTimeout(t *testing.T) {
	r := newSink()
	s := serve(t, Config{}, r, "tcp://127.0.0.1:0", "tcp://127.0.0.1:0")
	made, err := s.Dial(t.Context(), Destination{Kind: TCP, Addr: s.addr(1)})
	if err != nil {
		t.Fatal(err)
	}
	if err := made.Send([]byte(options("1", 0))); err != nil {
		t.Fatal(err)
	}
	for _, f := range []Flow{made, r.next(t).flow} {
		raw, err := f.path.(*conn).raw.(syscall.Conn).SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		_ = raw.Control(func(fd uintptr) {
			if ms, err := unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT); err != nil || ms != 30_000 {
				t.Errorf("%s: TCP_USER_TIMEOUT is %d ms, %v", f, ms, err)
			}
		})
	}
}
