package policyrpc_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/policyrpc"
	"github.com/redirectd/redirectd/internal/policy/policytest"
)

// TestBuiltinOverGRPC holds the policy behind the wire to the answers of the
// one in process.
func TestBuiltinOverGRPC(t *testing.T) {
	policytest.Run(t, func(t *testing.T, cfg *policy.Config) policy.Policy {
		t.Helper()
		s := servePolicy(t, policy.NewBuiltin(cfg), policyrpc.ServerOptions{})
		return dial(t, s.address, policyrpc.ClientOptions{})
	})
}

func TestServerInfo(t *testing.T) {
	s := servePolicy(t, policy.NewBuiltin(nil), policyrpc.ServerOptions{})
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	info, err := redirectv1.NewRedirectPolicyServiceClient(s.connect(t)).GetPolicyInfo(ctx, &redirectv1.GetPolicyInfoRequest{})
	if err != nil || !proto.Equal(info, policy.NewBuiltin(nil).Info()) {
		t.Errorf("got %v, %v", info, err)
	}
}

func TestServerErrors(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		code codes.Code
		text string
	}{
		{"unknown profile", policy.ErrUnknownProfile, codes.FailedPrecondition, "unknown profile"},
		{"invalid request", policy.ErrInvalidRequest, codes.InvalidArgument, "invalid request"},
		{"deadline", context.DeadlineExceeded, codes.DeadlineExceeded, "context deadline exceeded"},
		{"canceled", context.Canceled, codes.Canceled, "context canceled"},
		{"anything else", errors.New("secret: 10.0.0.1 refused"), codes.Internal, "the policy failed; its log says why"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := servePolicy(t, failing(c.err), policyrpc.ServerOptions{LogEvery: -1})
			err := s.decide(t)
			if status.Code(err) != c.code || status.Convert(err).Message() != c.text {
				t.Errorf("got %v", err)
			}
			if got := s.log.with("msg=decision", "grpc.code="+c.code.String(), "call_id=a84b4c76e66710@caller.test"); len(got) != 1 {
				t.Errorf("want one line about it, got %q in %q", got, s.log.with(""))
			}
			if s.value(t, "redirectd_decision_duration_seconds") != 0 {
				t.Error("an error was counted as a decision")
			}
		})
	}
}

func failing(err error) policy.Policy {
	return policy.Func(func(context.Context, *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) { return nil, err })
}

func TestServerLogsWhatItHides(t *testing.T) {
	s := servePolicy(t, failing(errors.New("secret: 10.0.0.1 refused")), policyrpc.ServerOptions{})
	if err := s.decide(t); strings.Contains(err.Error(), "10.0.0.1") {
		t.Errorf("the client is told %v", err)
	}
	if len(s.log.with("level=ERROR", `error="secret: 10.0.0.1 refused"`)) != 1 {
		t.Errorf("the log is %q", s.log.with(""))
	}
}

func TestServerRecovers(t *testing.T) {
	s := servePolicy(t, policy.Func(func(_ context.Context, req *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
		_ = req.GetAttempts()[req.GetEdge().GetAttemptsLeft()]
		return &redirectv1.DecideResponse{}, nil
	}), policyrpc.ServerOptions{LogEvery: -1})
	err := s.decide(t)
	if status.Code(err) != codes.Internal || status.Convert(err).Message() != "the policy failed; its log says why" {
		t.Errorf("got %v", err)
	}
	if n := s.value(t, "redirectd_panics_total"); n != 1 {
		t.Errorf("%v panics counted", n)
	}
	if len(s.log.with("level=ERROR", "msg=panic", "index out of range [64] with length 1", "server_test.go")) != 1 {
		t.Errorf("the log has no stack: %q", s.log.with(""))
	}
	if n := s.value(t, "grpc_server_handled_total", "grpc_code=Internal", "grpc_method=Decide",
		"grpc_service=redirect.v1.RedirectPolicyService", "grpc_type=unary"); n != 1 {
		t.Errorf("%v calls counted as Internal", n)
	}
}

