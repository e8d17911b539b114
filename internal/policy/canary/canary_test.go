package canary_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/canary"
)

// double is a policy that notes what it is asked, and says who it is.
type double struct {
	name  string
	state string                          // that it gives with each answer
	then  func(ctx context.Context) error // what comes of a question; nil: an answer
	mu    sync.Mutex
	asked []*redirectv1.DecideRequest
}

func (d *double) Decide(ctx context.Context, req *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
	d.mu.Lock()
	d.asked = append(d.asked, req)
	d.mu.Unlock()
	if d.then != nil {
		if err := d.then(ctx); err != nil {
			return nil, err
		}
	}
	return &redirectv1.DecideResponse{
		Action: &redirectv1.DecideResponse_Reject{Reject: &redirectv1.FinalResponse{Status: 480, ReasonPhrase: d.name}}, PolicyState: []byte(d.state),
	}, nil
}

func (d *double) states() (all []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, req := range d.asked {
		all = append(all, string(req.GetPolicyState()))
	}
	return all
}

// network is two policies, and the one that is made of them.
type network struct {
	first, second *double
	policy        *canary.Policy
	registry      *prometheus.Registry
	log           strings.Builder
	now           time.Time
}

func build(t *testing.T, cfg canary.Config) *network {
	t.Helper()
	n := &network{first: &double{name: "first"}, second: &double{name: "second"}, registry: prometheus.NewRegistry(), now: time.Unix(1000, 0)}
	n.policy = canary.New(canary.Options{
		Config: cfg, First: n.first, Second: n.second, Registerer: n.registry,
		Clock:  func() time.Time { return n.now },
		Logger: slog.New(slog.NewTextHandler(&n.log, nil)),
		Check: func(_ *redirectv1.DecideRequest, d *redirectv1.DecideResponse) error {
			if d.GetReject().GetReasonPhrase() == "bad" {
				return errors.New("answer is bad")
			}
			return nil
		},
	})
	return n
}

// call is a call of an edge.
type call struct {
	id, trunk string
	memory    policy.Memory
	state     string // what was answered last
}

// ask puts the next question of a call, and says who answered.
func (n *network) ask(t *testing.T, c *call) string {
	t.Helper()
	ctx := policy.WithMemory(t.Context(), &c.memory)
	answer, err := n.policy.Decide(ctx, &redirectv1.DecideRequest{
		Call: &redirectv1.Call{CallId: c.id, Trunk: c.trunk}, PolicyState: []byte(c.state),
	})
	if err != nil {
		t.Fatalf("call %s is lost: %v", c.id, err)
	}
	c.state = string(answer.GetPolicyState())
	return answer.GetReject().GetReasonPhrase()
}

// calls places calls of one question each, and counts who answered.
func (n *network) calls(t *testing.T, from, count int) (first, second int) {
	t.Helper()
	for i := range count {
		switch who := n.ask(t, &call{id: strconv.Itoa(from+i) + "@192.0.2.1"}); who {
		case "first":
			first++
		case "second":
			second++
		default:
			t.Fatalf("%s answered", who)
		}
	}
	return first, second
}

func (n *network) expectState(t *testing.T, want string) {
	t.Helper()
	for _, s := range []string{"left", "on", "trial"} {
		value := 0
		if s == want {
			value = 1
		}
		if got := n.counted(t, "sipedge_policy_canary_state", s); got != value {
			t.Errorf("sipedge_policy_canary_state of %s is %d, want %d", s, got, value)
		}
	}
}

// counted returns a counter, or a gauge.
func (n *network) counted(t *testing.T, name, value string) int {
	t.Helper()
	families, err := n.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name && len(m.GetLabel()) == 1 && m.GetLabel()[0].GetValue() == value {
				return int(m.GetCounter().GetValue() + m.GetGauge().GetValue())
			}
		}
	}
	t.Fatalf("there is no %s of %s", name, value)
	return 0
}

const questions = "sipedge_policy_canary_questions_total"

var errDown = errors.New("down")

func down(context.Context) error { return errDown }

// TestShare: of many calls so many go to the second, always the same ones.
func TestShare(t *testing.T) {
	t.Parallel()
	const count = 10000
	for _, percent := range []float64{0.5, 5, 50, 100} {
		n := build(t, canary.Config{Share: percent})
		_, got := n.calls(t, 0, count)
		p := percent / 100
		if math.Abs(float64(got)-count*p) > 4*math.Sqrt(count*p*(1-p)) {
			t.Errorf("%v %%: %d of %d", percent, got, count)
		}
		again := build(t, canary.Config{Share: percent})
		again.calls(t, 0, count)
		if len(again.second.asked) != len(n.second.asked) {
			t.Fatalf("%v %%: once %d, once %d", percent, len(n.second.asked), len(again.second.asked))
		}
		for i, req := range n.second.asked {
			if other := again.second.asked[i].GetCall().GetCallId(); req.GetCall().GetCallId() != other {
				t.Fatalf("%v %%: once %s, once %s", percent, req.GetCall().GetCallId(), other)
			}
		}
	}
}

// TestTrunks: calls of other trunks, or of none, are not of the share.
func TestTrunks(t *testing.T) {
	t.Parallel()
	n := build(t, canary.Config{Share: 100, Trunks: []string{"a", "b"}})
	for trunk, want := range map[string]string{"a": "second", "b": "second", "c": "first", "": "first"} {
		if got := n.ask(t, &call{id: "1", trunk: trunk}); got != want {
			t.Errorf("trunk %q: %s, want %s", trunk, got, want)
		}
	}
}

