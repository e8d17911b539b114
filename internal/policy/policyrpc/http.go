package policyrpc

import (
	"context"
	"errors"
	"net/http"

	"connectrpc.com/connect"
	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
)

// What a decision was asked for by: the label of metrics and logs.
const (
	protocolGRPC = "grpc"
	protocolHTTP = "http"
	// ProtocolNext is the question of a client that only wants to know what comes
	// next, see [Server.Policy].
	ProtocolNext = "next"
)

// MaxRequestBytes is how long a request may be, whatever protocol it comes by.
const MaxRequestBytes = maxRequestBytes

// minCompressed is the length of an answer below which gzip does not pay.
const minCompressed = 1 << 10

type protocolKey struct{}

func protocolOf(ctx context.Context) string {
	if protocol, ok := ctx.Value(protocolKey{}).(string); ok {
		return protocol
	}
	return protocolGRPC
}

// HTTP returns the contract over HTTP, by the Connect protocol for unary calls
// (https://connectrpc.com/docs/protocol): POST of a message as JSON or as protobuf to
// /redirect.v1.RedirectPolicyService/Decide and /GetPolicyInfo, or GET. A call passes
// the interceptors of a gRPC call but for the metrics of gRPC. Limits of connections
// are those of the HTTP server that it runs in.
func (s *Server) HTTP() http.Handler {
	mux := http.NewServeMux()
	handle(mux, s, redirectv1.RedirectPolicyService_Decide_FullMethodName, s.service.Decide)
	handle(mux, s, redirectv1.RedirectPolicyService_GetPolicyInfo_FullMethodName, s.service.GetPolicyInfo)
	return mux
}

// handle serves one method. Code generated for Connect would come to the same.
func handle[Req, Res any](mux *http.ServeMux, s *Server, method string, do func(context.Context, *Req) (*Res, error)) {
	mux.Handle(method, connect.NewUnaryHandlerSimple(method, func(ctx context.Context, req *Req) (*Res, error) {
		res, err := call(context.WithValue(ctx, protocolKey{}, protocolHTTP), s, method, req, do)
		if err != nil {
			st := status.Convert(err)
			return nil, connect.NewError(connect.Code(st.Code()), errors.New(st.Message())) // the codes are gRPC's
		}
		return res, nil
	},
		connect.WithIdempotency(connect.IdempotencyNoSideEffects), // as the contract says: GET is allowed
		connect.WithReadMaxBytes(maxRequestBytes),
		connect.WithSendMaxBytes(maxResponseBytes),
		connect.WithCompressMinBytes(minCompressed),
	))
}

// call does what one call of a method does, within the interceptors.
func call[Req, Res any](ctx context.Context, s *Server, method string, req *Req, do func(context.Context, *Req) (*Res, error)) (*Res, error) {
	info := &grpc.UnaryServerInfo{Server: s.service, FullMethod: method}
	res, err := s.around(ctx, req, info, func(ctx context.Context, _ any) (any, error) { return do(ctx, req) })
	if err != nil {
		return nil, err
	}
	return res.(*Res), nil // it is what do returned
}

// Policy returns the policy as another protocol of this process asks it: a decision
// passes the interceptors of a gRPC call but for the metrics of gRPC. The protocol is
// [ProtocolNext], or another bounded word. Errors are statuses of gRPC.
func (s *Server) Policy(protocol string) policy.Policy {
	return policy.Func(func(ctx context.Context, req *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
		ctx = context.WithValue(ctx, protocolKey{}, protocol)
		return call(ctx, s, redirectv1.RedirectPolicyService_Decide_FullMethodName, req, s.service.Decide)
	})
}