func TestServerLogIsSampled(t *testing.T) {
	s := servePolicy(t, policy.NewBuiltin(nil), policyrpc.ServerOptions{LogEvery: 3})
	for range 7 {
		if err := s.decide(t); err != nil {
			t.Fatal(err)
		}
	}
	got := s.log.with("msg=decision", "level=INFO", "call_id=a84b4c76e66710@caller.test", "redirect=302", "attempts=1",
		"action=try_targets", `rule="profile default: follow 302"`, "1 of 1 contact is a target", "duration=", "edge=edge1")
	if len(got) != 3 {
		t.Errorf("want 3 lines for 7 decisions, got %d: %q", len(got), s.log.with(""))
	}
	unknown := func(req *redirectv1.DecideRequest) { req.Call.Profile = "gold" }
	for range 2 {
		if err := s.decide(t, unknown); status.Code(err) != codes.FailedPrecondition {
			t.Fatal(err)
		}
	}
	if got := s.log.with("level=WARN", "profile=gold", `unknown profile \"gold\"; there are: default`); len(got) != 2 {
		t.Errorf("want each failure logged, got %q", s.log.with(""))
	}
}

func TestServerMetrics(t *testing.T) {
	s := servePolicy(t, policy.NewBuiltin(nil), policyrpc.ServerOptions{})
	set := func(code uint32) func(*redirectv1.DecideRequest) {
		return func(req *redirectv1.DecideRequest) { req.GetRedirect().Response.Status = code }
	}
	for _, code := range []uint32{302, 302, 380, 399, 300, 301, 305} {
		if err := s.decide(t, set(code)); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		action, redirect string
		want             float64
	}{
		{"try_targets", "302", 2},
		{"try_targets", "300", 1},
		{"try_targets", "301", 1},
		{"try_targets", "305", 1},
		{"reject", "380", 1},
		{"reject", "other", 1},
		{"reject", "399", -1},
	} {
		if n := s.value(t, "redirectd_decisions_total", "action="+c.action, "protocol=grpc", "redirect="+c.redirect); n != c.want {
			t.Errorf("%s %s: %v, want %v", c.action, c.redirect, n, c.want)
		}
	}
	if n := s.value(t, "redirectd_decision_duration_seconds"); n != 7 {
		t.Errorf("%v durations", n)
	}
	if _, err := policyrpc.NewServer(policy.NewBuiltin(nil), nil, policyrpc.ServerOptions{Registerer: s.registry}); err == nil {
		t.Error("the same metrics were registered twice")
	}
}

func TestServerBounds(t *testing.T) {
	s := servePolicy(t, policy.NewBuiltin(nil), policyrpc.ServerOptions{})
	err := s.decide(t, func(req *redirectv1.DecideRequest) { req.PolicyState = make([]byte, 300<<10) })
	if status.Code(err) != codes.ResourceExhausted {
		t.Errorf("a request of 300 KiB: got %v", err)
	}
}

// TestServerLogLinesAreBounded: whoever asks decides on no more than 128 bytes of
// each text.
func TestServerLogLinesAreBounded(t *testing.T) {
	s := servePolicy(t, policy.NewBuiltin(nil), policyrpc.ServerOptions{LogEvery: 1})
	long := strings.Repeat("ä", 1000)
	for _, profile := range []string{"", long} {
		_ = s.decide(t, func(req *redirectv1.DecideRequest) { // an unknown profile is logged too
			req.RequestId, req.Call.CallId, req.Edge.Instance, req.Call.Profile = long, long, long, profile
		})
	}
	clipped := strings.Repeat("ä", 62) + "..." // 125 bytes would end within a letter
	texts := []string{"msg=decision", "call_id=" + clipped + " ", "request_id=" + clipped + " ", "edge=" + clipped + " "}
	if got := s.log.with(texts...); len(got) != 2 {
		t.Errorf("want two lines with %q, got %q", texts, s.log.with(""))
	}
	if got := s.log.with("profile=" + clipped + " "); len(got) != 1 {
		t.Errorf("want the profile clipped, got %q", s.log.with(""))
	}
}

// holding is a policy that holds every question until the server ends it.
func holding(asked *atomic.Int64) policy.Policy {
	return policy.Func(func(ctx context.Context, _ *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
		asked.Add(1)
		<-ctx.Done()
		return nil, ctx.Err()
	})
}

