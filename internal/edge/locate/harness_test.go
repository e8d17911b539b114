package locate

import (
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/edge/locate/dnstest"
	"github.com/redirectd/redirectd/internal/edge/transport"
)

// clock is the time of a resolver under test.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// resolving returns a resolver that asks the servers, and its clock.
func resolving(t testing.TB, c Config, servers ...*dnstest.Server) (*Resolver, *clock) {
	t.Helper()
	for _, s := range servers {
		c.Servers = append(c.Servers, s.Addr())
	}
	if c.Timeout == 0 {
		c.Timeout = 10 * time.Second // no test of an answer depends on the load of the machine
	}
	r := New(c)
	k := &clock{now: time.Now()}
	r.now = k.Now
	return r, k
}

func ipv4Only(_ transport.Kind, a netip.Addr) bool { return a.Is4() }

func lookUp(t testing.TB, r *Resolver, uri string) string {
	t.Helper()
	hops, err := r.Lookup(t.Context(), parse(t, uri))
	if err != nil {
		t.Fatalf("%s: %v", uri, err)
	}
	return texts(hops)
}

// lookUpError returns the error of a lookup that has to fail.
func lookUpError(t testing.TB, r *Resolver, uri string) error {
	t.Helper()
	hops, err := r.Lookup(t.Context(), parse(t, uri))
	if err == nil || hops != nil {
		t.Fatalf("%s: got %v, %v, want an error", uri, hops, err)
	}
	return err
}

func texts(hops []Hop) string {
	var s []string
	for _, h := range hops {
		s = append(s, h.String())
	}
	return strings.Join(s, ", ")
}

// eventually waits for what another goroutine does.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(5 * time.Second)
	for !ok() {
		select {
		case <-ticker.C:
		case <-deadline:
			t.Fatalf("not within 5 s: %s", what)
		}
	}
}
