// Package conformance asks a policy over gRPC, as an edge does, and says which
// sentences of the contract (proto/redirect/v1/redirect.proto) it breaks.
//
// A [Case] is one demand. Some are about every answer, whatever the question:
// they judge the answers to a body of questions, and to those of calls that are
// played out against the policy by a small edge. Others ask by themselves: what
// becomes of unknown fields, of deadlines, of calls that are cancelled.
//
// The demands are those of the contract and no stricter. What it only recommends
// is a warning.
package conformance

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/status"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// Defaults of [Options].
const (
	DefaultTimeout   = time.Second
	defaultCancelled = 256
	defaultAtOnce    = 64
)

// Options say who is asked, and what for. Only Policy is needed.
type Options struct {
	// Policy is the connection to the policy; policyrpc.Connect makes one.
	Policy *grpc.ClientConn
	// Replicas are connections to further replicas, or to the same one again.
	// Without any the case about them is skipped.
	Replicas []*grpc.ClientConn
	// Profile is the profile that the calls name. Empty: the policy's default.
	Profile string
	// Timeout is the deadline of each question. 0 is [DefaultTimeout].
	Timeout time.Duration
	// Only selects cases by their names; nil selects all.
	Only *regexp.Regexp
	// Known are the names of cases that are known to fail.
	Known []string
	// Cancelled is how many calls are cancelled, and AtOnce how many questions are
	// asked at a time. 0 is 256 and 64.
	Cancelled, AtOnce int
	// Progress is told each result when there is one; nil tells nobody.
	Progress func(*Result)
}

// runs reports whether a case is selected.
func (o *Options) runs(name string) bool { return o.Only == nil || o.Only.MatchString(name) }

// ErrUnreachable means that the policy gave no answer at all, so that nothing was found out.
var ErrUnreachable = errors.New("the policy cannot be reached")

// Run asks the policy and returns what was found. The error is [ErrUnreachable],
// or that of ctx. Cases run one after the other, in their order.
func Run(ctx context.Context, o Options) (*Report, error) {
	s := newSession(&o)
	if err := s.reach(ctx); err != nil {
		return nil, err
	}
	report := &Report{Policy: s.info(ctx)}
	for _, c := range Cases() {
		if !o.runs(c.Name) {
			continue
		}
		began := time.Now()
		r := &Result{Case: c}
		r.Failures, r.Skipped = c.run(ctx, s)
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		r.Took = time.Since(began)
		r.Status = statusOf(r, slices.Contains(o.Known, c.Name))
		report.Results = append(report.Results, r)
		if o.Progress != nil {
			o.Progress(r)
		}
	}
	return report, nil
}

// reach waits a little for a policy that is only just starting.
func (s *session) reach(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for _, conn := range append([]*grpc.ClientConn{s.Policy}, s.Replicas...) {
		conn.Connect()
		for state := conn.GetState(); state != connectivity.Ready; state = conn.GetState() {
			if conn.WaitForStateChange(ctx, state) {
				continue
			}
			return fmt.Errorf("%w within %s: %s", ErrUnreachable, startTimeout, whyNot(ctx, conn))
		}
	}
	return nil
}

// whyNot asks once more, for the reason.
func whyNot(ctx context.Context, conn *grpc.ClientConn) string {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), DefaultTimeout)
	defer cancel()
	_, err := redirectv1.NewRedirectPolicyServiceClient(conn).GetPolicyInfo(ctx, &redirectv1.GetPolicyInfoRequest{})
	return conn.Target() + ": " + clip(status.Convert(err).Message())
}
