package policyrpc

import (
	"context"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
)

// A deadline that passed while the call waited is answered as such; the policy
// is not bothered.
func TestDeadlinePassed(t *testing.T) {
	asked := false
	s := &service{policy: policy.Func(func(context.Context, *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
		asked = true
		return &redirectv1.DecideResponse{}, nil
	})}
	ctx, cancel := context.WithDeadline(t.Context(), time.Unix(1, 0))
	defer cancel()
	resp, err := s.Decide(ctx, &redirectv1.DecideRequest{})
	if status.Code(err) != codes.DeadlineExceeded || resp != nil {
		t.Errorf("got %v, %v", resp, err)
	}
	if asked {
		t.Error("the policy was asked")
	}
}
