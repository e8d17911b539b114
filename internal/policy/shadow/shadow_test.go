package shadow_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/proto"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/compare"
	"github.com/redirectd/redirectd/internal/policy/shadow"
)

// rejecting is a policy that always says one status.
func rejecting(status uint32) policy.Func {
	return func(context.Context, *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
		return reject(status), nil
	}
}

func reject(status uint32) *redirectv1.DecideResponse {
	return &redirectv1.DecideResponse{
		Action:      &redirectv1.DecideResponse_Reject{Reject: &redirectv1.FinalResponse{Status: status}},
		PolicyState: fmt.Appendf(nil, "of %d", status),
		Explanation: &redirectv1.Explanation{Text: fmt.Sprintf("because of %d", status)},
	}
}

// hanging is a policy that says nothing while it is asked.
func hanging(ctx context.Context, _ *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func about(callID string) *redirectv1.DecideRequest {
	return &redirectv1.DecideRequest{
		RequestId: "q-" + callID, Call: &redirectv1.Call{CallId: callID, Method: "INVITE"},
		Event:       &redirectv1.DecideRequest_Redirect{Redirect: &redirectv1.Redirect{}},
		PolicyState: []byte("of an earlier answer"),
	}
}

// watcher collects what is said of a shadow.
type watcher struct {
	registry *prometheus.Registry
	mu       sync.Mutex
	found    []shadow.Disagreement
}

func (w *watcher) disagree(d *shadow.Disagreement) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.found = append(w.found, *d)
}

// build makes a shadow of two policies.
func build(t *testing.T, cfg shadow.Config, first, second policy.Policy) (*shadow.Policy, *watcher) {
	t.Helper()
	w := &watcher{registry: prometheus.NewRegistry()}
	p := shadow.New(shadow.Options{
		Config: cfg, First: first, Second: second, Disagree: w.disagree, Registerer: w.registry,
		Check: func(_ *redirectv1.DecideRequest, d *redirectv1.DecideResponse) error {
			if d.GetReject().GetStatus() == 200 {
				return errors.New("status: 200 is out of range")
			}
			return nil
		},
	})
	return p, w
}

// counted returns a counter of those labels, in the order of their names.
func (w *watcher) counted(t *testing.T, name string, labels ...string) int {
	t.Helper()
	families, err := w.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			var values []string
			for _, l := range m.GetLabel() {
				values = append(values, l.GetValue())
			}
			if f.GetName() == name && strings.Join(values, " ") == strings.Join(labels, " ") {
				return int(m.GetCounter().GetValue())
			}
		}
	}
	t.Fatalf("there is no %s of %s", name, labels)
	return 0
}

const (
	comparisons = "sipedge_policy_shadow_comparisons_total"
	skipped     = "sipedge_policy_shadow_skipped_total"
	none        = "sipedge_policy_shadow_no_decision_total"
)

// finish waits until what was asked is compared.
func finish(t *testing.T, p *shadow.Policy) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	p.Close(ctx)
	if ctx.Err() != nil {
		t.Fatal("it does not end")
	}
}

// TestOneInAHundred: a policy that disagrees about one call in a hundred is found
// by the metric, and explained.
func TestOneInAHundred(t *testing.T) {
	t.Parallel()
	const calls = 1000
	second := policy.Func(func(_ context.Context, req *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
		if strings.HasSuffix(req.GetCall().GetCallId(), "00") {
			return reject(603), nil
		}
		return reject(480), nil
	})
	p, w := build(t, shadow.Config{}, rejecting(480), second)
	for i := range calls {
		answer, err := p.Decide(t.Context(), about(strconv.Itoa(1000+i)))
		if err != nil || answer.GetReject().GetStatus() != 480 {
			t.Fatalf("%v, %v", answer, err)
		}
	}
	finish(t, p)
	if same, other := w.counted(t, comparisons, "same"), w.counted(t, comparisons, "other_code"); same != calls*99/100 || other != calls/100 {
		t.Errorf("%d are the same, %d have another code", same, other)
	}
	if len(w.found) != calls/100 {
		t.Fatalf("%d disagreements", len(w.found))
	}
	for _, d := range w.found {
		if id := d.Request.GetCall().GetCallId(); !strings.HasSuffix(id, "00") || d.Request.GetRequestId() != "q-"+id {
			t.Errorf("they disagree about %s", id)
		}
		if d.Difference.Kind != compare.OtherCode || d.Difference.String() != "status: 480 != 603" {
			t.Errorf("%s: %s", d.Difference.Kind, d.Difference)
		}
		if d.First.Decision.GetExplanation().GetText() != "because of 480" || d.Second.Decision.GetExplanation().GetText() != "because of 603" {
			t.Errorf("%v, %v", d.First, d.Second)
		}
	}
}