// TestServerBoundsUnfinishedCalls: what one connection begins and does not end
// is bounded, and so are connections.
func TestServerBoundsUnfinishedCalls(t *testing.T) {
	var asked atomic.Int64
	s := servePolicy(t, holding(&asked), policyrpc.ServerOptions{MaxConnections: 2})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	begin := func(conn *grpc.ClientConn, calls int) {
		for range calls {
			go func() { _, _ = redirectv1.NewRedirectPolicyServiceClient(conn).Decide(ctx, question()) }()
		}
	}
	first := s.connect(t)
	begin(first, 200)
	await(t, "128 calls of one connection", 5*time.Second, func() bool { return asked.Load() >= 128 })
	begin(s.connect(t), 1)
	await(t, "the call of a second connection", 5*time.Second, func() bool { return asked.Load() >= 129 })
	begin(s.connect(t), 1)
	never(t, 200*time.Millisecond, func() bool { return asked.Load() > 129 })
	_ = first.Close()
	await(t, "the call of a third connection, now that the first is gone", 5*time.Second, func() bool { return asked.Load() == 130 })
}

// never fails the test if ok comes true within d.
func never(t *testing.T, d time.Duration, ok func() bool) {
	t.Helper()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for end := time.Now().Add(d); time.Now().Before(end); <-ticker.C {
		if ok() {
			t.Fatal("what must be bounded is not")
		}
	}
}

// TestServerConnectionAge: without it a new replica never gets a call.
func TestServerConnectionAge(t *testing.T) {
	s := servePolicy(t, policy.Func(func(ctx context.Context, _ *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
		from, _ := peer.FromContext(ctx)
		return &redirectv1.DecideResponse{Explanation: &redirectv1.Explanation{Rule: from.Addr.String()}}, nil
	}), policyrpc.ServerOptions{MaxConnectionAge: 50 * time.Millisecond})
	client := dial(t, s.address, policyrpc.ClientOptions{})
	seen := map[string]bool{}
	await(t, "calls over three connections", 10*time.Second, func() bool {
		resp, err := client.Decide(t.Context(), question())
		if err != nil {
			t.Fatal(err)
		}
		seen[resp.GetExplanation().GetRule()] = true
		return len(seen) >= 3
	})
}

// TestServerDrains: health says so, what is in progress is finished, nothing
// new begins.
func TestServerDrains(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	s := servePolicy(t, policy.Func(func(context.Context, *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
		close(entered)
		<-leave
		return &redirectv1.DecideResponse{}, nil
	}), policyrpc.ServerOptions{})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	watchCtx, unwatch := context.WithCancel(ctx)
	defer unwatch()
	watch, err := healthv1.NewHealthClient(s.connect(t)).Watch(watchCtx, &healthv1.HealthCheckRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := watch.Recv(); err != nil || got.GetStatus() != healthv1.HealthCheckResponse_SERVING {
		t.Fatalf("health: %v, %v", got, err)
	}
	decided := make(chan error, 1)
	go func() {
		err := s.decide(t)
		decided <- err
	}()
	<-entered
	drained := make(chan error, 1)
	go func() { drained <- s.Drain(ctx) }()
	if got, err := watch.Recv(); err != nil || got.GetStatus() != healthv1.HealthCheckResponse_NOT_SERVING {
		t.Errorf("health while draining: %v, %v", got, err)
	}
	unwatch()
	await(t, "a refused connection", 5*time.Second, func() bool {
		conn, err := net.DialTimeout("tcp", s.address, time.Second)
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	})
	if err := s.decide(t); status.Code(err) != codes.Unavailable {
		t.Errorf("a new call while draining: %v", err)
	}
	close(leave)
	if err := <-decided; err != nil {
		t.Errorf("the call in progress: %v", err)
	}
	if err := <-drained; err != nil {
		t.Errorf("drain: %v", err)
	}
	if err := <-s.ended; err != nil {
		t.Errorf("serve: %v", err)
	}
}

func TestServerDrainIsBounded(t *testing.T) {
	entered := make(chan struct{})
	s := servePolicy(t, policy.Func(func(ctx context.Context, _ *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
		close(entered)
		<-ctx.Done()
		return nil, ctx.Err()
	}), policyrpc.ServerOptions{})
	decided := make(chan error, 1)
	go func() {
		err := s.decide(t)
		decided <- err
	}()
	<-entered
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := s.Drain(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("drain: %v", err)
	}
	if err := <-decided; status.Code(err) != codes.Unavailable && status.Code(err) != codes.Canceled {
		t.Errorf("the call that was cut off: %v", err)
	}
}
