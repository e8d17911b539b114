package conformance_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
)

// relay is a server of its own before the built-in policy.
type relay struct {
	redirectv1.UnimplementedRedirectPolicyServiceServer
	to   redirectv1.RedirectPolicyServiceClient
	info *redirectv1.GetPolicyInfoResponse // nil: not implemented
	hang bool                              // on one question, until the caller goes away
}

func (r *relay) Decide(ctx context.Context, req *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
	if r.hang && about(req, "deadline") {
		<-ctx.Done()
	}
	return r.to.Decide(ctx, req)
}

func (r *relay) GetPolicyInfo(context.Context, *redirectv1.GetPolicyInfoRequest) (*redirectv1.GetPolicyInfoResponse, error) {
	if r.info == nil {
		return nil, status.Error(codes.Unimplemented, "method GetPolicyInfo not implemented")
	}
	return r.info, nil
}

func newRelay(t *testing.T, info *redirectv1.GetPolicyInfoResponse) *relay {
	t.Helper()
	conn := connect(t, serve(t, policy.NewBuiltin(nil), listenTCP(t)))
	return &relay{to: redirectv1.NewRedirectPolicyServiceClient(conn), info: info}
}

// noDeadline is a server whose HTTP/2 knows nothing of deadlines: gRPC's own ends
// calls by itself.
func noDeadline(t *testing.T) (target, replica string) {
	t.Helper()
	s, r, h := grpc.NewServer(), newRelay(t, &redirectv1.GetPolicyInfoResponse{Name: "a policy"}), health.NewServer()
	r.hang = true
	redirectv1.RegisterRedirectPolicyServiceServer(s, r)
	healthv1.RegisterHealthServer(s, h)
	front := &http.Server{
		Protocols: new(http.Protocols), ReadHeaderTimeout: 5 * time.Second,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			req.Header.Del("Grpc-Timeout")
			s.ServeHTTP(w, req)
		}),
	}
	front.Protocols.SetUnencryptedHTTP2(true)
	l := listenTCP(t)
	go func() { _ = front.Serve(l) }()
	t.Cleanup(func() { _ = front.Close() })
	return l.Addr().String(), ""
}

// serverThat breaks something by how it serves.
func serverThat(breaks, how string, info *redirectv1.GetPolicyInfoResponse, serving healthv1.HealthCheckResponse_ServingStatus, o ...grpc.ServerOption) broken {
	return broken{breaks: breaks, how: how, serve: func(t *testing.T) (target, replica string) {
		t.Helper()
		s := grpc.NewServer(o...)
		redirectv1.RegisterRedirectPolicyServiceServer(s, newRelay(t, info))
		if serving != healthv1.HealthCheckResponse_UNKNOWN {
			h := health.NewServer()
			h.SetServingStatus("", serving)
			healthv1.RegisterHealthServer(s, h)
		}
		l := listenTCP(t)
		go func() { _ = s.Serve(l) }()
		t.Cleanup(s.Stop)
		return l.Addr().String(), ""
	}}
}

func brokenServers() []broken {
	named := &redirectv1.GetPolicyInfoResponse{Name: "a policy"}
	const serving = healthv1.HealthCheckResponse_SERVING
	return []broken{
		{breaks: "wire/deadline", how: "goes on", serve: noDeadline, patience: short},
		serverThat("wire/large", "takes 200 KiB", named, serving, grpc.MaxRecvMsgSize(200<<10)),
		serverThat("wire/info", "is not implemented", nil, serving),
		serverThat("wire/info", "has no name", &redirectv1.GetPolicyInfoResponse{}, serving),
		serverThat("wire/health", "is not there", named, healthv1.HealthCheckResponse_UNKNOWN),
		serverThat("wire/health", "does not serve", named, healthv1.HealthCheckResponse_NOT_SERVING),
	}
}
