package policyrpc_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/policyrpc"
	"github.com/redirectd/redirectd/internal/policy/policytest"
)

// served is a server under test, on a loopback socket.
type served struct {
	*policyrpc.Server
	address  string
	log      *lines
	registry *prometheus.Registry
	ended    chan error // what Serve returned
}

// servePolicy serves p until the test ends.
func servePolicy(t *testing.T, p policy.Policy, o policyrpc.ServerOptions) *served {
	t.Helper()
	s := &served{log: &lines{}, registry: prometheus.NewRegistry(), ended: make(chan error, 1)}
	o.Registerer = s.registry
	o.Logger = slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	server, err := policyrpc.NewServer(p, policy.NewBuiltin(nil).Info, o)
	if err != nil {
		t.Fatal(err)
	}
	l := listen(t, "tcp", "127.0.0.1:0")
	s.Server, s.address = server, l.Addr().String()
	go func() { s.ended <- server.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Second)
		defer cancel()
		_ = server.Drain(ctx) // some tests have ended it, or hang on purpose
	})
	return s
}

// connect returns a plain connection, without what the client does beyond the
// contract.
func (s *served) connect(t *testing.T) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient("passthrough:///"+s.address, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithNoProxy())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// decide asks the ordinary question over a plain connection.
func (s *served) decide(t *testing.T, changes ...func(*redirectv1.DecideRequest)) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	_, err := redirectv1.NewRedirectPolicyServiceClient(s.connect(t)).Decide(ctx, question(changes...))
	return err
}

func question(changes ...func(*redirectv1.DecideRequest)) *redirectv1.DecideRequest {
	req := policytest.Redirected(302, "Moved Temporarily", policytest.Contact("sip:a@10.0.0.1"))
	for _, c := range changes {
		c(req)
	}
	return req
}

// value returns a counter, or how often a histogram observed; -1 if there is no
// such metric.
func (s *served) value(t *testing.T, name string, labels ...string) float64 {
	t.Helper()
	families, err := s.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			var have []string
			for _, l := range m.GetLabel() {
				have = append(have, l.GetName()+"="+l.GetValue())
			}
			if f.GetName() != name || strings.Join(have, " ") != strings.Join(labels, " ") {
				continue
			}
			if h := m.GetHistogram(); h != nil {
				return float64(h.GetSampleCount())
			}
			return m.GetCounter().GetValue()
		}
	}
	return -1
}

// lines is a log that a test reads while it is written.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

// with returns the lines that have all of these texts.
func (l *lines) with(texts ...string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []string
next:
	for line := range strings.Lines(l.buf.String()) {
		for _, text := range texts {
			if !strings.Contains(line, text) {
				continue next
			}
		}
		found = append(found, line)
	}
	return found
}
