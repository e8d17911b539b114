package conformance_test

import (
	"context"
	"net"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/conformance"
	"github.com/redirectd/redirectd/internal/policy/policyrpc"
)

// serve serves a policy as redirectd does, until the test ends, and returns its
// target.
func serve(t *testing.T, p policy.Policy, l net.Listener) (target string) {
	t.Helper()
	server, err := policyrpc.NewServer(p, policy.NewBuiltin(nil).Info, policyrpc.ServerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Second)
		defer cancel()
		_ = server.Drain(ctx) // some hang on purpose
	})
	if l.Addr().Network() == "unix" {
		return "unix://" + l.Addr().String()
	}
	return l.Addr().String()
}

func listenTCP(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func listenUnix(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func connect(t *testing.T, target string) *grpc.ClientConn {
	t.Helper()
	conn, err := policyrpc.Connect(target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// run runs all cases against a target.
func run(t *testing.T, o conformance.Options) *conformance.Report {
	t.Helper()
	report, err := conformance.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// quick asks less often than the program does.
func quick(policies ...*grpc.ClientConn) conformance.Options {
	return conformance.Options{Policy: policies[0], Replicas: policies[1:], Cancelled: 24, AtOnce: 8, Timeout: time.Minute}
}

func builtin(t *testing.T, yaml string) *policy.Builtin {
	t.Helper()
	if yaml == "" {
		return policy.NewBuiltin(nil)
	}
	cfg, err := policy.ParseConfig("policy.yaml", []byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	return policy.NewBuiltin(cfg)
}

func replicas(t *testing.T, targets ...string) (all []*grpc.ClientConn) {
	t.Helper()
	for _, target := range targets {
		all = append(all, connect(t, target))
	}
	return all
}
