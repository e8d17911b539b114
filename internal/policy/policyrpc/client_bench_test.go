package policyrpc_test

import (
	"net"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy/policyrpc"
)

// What a decision costs over loopback, client and server together.
func BenchmarkDecide(b *testing.B) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := grpc.NewServer()
	redirectv1.RegisterRedirectPolicyServiceServer(server, &replica{})
	healthv1.RegisterHealthServer(server, health.NewServer())
	go func() { _ = server.Serve(l) }()
	defer server.Stop()
	client, err := policyrpc.Dial(l.Addr().String(), policyrpc.ClientOptions{})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	req := redirected()
	b.ReportAllocs()
	b.SetParallelism(8)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := client.Decide(b.Context(), req); err != nil {
				b.Error(err)
			}
		}
	})
}
