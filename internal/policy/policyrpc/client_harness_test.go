package policyrpc_test

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/policyrpc"
)

// replica is a policy at an address, with what a test wants it to answer.
type replica struct {
	redirectv1.UnimplementedRedirectPolicyServiceServer
	address string
	answer  atomic.Pointer[policy.Func] // nil: a good decision, at once
	calls   atomic.Int64
	server  *grpc.Server
	health  *health.Server
}

func (r *replica) Decide(ctx context.Context, req *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
	r.calls.Add(1)
	if f := r.answer.Load(); f != nil {
		return (*f)(ctx, req)
	}
	return r.decision(), nil
}

// decision is a good one, and says who gave it.
func (r *replica) decision() *redirectv1.DecideResponse {
	return &redirectv1.DecideResponse{
		Action:      &redirectv1.DecideResponse_Reject{Reject: &redirectv1.FinalResponse{Status: 480}},
		Explanation: &redirectv1.Explanation{Rule: r.address},
	}
}

func (r *replica) set(f policy.Func) { r.answer.Store(&f) }

// hang makes the replica answer nobody, until the caller goes away.
func (r *replica) hang() {
	r.set(func(ctx context.Context, _ *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	})
}

// slow makes it answer after d.
func (r *replica) slow(d time.Duration) {
	r.set(func(ctx context.Context, _ *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
		select {
		case <-time.After(d):
			return r.decision(), nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	})
}

// fail makes it answer with err.
func (r *replica) fail(err error) {
	r.set(func(context.Context, *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) { return nil, err })
}

// serve starts a replica on l; its end is the test's, if not before.
func serve(t *testing.T, l net.Listener) *replica {
	t.Helper()
	r := &replica{address: l.Addr().String(), server: grpc.NewServer(), health: health.NewServer()}
	redirectv1.RegisterRedirectPolicyServiceServer(r.server, r)
	healthv1.RegisterHealthServer(r.server, r.health)
	go func() { _ = r.server.Serve(l) }()
	t.Cleanup(r.server.Stop)
	return r
}

func listen(t *testing.T, network, address string) net.Listener {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// listenAll listens on n loopback addresses from 127.0.0.2 on, with one port, so
// that one name stands for all of them.
func listenAll(t *testing.T, n int) []net.Listener {
	t.Helper()
	for range 20 {
		first := listen(t, "tcp", "127.0.0.2:0")
		all, err := []net.Listener{first}, error(nil)
		for i := 1; i < n && err == nil; i++ {
			var l net.Listener
			if l, err = net.Listen("tcp", fmt.Sprintf("127.0.0.%d:%d", 2+i, first.Addr().(*net.TCPAddr).Port)); err == nil {
				all = append(all, l)
			}
		}
		if err == nil {
			return all
		}
		for _, l := range all {
			_ = l.Close()
		}
	}
	t.Fatalf("no port is free on %d loopback addresses", n)
	return nil
}

// cluster starts n replicas behind one name, and a client that uses them all.
func cluster(t *testing.T, n int) (*policyrpc.Client, []*replica) {
	t.Helper()
	var replicas []*replica
	for _, l := range listenAll(t, n) {
		replicas = append(replicas, serve(t, l))
	}
	client := dial(t, nameServer(t, replicas...).target(replicas[0].address), policyrpc.ClientOptions{})
	awaitAll(t, client, replicas)
	return client, replicas
}

func dial(t *testing.T, target string, o policyrpc.ClientOptions) *policyrpc.Client {
	t.Helper()
	client, err := policyrpc.Dial(target, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return client
}

// ask asks for one decision within d.
func ask(t *testing.T, client *policyrpc.Client, d time.Duration) (*redirectv1.DecideResponse, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	req := redirected()
	resp, err := client.Decide(ctx, req)
	req.RequestId = "changed" // the race detector sees a try that still reads it
	return resp, err
}

// awaitAll asks until every replica has answered, and forgets those calls.
func awaitAll(t *testing.T, client *policyrpc.Client, replicas []*replica) {
	t.Helper()
	await(t, "a call at every replica", 5*time.Second, func() bool {
		_, _ = ask(t, client, time.Second)
		for _, r := range replicas {
			if r.calls.Load() == 0 {
				return false
			}
		}
		return true
	})
	for _, r := range replicas {
		r.calls.Store(0)
	}
}

// await polls until ok, at most for d.
func await(t *testing.T, what string, d time.Duration, ok func() bool) {
	t.Helper()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(d); !ok(); <-ticker.C {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %s", what, d)
		}
	}
}
