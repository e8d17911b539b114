package policyrpc

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/logging"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
)

// service is the contract's service on a policy.
type service struct {
	redirectv1.UnimplementedRedirectPolicyServiceServer
	policy  policy.Policy
	info    func() *redirectv1.GetPolicyInfoResponse
	metrics *serverMetrics
	logger  *slog.Logger
}

// GetPolicyInfo says who answers.
func (s *service) GetPolicyInfo(context.Context, *redirectv1.GetPolicyInfoRequest) (*redirectv1.GetPolicyInfoResponse, error) {
	return s.info(), nil
}

// Decide asks the policy. A call whose deadline has passed while it waited is
// not decided any more: nobody would use the answer.
func (s *service) Decide(ctx context.Context, req *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
	if err := ctx.Err(); err != nil {
		return nil, status.FromContextError(err).Err()
	}
	began := time.Now()
	resp, err := s.policy.Decide(ctx, req)
	took := time.Since(began)
	if err != nil {
		return nil, s.refusal(ctx, err)
	}
	s.metrics.decided(protocolOf(ctx), req, resp, took)
	traceDecision(ctx, req, resp)
	logging.AddFields(ctx, logging.Fields{
		"action", actionOf(resp),
		"rule", resp.GetExplanation().GetRule(),
		"why", resp.GetExplanation().GetText(),
		"duration", took,
	})
	return resp, nil
}

// refusal makes a gRPC status of why there is no decision. What is wrong with
// the question is said to whoever asked; what is wrong here is not.
func (s *service) refusal(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, policy.ErrUnknownProfile):
		return status.Error(codes.FailedPrecondition, err.Error())
	case errors.Is(err, policy.ErrInvalidRequest):
		return status.Error(codes.InvalidArgument, err.Error())
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return status.FromContextError(err).Err()
	}
	s.logger.ErrorContext(ctx, "policy failed", "error", err)
	return status.Error(codes.Internal, "the policy failed; its log says why")
}