// TestCallIsNotLost: whatever the second does, the first decides, and the call
// stays there.
func TestCallIsNotLost(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		then   func(context.Context) error
		name   string
		result string
	}{
		"an error":      {down, "second", "error"},
		"a panic":       {func(context.Context) error { panic("oops") }, "second", "error"},
		"a bad answer":  {nil, "bad", "invalid"},
		"no answer":     {func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, "second", "timeout"},
		"a late answer": {func(ctx context.Context) error { <-ctx.Done(); return fmt.Errorf("late: %w", ctx.Err()) }, "second", "timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := build(t, canary.Config{Share: 100, Timeout: 10 * time.Millisecond})
			n.second.then, n.second.name = c.then, c.name
			one := &call{id: "1"}
			for range 3 {
				if got := n.ask(t, one); got != "first" {
					t.Errorf("%s answers", got)
				}
			}
			if len(n.second.asked) != 1 {
				t.Errorf("the second was asked %d times", len(n.second.asked))
			}
			if got := n.counted(t, questions, c.result); got != 1 {
				t.Errorf("%d of %s", got, c.result)
			}
			if !strings.Contains(n.log.String(), `msg="the canary gave no decision" call_id=1`) {
				t.Errorf("the log has %s", &n.log)
			}
		})
	}
}

// TestDeadline: a second policy that hangs leaves half of the time to the first.
func TestDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := build(t, canary.Config{Share: 100})
		n.second.then = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		var left time.Duration
		n.first.then = func(ctx context.Context) error {
			deadline, _ := ctx.Deadline()
			left = time.Until(deadline)
			return nil
		}
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		began := time.Now()
		if _, err := n.policy.Decide(ctx, &redirectv1.DecideRequest{}); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != 100*time.Millisecond || left != 100*time.Millisecond {
			t.Errorf("it took %s, and left %s", took, left)
		}
	})
}

// TestCancelled: a call that ends says nothing of the policy, and asks no other.
func TestCancelled(t *testing.T) {
	t.Parallel()
	n := build(t, canary.Config{Share: 100})
	ctx, cancel := context.WithCancel(t.Context())
	n.second.then = func(ctx context.Context) error { cancel(); <-ctx.Done(); return ctx.Err() }
	for range 10 {
		if _, err := n.policy.Decide(ctx, &redirectv1.DecideRequest{}); !errors.Is(err, context.Canceled) {
			t.Errorf("it says %v", err)
		}
	}
	if got := n.counted(t, questions, "cancelled"); got != 10 || len(n.first.asked) != 0 {
		t.Errorf("%d were cancelled, the first was asked %d times", got, len(n.first.asked))
	}
	n.expectState(t, "on")
}

// TestStateStaysWithItsPolicy: a call goes on with the policy that it began with,
// and what one policy keeps never reaches the other.
func TestStateStaysWithItsPolicy(t *testing.T) {
	t.Parallel()
	n := build(t, canary.Config{Share: 100, BackAfter: time.Minute})
	n.first.state, n.second.state = "of the first", "of the second"
	stays, goes, fails := &call{id: "1"}, &call{id: "2"}, &call{id: "3"}
	expect := func(c *call, want string) {
		t.Helper()
		if got := n.ask(t, c); got != want {
			t.Errorf("%s answers call %s, want %s", got, c.id, want)
		}
	}
	expect(stays, "second")
	expect(stays, "second")
	expect(goes, "second")
	expect(fails, "second")
	n.second.then = down
	expect(fails, "first") // in its middle
	n.calls(t, 100, 4)     // with that one five in a row
	n.expectState(t, "left")
	expect(goes, "first")
	begun := &call{id: "4"}
	expect(begun, "first")
	n.second.then = nil
	n.now = n.now.Add(time.Hour)
	n.calls(t, 200, 200) // in trial
	n.now = n.now.Add(time.Minute)
	n.calls(t, 400, 200)
	n.now = n.now.Add(time.Second)
	n.expectState(t, "on")
	for _, c := range []*call{goes, fails, begun, stays} { // what was left does not come back
		expect(c, "first")
		expect(c, "first")
	}
	expect(&call{id: "5"}, "second")
	for _, state := range n.first.states() {
		if state == "of the second" {
			t.Error("the first was given the state of the second")
		}
	}
	for _, state := range n.second.states() {
		if state == "of the first" {
			t.Error("the second was given the state of the first")
		}
	}
	if got := strings.Join(n.second.states()[:6], ","); got != ",of the second,,,of the second," {
		t.Errorf("the second was given %q", got)
	}
	last := n.first.states()
	if got := last[len(last)-1]; got != "of the first" {
		t.Errorf("the first was given %q, want its own", got)
	}
}

// TestWithoutMemory: whoever asks without the memory of a call.
func TestWithoutMemory(t *testing.T) {
	t.Parallel()
	n := build(t, canary.Config{Share: 100})
	ask := func() {
		t.Helper()
		if _, err := n.policy.Decide(t.Context(), &redirectv1.DecideRequest{PolicyState: []byte("s")}); err != nil {
			t.Fatal(err)
		}
	}
	ask()
	n.second.then = down
	ask()
	if got := strings.Join(n.second.states(), ","); got != "s,s" {
		t.Errorf("the second was given %q", got)
	}
	if got := strings.Join(n.first.states(), ","); got != "" {
		t.Errorf("the first was given %q", got)
	}
}

// TestQuestionIsNotChanged: another may be reading it.
func TestQuestionIsNotChanged(t *testing.T) {
	t.Parallel()
	n := build(t, canary.Config{Share: 100})
	n.second.then = down
	req := &redirectv1.DecideRequest{PolicyState: []byte("s")}
	if _, err := n.policy.Decide(t.Context(), req); err != nil {
		t.Fatal(err)
	}
	if string(req.GetPolicyState()) != "s" || n.first.asked[0] == req {
		t.Error("the question of the caller was changed")
	}
}