// TestWhatTheSecondSees: the same question, marked, without anybody's state.
func TestWhatTheSecondSees(t *testing.T) {
	t.Parallel()
	var asked []*redirectv1.DecideRequest
	second := policy.Func(func(_ context.Context, req *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
		asked = append(asked, req)
		return reject(481), nil
	})
	var given []*redirectv1.DecideRequest
	first := policy.Func(func(_ context.Context, req *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
		given = append(given, req)
		return reject(480), nil
	})
	p, w := build(t, shadow.Config{Concurrency: 1}, first, second)
	one, two := about("1"), about("2")
	two.Edge = &redirectv1.Edge{Instance: "edge1"}
	was := proto.CloneOf(two)
	for _, req := range []*redirectv1.DecideRequest{one, two} {
		if _, err := p.Decide(t.Context(), req); err != nil {
			t.Fatal(err)
		}
	}
	finish(t, p)
	if !proto.Equal(two, was) || given[1] != two {
		t.Error("the first was asked something else")
	}
	if !proto.Equal(w.found[1].Request, was) {
		t.Errorf("reported is %v", w.found[1].Request)
	}
	was.PolicyState, was.Edge.Shadow = nil, true
	if !proto.Equal(asked[1], was) {
		t.Errorf("the second sees %v, want %v", asked[1], was)
	}
	if !asked[0].GetEdge().GetShadow() {
		t.Error("the second is not told that it is a shadow")
	}
}

// TestNoDecision: of either, for whatever reason.
func TestNoDecision(t *testing.T) {
	t.Parallel()
	failing := policy.Func(func(context.Context, *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
		return nil, errors.New("down")
	})
	panicking := policy.Func(func(context.Context, *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) { panic("oops") })
	late := policy.Func(func(context.Context, *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
		return nil, fmt.Errorf("late: %w", context.DeadlineExceeded)
	})
	for name, c := range map[string]struct {
		first, second policy.Policy
		of, reason    string
		text          string
		err           string // of the second
	}{
		"down":         {rejecting(480), failing, "shadow", "error", "decision: reject 480 != no decision", "down"},
		"panics":       {rejecting(480), panicking, "shadow", "error", "decision: reject 480 != no decision", "policy panicked: oops"},
		"hangs":        {rejecting(480), policy.Func(hanging), "shadow", "timeout", "decision: reject 480 != no decision", "context deadline exceeded"},
		"nonsense":     {rejecting(480), rejecting(200), "shadow", "invalid", "decision: reject 480 != no decision", "status: 200 is out of range"},
		"first down":   {failing, rejecting(480), "first", "error", "decision: no decision != reject 480", ""},
		"first late":   {late, rejecting(480), "first", "timeout", "decision: no decision != reject 480", ""},
		"first is bad": {rejecting(200), rejecting(480), "first", "invalid", "decision: no decision != reject 480", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, w := build(t, shadow.Config{Timeout: 10 * time.Millisecond}, c.first, c.second)
			_, want := c.first.Decide(t.Context(), nil)
			if _, err := p.Decide(t.Context(), about("1")); fmt.Sprint(err) != fmt.Sprint(want) {
				t.Errorf("the first said %v, the edge hears %v", want, err)
			}
			finish(t, p)
			if w.counted(t, comparisons, "no_decision") != 1 || w.counted(t, none, c.of, c.reason) != 1 {
				t.Error("it is not counted")
			}
			if len(w.found) != 1 || w.found[0].Difference.String() != c.text {
				t.Fatalf("%v", w.found)
			}
			if err := w.found[0].Second.Err; (err == nil) != (c.err == "") || err != nil && err.Error() != c.err {
				t.Errorf("the second said %v", err)
			}
		})
	}
}

// TestHangingShadowCostsNothing: whatever the second policy does, the first answers
// at once, goroutines and what waits are limited, and the rest is counted.
//
// It counts the goroutines of the process, so it does not run beside others.
func TestHangingShadowCostsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const calls, concurrency, queue = 10000, 8, 100
		p, w := build(t, shadow.Config{Concurrency: concurrency, Queue: queue, Timeout: 10 * time.Second}, rejecting(480), policy.Func(hanging))
		before := runtime.NumGoroutine()
		began := time.Now()
		for i := range calls {
			if answer, err := p.Decide(t.Context(), about(strconv.Itoa(i))); err != nil || answer.GetReject().GetStatus() != 480 {
				t.Fatal(err)
			}
			if i == concurrency {
				synctest.Wait() // all hang
			}
		}
		if took := time.Since(began); took != 0 { // by the clock of this test, which moves when all wait
			t.Errorf("%d calls waited %s", calls, took)
		}
		synctest.Wait()
		if n := runtime.NumGoroutine(); n > before+2*concurrency { // one each for the deadline, at most
			t.Errorf("%d goroutines, %d before", n, before)
		}
		if got, want := w.counted(t, skipped, "queue_full"), calls-concurrency-queue; got < want || got > want+concurrency {
			t.Errorf("%d were skipped, want %d", got, want)
		}
		time.Sleep(9 * time.Second)
		if n := w.counted(t, comparisons, "no_decision"); n != 0 {
			t.Errorf("%d were given up", n)
		}
		time.Sleep(time.Hour)
		asked := calls - w.counted(t, skipped, "queue_full")
		if got := w.counted(t, none, "shadow", "timeout"); got != asked {
			t.Errorf("%d of %d timed out", got, asked)
		}
		finish(t, p)
	})
}

