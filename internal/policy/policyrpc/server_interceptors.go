package policyrpc

import (
	"context"
	"log/slog"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	middleware "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/logging"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/selector"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// interceptors are the middleware around every gRPC call: metrics outermost, then
// what a call of any protocol has, so that the metrics see what became of it.
func interceptors(s *Server) []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(s.metrics.rpcs.UnaryServerInterceptor(), s.around),
		grpc.ChainStreamInterceptor(
			s.metrics.rpcs.StreamServerInterceptor(),
			recovery.StreamServerInterceptor(recovery.WithRecoveryHandlerContext(s.Recovered)),
		),
	}
}

// around is the middleware of every call, whatever protocol it came by: the log,
// then recovery, so that the log sees what became of a panic.
func around(s *Server, o ServerOptions) grpc.UnaryServerInterceptor {
	log := selector.UnaryServerInterceptor(sampled(logInterceptor(o.Logger), o.LogEvery), selector.MatchFunc(isDecision))
	recovered := recovery.UnaryServerInterceptor(recovery.WithRecoveryHandlerContext(s.Recovered))
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		return log(ctx, req, info, func(ctx context.Context, req any) (any, error) {
			return recovered(ctx, req, info, handler)
		})
	}
}

// Recovered counts and logs a panic, and returns what the peer is told of it.
func (s *Server) Recovered(ctx context.Context, p any) error {
	s.metrics.panics.Inc()
	s.logger.ErrorContext(ctx, "panic", "panic", p, "stack", string(debug.Stack()))
	return status.Error(codes.Internal, "the policy failed; its log says why")
}

func isDecision(_ context.Context, c middleware.CallMeta) bool {
	return c.Method == "Decide" && c.Service == redirectv1.RedirectPolicyService_ServiceDesc.ServiceName
}

// sampled logs one call of so many, and each one that failed. A line for every
// decision would cost a quarter of what the process can do.
func sampled(log grpc.UnaryServerInterceptor, every int) grpc.UnaryServerInterceptor {
	var calls atomic.Uint64
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		if every > 0 && (calls.Add(1)-1)%uint64(every) == 0 {
			return log(ctx, req, info, handler)
		}
		resp, err := handler(ctx, req)
		if err == nil {
			return resp, nil
		}
		return log(ctx, req, info, func(context.Context, any) (any, error) { return resp, err })
	}
}

// logInterceptor writes one line per decision.
func logInterceptor(logger *slog.Logger) grpc.UnaryServerInterceptor {
	line := logging.LoggerFunc(func(ctx context.Context, level logging.Level, _ string, fields ...any) {
		logger.Log(ctx, slog.Level(level), "decision", fields...)
	})
	return logging.UnaryServerInterceptor(line,
		logging.WithLogOnEvents(logging.FinishCall),
		logging.WithLevels(levelOf),
		logging.WithFieldsFromContextAndCallMeta(questionFields),
		// The policy's own time is a field of the decision; a failure that is
		// logged after the fact has none.
		logging.WithDurationField(func(_ time.Duration) logging.Fields { return nil }),
		logging.WithDisableLoggingFields(logging.SystemTag[0], logging.ComponentFieldKey,
			logging.ServiceFieldKey, logging.MethodFieldKey, logging.MethodTypeFieldKey),
	)
}

// maxLogged is how much of a text from the network stands in a line of the log,
// in bytes.
const maxLogged = 128

func clip(s string) string {
	if len(s) <= maxLogged {
		return s
	}
	return strings.ToValidUTF8(s[:maxLogged-len("...")], "") + "..."
}

// questionFields are what identifies the question.
func questionFields(ctx context.Context, c middleware.CallMeta) logging.Fields {
	req, ok := c.ReqOrNil.(*redirectv1.DecideRequest)
	if !ok {
		return nil
	}
	return logging.Fields{
		"call_id", clip(req.GetCall().GetCallId()),
		"request_id", clip(req.GetRequestId()),
		"profile", clip(req.GetCall().GetProfile()),
		"edge", clip(req.GetEdge().GetInstance()),
		"redirect", req.GetRedirect().GetResponse().GetStatus(),
		"attempts", len(req.GetAttempts()),
		"protocol", protocolOf(ctx),
	}
}

// levelOf: what the edge did wrong, or gave up, is a warning; what is wrong
// here is an error.
func levelOf(code codes.Code) logging.Level {
	switch code {
	case codes.OK:
		return logging.LevelInfo
	case codes.Internal, codes.Unknown, codes.DataLoss:
		return logging.LevelError
	default:
		return logging.LevelWarn
	}
}
