package policyrpc_test

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/policyrpc"
)

func TestErrorsThatAnotherBackendMayNotHave(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		code  codes.Code
		again bool
	}{
		{codes.Unavailable, true},
		{codes.ResourceExhausted, true},
		{codes.DeadlineExceeded, true},
		{codes.Internal, true},
		{codes.Unknown, true},
		{codes.Aborted, true},
		{codes.Canceled, true},
		{codes.InvalidArgument, false},
		{codes.FailedPrecondition, false},
		{codes.Unimplemented, false},
		{codes.PermissionDenied, false},
	} {
		t.Run(tt.code.String(), func(t *testing.T) {
			t.Parallel()
			client, replicas := cluster(t, 2)
			var first atomic.Bool
			for _, r := range replicas {
				r.set(func(context.Context, *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
					if first.CompareAndSwap(false, true) {
						return nil, status.Error(tt.code, "not I")
					}
					return r.decision(), nil
				})
			}
			_, err := ask(t, client, 5*time.Second)
			a, b := replicas[0].calls.Load(), replicas[1].calls.Load()
			if tt.again && (err != nil || a != 1 || b != 1) {
				t.Errorf("error %v after %d and %d calls, want a decision by the other one", err, a, b)
			}
			if !tt.again && (status.Code(err) != tt.code || a+b != 1) {
				t.Errorf("error %v after %d and %d calls, want %s after one", err, a, b, tt.code)
			}
		})
	}
}

func TestErrorsOfThePolicyStayThemselves(t *testing.T) {
	t.Parallel()
	r := serve(t, listen(t, "tcp", "127.0.0.1:0"))
	client := dial(t, r.address, policyrpc.ClientOptions{})
	for _, tt := range []struct {
		code             codes.Code
		unknown, invalid bool
	}{
		{codes.FailedPrecondition, true, false},
		{codes.InvalidArgument, false, true},
		{codes.Unimplemented, false, false},
	} {
		r.fail(status.Error(tt.code, "why"))
		_, err := ask(t, client, 5*time.Second)
		if errors.Is(err, policy.ErrUnknownProfile) != tt.unknown || errors.Is(err, policy.ErrInvalidRequest) != tt.invalid {
			t.Errorf("%s: %v; want ErrUnknownProfile %t, ErrInvalidRequest %t", tt.code, err, tt.unknown, tt.invalid)
		}
	}
}

func TestTriesAreBounded(t *testing.T) {
	t.Parallel()
	client, replicas := cluster(t, 4)
	var calls int64
	for _, r := range replicas {
		r.fail(status.Error(codes.Unavailable, "full"))
	}
	_, err := ask(t, client, 5*time.Second)
	for _, r := range replicas {
		n := r.calls.Load()
		if n > 1 {
			t.Errorf("%s was tried %d times, want another one each time", r.address, n)
		}
		calls += n
	}
	if calls != 3 || status.Code(err) != codes.Unavailable {
		t.Errorf("%d calls and %v, want 3 and Unavailable", calls, err)
	}
	want := regexp.MustCompile(`^ask policy dns://[^ ]*: 127\.0\.0\.\d:\d+: Unavailable: full; 127\.0\.0\.\d:\d+: Unavailable: full; 127\.0\.0\.\d:\d+: Unavailable: full$`)
	if !want.MatchString(err.Error()) {
		t.Errorf("error %q, want each try in it", err)
	}
}

func TestOneBackendIsAskedAgainOnlyAfterFailure(t *testing.T) {
	t.Parallel()
	r := serve(t, listen(t, "tcp", "127.0.0.1:0"))
	client := dial(t, r.address, policyrpc.ClientOptions{})

	r.slow(300 * time.Millisecond)
	if _, err := ask(t, client, 500*time.Millisecond); err != nil || r.calls.Load() != 1 {
		t.Errorf("late: error %v after %d calls, want a decision after 1", err, r.calls.Load())
	}

	r.calls.Store(0)
	r.set(func(context.Context, *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
		if r.calls.Load() < 3 {
			return nil, status.Error(codes.Unavailable, "starting")
		}
		return r.decision(), nil
	})
	if _, err := ask(t, client, 5*time.Second); err != nil || r.calls.Load() != 3 {
		t.Errorf("failed: error %v after %d calls, want a decision after 3", err, r.calls.Load())
	}
}

func TestHungBackendsCostNoDecision(t *testing.T) {
	t.Parallel()
	client, replicas := cluster(t, 3)
	replicas[0].hang()
	replicas[2].hang()
	for i := range 30 {
		resp, err := ask(t, client, time.Second)
		if err != nil || resp.GetExplanation().GetRule() != replicas[1].address {
			t.Fatalf("decision %d: %v, %v; want one by %s", i, resp, err, replicas[1].address)
		}
	}
	for _, r := range []*replica{replicas[0], replicas[2]} {
		if n := r.calls.Load(); n == 0 || n > 5 {
			t.Errorf("%s hangs and was tried %d times, want 1 to 5", r.address, n)
		}
	}
}

func TestErrorNamesBackendsThatHang(t *testing.T) {
	t.Parallel()
	client, replicas := cluster(t, 2)
	for _, r := range replicas {
		r.hang()
	}
	start := time.Now()
	_, err := ask(t, client, 200*time.Millisecond)
	if took := time.Since(start); !errors.Is(err, context.DeadlineExceeded) || took > time.Second {
		t.Fatalf("error %v after %s, want context.DeadlineExceeded after 200ms", err, took)
	}
	for _, r := range replicas {
		if !strings.Contains(err.Error(), r.address+": no answer in ") {
			t.Errorf("error %q, want %s in it", err, r.address)
		}
	}
}

func TestSlowEverywhereStillDecides(t *testing.T) {
	t.Parallel()
	client, replicas := cluster(t, 3)
	for _, r := range replicas {
		r.slow(400 * time.Millisecond)
	}
	for range 3 {
		if _, err := ask(t, client, 600*time.Millisecond); err != nil {
			t.Errorf("400ms of 600ms: %v", err)
		}
	}
}
