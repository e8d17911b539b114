package policyrpc

import (
	"context"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// Info asks the policy who it is; of several backends one answers. It is for
// operators, and never on the path of a call.
func (c *Client) Info(ctx context.Context) (*redirectv1.GetPolicyInfoResponse, error) {
	ctx, cancel := c.withDeadline(ctx)
	defer cancel()
	info, err := c.rpc.GetPolicyInfo(ctx, &redirectv1.GetPolicyInfoRequest{})
	if err != nil {
		return nil, fmt.Errorf("ask policy %s who it is: %w", c.target, err)
	}
	return info, nil
}

// Unavailable reports whether an error of a [Client] says that no backend could be
// asked, or would answer, and nothing about the question.
func Unavailable(err error) bool {
	code := status.Code(err)
	return code == codes.Unavailable || code == codes.ResourceExhausted
}