// TestBytesAreLimited: what waits is little, however big the questions are.
func TestBytesAreLimited(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, w := build(t, shadow.Config{Concurrency: 1, Queue: 10000}, rejecting(480), policy.Func(hanging))
		req := about("1")
		req.Call.Headers = []*redirectv1.Header{{Name: "X-A", Value: strings.Repeat("x", 1<<20)}}
		for range 100 {
			if _, err := p.Decide(t.Context(), req); err != nil {
				t.Fatal(err)
			}
		}
		if got := w.counted(t, skipped, "queue_full"); got != 85 {
			t.Errorf("%d were skipped, want all but 15 MiB", got)
		}
		time.Sleep(time.Minute) // all have timed out: there is room again
		for range 15 {
			if _, err := p.Decide(t.Context(), req); err != nil {
				t.Fatal(err)
			}
		}
		if got := w.counted(t, skipped, "queue_full"); got != 85 {
			t.Errorf("%d were skipped then", got)
		}
		time.Sleep(time.Minute)
		finish(t, p)
	})
}

// TestShare: some calls, with all of their questions.
func TestShare(t *testing.T) {
	t.Parallel()
	asked := make(map[string]int)
	second := policy.Func(func(_ context.Context, req *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
		asked[req.GetCall().GetCallId()]++
		return reject(480), nil
	})
	p, w := build(t, shadow.Config{Share: 10, Concurrency: 1, Queue: 10000}, rejecting(480), second)
	for range 2 {
		for i := range 2000 {
			if _, err := p.Decide(t.Context(), about(strconv.Itoa(i))); err != nil {
				t.Fatal(err)
			}
		}
	}
	finish(t, p)
	if n := len(asked); n < 147 || n > 253 { // four standard deviations
		t.Errorf("%d of 2000 calls", n)
	}
	for id, n := range asked {
		if n != 2 {
			t.Errorf("call %s: %d of 2 questions", id, n)
		}
	}
	if n := w.counted(t, comparisons, "same"); n != 2*len(asked) {
		t.Errorf("%d comparisons", n)
	}
}

// TestCancelled: a call that ended before its answer is not compared.
func TestCancelled(t *testing.T) {
	t.Parallel()
	p, w := build(t, shadow.Config{}, policy.Func(hanging), rejecting(480))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Decide(ctx, about("1")); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	finish(t, p)
	if w.counted(t, skipped, "cancelled") != 1 || len(w.found) != 0 {
		t.Error("it was compared")
	}
}

// TestClose: what hangs is cut off and counts as nothing; the first goes on.
func TestClose(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, w := build(t, shadow.Config{Concurrency: 2, Timeout: time.Hour}, rejecting(480), policy.Func(hanging))
		for range 10 {
			if _, err := p.Decide(t.Context(), about("1")); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		p.Close(ctx)
		p.Close(ctx) // again is nothing
		if took := time.Since(began); took != time.Second {
			t.Errorf("it took %s", took)
		}
		if answer, err := p.Decide(t.Context(), about("1")); err != nil || answer.GetReject().GetStatus() != 480 {
			t.Error(err)
		}
		if w.counted(t, skipped, "queue_full") != 1 || w.counted(t, comparisons, "no_decision") != 0 {
			t.Error("what was cut off is counted")
		}
	})
}

// BenchmarkOffer is what a shadow costs a decision on the path of its call.
func BenchmarkOffer(b *testing.B) {
	second := policy.Func(func(context.Context, *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
		return reject(480), nil
	})
	p := shadow.New(shadow.Options{First: rejecting(480), Second: second})
	defer p.Close(b.Context())
	req := about("1")
	for i := range 3 {
		req.GetRedirect().Contacts = append(req.GetRedirect().Contacts, &redirectv1.Contact{
			Uri: &redirectv1.SipUri{Text: fmt.Sprintf("sip:bob@192.0.2.%d", i), Scheme: "sip", User: "bob", Host: "192.0.2.1"},
		})
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Decide(b.Context(), req); err != nil {
			b.Fatal(err)
		}
	}
}
