package policyrpc_test

import (
	"context"
	"errors"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/policyrpc"
)

var _ policy.Policy = (*policyrpc.Client)(nil)

func TestDialRefusesBadTargets(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ target, want string }{
		{"", `"" is not host:port`},
		{"redirectd", `"redirectd" is not host:port, as in redirectd:50051`},
		{"dns:///redirectd", `"redirectd" is not host:port`},
		{"dns://redirectd:50051", "after the third slash, as in dns:///redirectd:50051"},
		{"redirectd:0", `"0" is no port, 1 to 65535 is`},
		{"redirectd:65536", `"65536" is no port`},
		{":50051", `":50051" is not host:port`},
		{"unix://run/x.sock", "absolute path, as in unix:///run/redirectd.sock"},
		{"unix:run/x.sock", "as in unix:///run/redirectd.sock"},
		{"https://redirectd:50051", "the scheme https is not known; dns:///name:port, unix:///path or host:port are"},
	} {
		client, err := policyrpc.Dial(tt.target, policyrpc.ClientOptions{})
		if err == nil {
			t.Errorf("%q: no error", tt.target)
			_ = client.Close()
			continue
		}
		if !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v, want %q in it", tt.target, err, tt.want)
		}
	}
}

func TestTargets(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "policy.sock")
	serve(t, listen(t, "unix", path))
	r := serve(t, listen(t, "tcp", "127.0.0.1:0"))
	_, port, _ := strings.Cut(r.address, ":")
	for _, target := range []string{"unix://" + path, r.address, "dns:///" + r.address, "localhost:" + port} {
		resp, err := ask(t, dial(t, target, policyrpc.ClientOptions{}), 5*time.Second)
		if err != nil || resp.GetReject().GetStatus() != 480 {
			t.Errorf("%s: %v, %v; want 480", target, resp, err)
		}
	}
}

func TestNoBackendFailsAtOnce(t *testing.T) {
	t.Parallel()
	l := listen(t, "tcp", "127.0.0.1:0")
	target := l.Addr().String()
	_ = l.Close()
	client := dial(t, target, policyrpc.ClientOptions{})
	for range 3 {
		start := time.Now()
		_, err := ask(t, client, 5*time.Second)
		if took := time.Since(start); took > time.Second {
			t.Errorf("failed after %s, want at once", took)
		}
		if status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), "ask policy "+target+": not sent: Unavailable: ") {
			t.Errorf("error %v, want Unavailable and the target", err)
		}
	}
}

func TestConnectingIsWaitedFor(t *testing.T) {
	t.Parallel()
	l := listen(t, "tcp", "127.0.0.1:0") // the system accepts, and nobody speaks yet
	client := dial(t, l.Addr().String(), policyrpc.ClientOptions{})
	time.AfterFunc(100*time.Millisecond, func() { serve(t, l) })
	if _, err := ask(t, client, 5*time.Second); err != nil {
		t.Errorf("asked while connecting: %v", err)
	}
}

func TestTimeoutWithoutDeadline(t *testing.T) {
	t.Parallel()
	r := serve(t, listen(t, "tcp", "127.0.0.1:0"))
	r.hang()
	client := dial(t, r.address, policyrpc.ClientOptions{Timeout: 50 * time.Millisecond})
	_, err := client.Decide(context.WithoutCancel(t.Context()), &redirectv1.DecideRequest{})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want the deadline's", err)
	}
}

func TestCancelEndsAtOnce(t *testing.T) {
	t.Parallel()
	client, replicas := cluster(t, 2)
	for _, r := range replicas {
		r.hang()
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	time.AfterFunc(50*time.Millisecond, cancel)
	start := time.Now()
	_, err := client.Decide(ctx, &redirectv1.DecideRequest{})
	if !errors.Is(err, context.Canceled) || time.Since(start) > 5*time.Second {
		t.Errorf("error %v after %s, want context.Canceled at once", err, time.Since(start))
	}
}

func TestMessageBounds(t *testing.T) {
	t.Parallel()
	r := serve(t, listen(t, "tcp", "127.0.0.1:0"))
	client := dial(t, r.address, policyrpc.ClientOptions{})
	if _, err := client.Decide(t.Context(), &redirectv1.DecideRequest{PolicyState: make([]byte, 257<<10)}); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("a request of 257 KiB: %v, want ResourceExhausted", err)
	}
	for _, tt := range []struct {
		size int
		want codes.Code
	}{{64 << 10, codes.OK}, {69 << 10, codes.ResourceExhausted}} {
		r.set(func(context.Context, *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
			return &redirectv1.DecideResponse{PolicyState: make([]byte, tt.size)}, nil
		})
		if _, err := ask(t, client, 5*time.Second); status.Code(err) != tt.want {
			t.Errorf("an answer of %d bytes: %v, want %s", tt.size, err, tt.want)
		}
	}
}

// Not parallel: it counts goroutines.
func TestCloseLeavesNothing(t *testing.T) {
	l := listenAll(t, 2)
	good, hung := serve(t, l[0]), serve(t, l[1])
	hung.hang()
	names := nameServer(t, good, hung)
	before := runtime.NumGoroutine()
	for range 5 {
		client, err := policyrpc.Dial(names.target(good.address), policyrpc.ClientOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for range 5 {
			if _, err := ask(t, client, 500*time.Millisecond); err != nil {
				t.Error(err)
			}
		}
		if err := client.Close(); err != nil {
			t.Error(err)
		}
		if _, err := ask(t, client, time.Second); status.Code(err) != codes.Canceled {
			t.Errorf("after Close: %v, want Canceled", err)
		}
	}
	await(t, "an end of the goroutines", 5*time.Second, func() bool { return runtime.NumGoroutine() <= before })
}
