package edge

import (
	"context"
	"io"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/edge/transaction"
	"github.com/redirectd/redirectd/internal/edge/transport"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/siptest"
)

// running is an edge under test, on free loopback ports.
type running struct {
	*Edge
	t        *testing.T
	udp, tcp netip.AddrPort
	tls      netip.AddrPort // if it listens there
	log      *logLines
}

// startEdge starts an edge with the embedded policy unless options say
// otherwise, and closes it when the test ends.
func startEdge(t *testing.T, change ...func(*Options)) *running {
	t.Helper()
	log := &logLines{}
	o := Options{
		Config: Config{Listen: []transport.Address{
			mustAddress(t, "udp://127.0.0.1:0"), mustAddress(t, "tcp://127.0.0.1:0"),
		}},
		Embedded: policy.NewBuiltin(policy.DefaultConfig()),
		Logger:   slog.New(slog.NewTextHandler(io.MultiWriter(log, testWriter{t}), &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, f := range change {
		f(&o)
	}
	e, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	r := &running{Edge: e, t: t, log: log}
	for _, l := range e.Listeners() {
		switch l.Kind {
		case transport.UDP:
			r.udp = l.Addr
		case transport.TLS:
			r.tls = l.Addr
		case transport.TCP, transport.WS, transport.WSS:
			r.tcp = l.Addr
		}
	}
	return r
}

func nextHop(uri string) func(*Options) {
	return func(o *Options) {
		if uri != "" {
			o.Config.NextHop = []string{uri}
		}
	}
}

func withPolicy(p policy.Policy) func(*Options) {
	return func(o *Options) { o.Policy = p }
}

// clock stands still until a test puts it forward.
type clock struct{ ahead atomic.Int64 }

// withClock has the edge go by a clock of the test's.
func withClock(c *clock) func(*Options) {
	began := time.Now()
	return func(o *Options) {
		o.Clock = func() time.Time { return began.Add(time.Duration(c.ahead.Load())) }
	}
}

// forward puts the clock forward: what is due fires at the next tick of the wheel.
func (c *clock) forward(d time.Duration) { c.ahead.Add(int64(d)) }

// fast makes every timer a tenth of the RFC's.
func fast(o *Options) {
	o.Config.Timers = transaction.Timers{T1: 50 * time.Millisecond, T2: 400 * time.Millisecond, T4: 500 * time.Millisecond}
}

// withTLS gives the edge a TLS listener with a certificate of that authority.
func withTLS(t *testing.T, ca *siptest.CA) func(*Options) {
	t.Helper()
	pair := ca.Issue("127.0.0.1", "edge.example.com")
	return func(o *Options) {
		o.Config.Listen = append(o.Config.Listen, mustAddress(t, "tls://127.0.0.1:0"))
		o.Config.TLS = transport.TLSConfig{Cert: pair.Cert, Key: pair.Key, CA: ca.File}
	}
}

// patient repeats nothing while a busy machine takes its time.
func patient(o *Options) {
	o.Config.Timers = transaction.Timers{T1: 5 * time.Second, T2: 40 * time.Second, T4: 50 * time.Second}
}

func mustAddress(t *testing.T, s string) transport.Address {
	t.Helper()
	a, err := transport.ParseAddress(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// logLines keeps what the edge logs.
type logLines struct {
	mu    sync.Mutex
	lines []string
}

func (l *logLines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, string(b))
	return len(b), nil
}

// find waits for a line that contains all of the words.
func (l *logLines) find(t *testing.T, words ...string) string {
	t.Helper()
	deadline := time.Now().Add(3 * time.Second)
	for {
		l.mu.Lock()
		for _, line := range l.lines {
			if containsAll(line, words) {
				l.mu.Unlock()
				return line
			}
		}
		l.mu.Unlock()
		if time.Now().After(deadline) {
			t.Fatalf("no line of the log has %q", words)
		}
		<-time.After(5 * time.Millisecond)
	}
}

func containsAll(s string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(s, w) {
			return false
		}
	}
	return true
}

type testWriter struct{ t *testing.T }

func (w testWriter) Write(b []byte) (int, error) {
	w.t.Log(strings.TrimSuffix(string(b), "\n"))
	return len(b), nil
}

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("not within 5 s: %s", what)
		}
		<-time.After(5 * time.Millisecond)
	}
}

type (
	contextT  = context.Context
	requestT  = redirectv1.DecideRequest
	responseT = redirectv1.DecideResponse
)
