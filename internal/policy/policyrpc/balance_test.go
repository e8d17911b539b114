package policyrpc_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/redirectd/redirectd/internal/policy/policyrpc"
)

func TestLoadIsSpreadEvenly(t *testing.T) {
	t.Parallel()
	client, replicas := cluster(t, 3)
	for range 300 {
		if _, err := ask(t, client, 5*time.Second); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range replicas {
		if n := r.calls.Load(); n < 80 || n > 120 {
			t.Errorf("%s got %d of 300 calls, want about 100", r.address, n)
		}
	}
}

func TestKilledBackendIsLeftAndFoundAgain(t *testing.T) {
	t.Parallel()
	client, replicas := cluster(t, 3)
	errs := traffic(t, client)
	replicas[0].server.Stop()
	for _, r := range replicas[1:] {
		before := r.calls.Load()
		await(t, "calls at the others", 5*time.Second, func() bool { return r.calls.Load() > before+20 })
	}
	back := serve(t, listen(t, "tcp", replicas[0].address))
	await(t, "a call at the one that is back", 3*time.Second, func() bool { return back.calls.Load() > 0 })
	for _, err := range errs() {
		t.Error(err)
	}
}

func TestHungBackendIsFoundAgain(t *testing.T) {
	t.Parallel()
	client, replicas := cluster(t, 2)
	errs := traffic(t, client)
	replicas[0].hang()
	before := replicas[0].calls.Load()
	await(t, "a few tries at the one that hangs", 10*time.Second, func() bool { return replicas[0].calls.Load() > before+2 })
	replicas[0].answer.Store(nil)
	before = replicas[0].calls.Load()
	await(t, "its share of the calls", 3*time.Second, func() bool { return replicas[0].calls.Load() > before+20 })
	for _, err := range errs() {
		t.Error(err)
	}
}

func TestDrainingBackendGetsNoCalls(t *testing.T) {
	t.Parallel()
	client, replicas := cluster(t, 2)
	replicas[0].health.SetServingStatus("", healthv1.HealthCheckResponse_NOT_SERVING)
	await(t, "twenty calls in a row at the other one", 5*time.Second, func() bool {
		before := replicas[0].calls.Load()
		for range 20 {
			if _, err := ask(t, client, 5*time.Second); err != nil {
				t.Fatal(err)
			}
		}
		return replicas[0].calls.Load() == before
	})
	replicas[0].health.SetServingStatus("", healthv1.HealthCheckResponse_SERVING)
	awaitAll(t, client, replicas)
}

func TestTriesAfterTheFirstAreLimited(t *testing.T) {
	t.Parallel()
	client, replicas := cluster(t, 2)
	for _, r := range replicas {
		r.fail(status.Error(codes.Unavailable, "full"))
	}
	for range 400 {
		if _, err := ask(t, client, 5*time.Second); err == nil {
			t.Fatal("a decision by nobody")
		}
	}
	more := replicas[0].calls.Load() + replicas[1].calls.Load() - 400
	if more < 256+30 || more > 256+40 {
		t.Errorf("%d tries more than decisions, want 256 and a tenth of them", more)
	}
	_, err := ask(t, client, 5*time.Second)
	if err == nil || !strings.Contains(err.Error(), "not sent: Unavailable: too many decisions need another try") {
		t.Errorf("error %v, want why there was no other try", err)
	}
}

func TestReconnectsBackOffToOneSecond(t *testing.T) {
	t.Parallel()
	l := listen(t, "tcp", "127.0.0.1:0")
	t.Cleanup(func() { _ = l.Close() })
	dial(t, l.Addr().String(), policyrpc.ClientOptions{})
	var last time.Time
	for i := range 10 { // 100 ms and 1.6 times as much each time: from the 6th on it is the longest
		if err := l.(*net.TCPListener).SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
			t.Fatal(err)
		}
		conn, err := l.Accept()
		if err != nil {
			t.Fatalf("no attempt number %d within 5s: %v", i+1, err)
		}
		_ = conn.Close()
		if pause := time.Since(last); i > 0 && pause > 1500*time.Millisecond {
			t.Errorf("attempt number %d came %s after the one before, want 1s at most", i+1, pause)
		}
		last = time.Now()
	}
}

// traffic is a steady stream of decisions.
func traffic(t *testing.T, client *policyrpc.Client) func() []error {
	t.Helper()
	return steady(t, func() error {
		_, err := ask(t, client, time.Second)
		return err
	})
}
