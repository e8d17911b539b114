package transport

import (
	"errors"
	"testing"
)

// TestQueuesTogether bounds what waits on all connections: the one that would need
// more than is left ends, and its bytes count no longer.
func TestQueuesTogether(t *testing.T) {
	r := newSink()
	s := serve(t, Config{QueueBytes: 64 << 20, QueuesBytes: 32 << 20}, r, "tcp://127.0.0.1:0")
	var flows []Flow
	for range 3 { // none of which reads
		nc := connect(t, s.addr(0))
		send(t, nc, options("1", 0))
		flows = append(flows, r.next(t).flow)
	}
	message := make([]byte, 1<<20)
	fill := func(f Flow) (n int, err error) {
		for err == nil && n < 100 {
			if err = f.Send(message); err == nil {
				n++
			}
		}
		return n, err
	}
	n, err := fill(flows[0])
	if !errors.Is(err, ErrQueueFull) || n < 32 || n > 50 { // the kernel takes some
		t.Errorf("%d MiB, %v; want 32 and what the kernel takes", n, err)
	}
	r.failure(t)
	for range 30 {
		if err := flows[1].Send(message); err != nil {
			t.Fatalf("after the end of another: %v", err)
		}
	}
	if n, err := fill(flows[2]); !errors.Is(err, ErrQueueFull) || n > 20 {
		t.Errorf("beside 30 MiB: %d MiB, %v", n, err)
	}
	r.failure(t) // its bytes are free again
	if err := flows[1].Send([]byte("x")); err != nil {
		t.Errorf("the one that was there before ended too: %v", err)
	}
	s.Shutdown()
	if left := s.queued.Load(); left != 0 {
		t.Errorf("%d bytes are counted when all is over", left)
	}
}
