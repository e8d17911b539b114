package policyrpc

import (
	"context"
	"fmt"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/redirectd/redirectd/internal/policy"
)

// decisionError says why there is no decision: what became of each try, and the
// cause that ended the last one.
type decisionError struct {
	target string
	tries  []string
	cause  error
}

// Error names the target and each try.
func (e *decisionError) Error() string {
	return fmt.Sprintf("ask policy %s: %s", e.target, strings.Join(e.tries, "; "))
}

// Unwrap gives the context's error, or the gRPC status.
func (e *decisionError) Unwrap() error { return e.cause }

// Is makes what a policy says of the question the same error as in process.
func (e *decisionError) Is(target error) bool {
	switch target {
	case policy.ErrUnknownProfile:
		return status.Code(e.cause) == codes.FailedPrecondition
	case policy.ErrInvalidRequest:
		return status.Code(e.cause) == codes.InvalidArgument
	default:
		return false
	}
}

// failed makes the error of the decision. The deadline may be over a little
// earlier on the backend's clock: that is the same end.
func (d *decision) failed(ctx context.Context, cause error) error {
	ended := ctx.Err() != nil || timeLeft(ctx) < minLeft
	switch {
	case ctx.Err() != nil:
		cause = ctx.Err()
	case status.Code(cause) == codes.DeadlineExceeded:
		cause = context.DeadlineExceeded
	}
	e := &decisionError{target: d.client.target, cause: cause}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, t := range d.tries {
		if !t.spare() {
			e.tries = append(e.tries, t.outcome(ended))
		}
	}
	return e
}
