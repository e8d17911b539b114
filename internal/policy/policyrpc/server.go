// Package policyrpc is the contract on the wire: a gRPC server for any
// [policy.Policy], and a client that is one. Nothing is converted, since a
// Policy speaks in the messages of the contract.
package policyrpc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/net/netutil"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/reflection"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/nonblock"
	"github.com/redirectd/redirectd/internal/policy"
)

const (
	// DefaultMaxConnectionAge is how long a connection lives if ServerOptions
	// does not say.
	DefaultMaxConnectionAge = time.Minute
	// DefaultMaxConnections is how many connections there may be at a time if
	// ServerOptions does not say.
	DefaultMaxConnections = 1024
	// DefaultLogEvery is the sampling of decisions in the log if ServerOptions
	// does not say.
	DefaultLogEvery = 100

	// A connection that is too old may finish what it began for this long.
	connectionAgeGrace = 10 * time.Second
	handshakeTimeout   = 5 * time.Second
	// A call holds up to maxRequestBytes before it is whole, and a decision takes
	// less than a millisecond: so few of them at a time are plenty for an edge.
	maxStreams = 128 // concurrent calls per connection
	// The client pings every 10 s; a client that pings more than twice as often
	// is cut off.
	minPingInterval = 5 * time.Second
)

// ServerOptions are the knobs of a [Server]. The zero value works.
type ServerOptions struct {
	// Logger gets one line per decision, sampled, and every failure to decide;
	// nil discards them.
	Logger *slog.Logger
	// Registerer takes the metrics; nil keeps none.
	Registerer prometheus.Registerer
	// TracerProvider gets a span for every decision; nil makes none.
	TracerProvider trace.TracerProvider
	// LogEvery logs one decision of so many: 1 all, 0 [DefaultLogEvery], less
	// than 0 none. Failures to decide are always logged.
	LogEvery int
	// MaxConnectionAge is how long a connection lives, give or take 10 %, before
	// the client is told to make another one: that is how a new replica gets
	// its share. 0 is [DefaultMaxConnectionAge].
	MaxConnectionAge time.Duration
	// MaxConnections is how many connections there may be at a time; others wait
	// to be accepted until one ends. 0 is [DefaultMaxConnections].
	MaxConnections int
}

// Server serves a policy with health checks (grpc.health.v1) and reflection; other
// protocols come in by [Server.HTTP] and [Server.Policy]. Its methods are safe for
// concurrent use.
type Server struct {
	grpc           *grpc.Server
	health         *health.Server
	service        *service
	around         grpc.UnaryServerInterceptor
	metrics        *serverMetrics
	logger         *slog.Logger
	maxConnections int
}

// NewServer returns a server for p; info answers GetPolicyInfo. The error is
// about metrics that the Registerer has already.
func NewServer(p policy.Policy, info func() *redirectv1.GetPolicyInfoResponse, o ServerOptions) (*Server, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.LogEvery == 0 {
		o.LogEvery = DefaultLogEvery
	}
	if o.MaxConnectionAge == 0 {
		o.MaxConnectionAge = DefaultMaxConnectionAge
	}
	if o.MaxConnections == 0 {
		o.MaxConnections = DefaultMaxConnections
	}
	metrics, err := newServerMetrics(o.Registerer)
	if err != nil {
		return nil, err
	}
	s := &Server{
		health:         health.NewServer(),
		service:        &service{policy: p, info: info, metrics: metrics, logger: o.Logger},
		metrics:        metrics,
		logger:         o.Logger,
		maxConnections: o.MaxConnections,
	}
	s.around = around(s, o)
	s.grpc = grpc.NewServer(slices.Concat(limits(o), serverTracing(o.TracerProvider), interceptors(s))...)
	redirectv1.RegisterRedirectPolicyServiceServer(s.grpc, s.service)
	healthv1.RegisterHealthServer(s.grpc, s.health)
	s.health.SetServingStatus(redirectv1.RedirectPolicyService_ServiceDesc.ServiceName, healthv1.HealthCheckResponse_SERVING)
	reflection.Register(s.grpc)
	metrics.rpcs.InitializeMetrics(s.grpc)
	return s, nil
}

// limits bounds what a peer can make the server hold.
func limits(o ServerOptions) []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.MaxRecvMsgSize(maxRequestBytes),
		grpc.MaxSendMsgSize(maxResponseBytes),
		grpc.MaxConcurrentStreams(maxStreams),
		grpc.ConnectionTimeout(handshakeTimeout),
		grpc.KeepaliveParams(keepalive.ServerParameters{
			MaxConnectionAge:      o.MaxConnectionAge,
			MaxConnectionAgeGrace: connectionAgeGrace,
			Time:                  30 * time.Second,
			Timeout:               5 * time.Second,
		}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{
			MinTime:             minPingInterval,
			PermitWithoutStream: true,
		}),
	}
}

// Serve answers on a listener until [Server.Drain], and then returns nil.
func (s *Server) Serve(l net.Listener) error {
	if err := s.grpc.Serve(netutil.LimitListener(nonblock.Listen(l), s.maxConnections)); err != nil && !errors.Is(err, grpc.ErrServerStopped) {
		return fmt.Errorf("serve the policy on %s: %w", l.Addr(), err)
	}
	return nil
}

// Drain tells everybody to go elsewhere - health checks get NOT_SERVING,
// connections are told to end, new ones are refused - and waits for the
// decisions in progress until ctx ends; then it cuts them off and returns the
// error of ctx.
func (s *Server) Drain(ctx context.Context) error {
	s.health.Shutdown()
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.grpc.GracefulStop()
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		s.grpc.Stop() // it ends GracefulStop too
		<-done
		return ctx.Err()
	}
}
