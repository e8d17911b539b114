package canary_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/redirectd/redirectd/internal/policy/canary"
)

// some returns a policy that fails at one question in n.
func some(n int) func(context.Context) error {
	asked := 0
	return func(context.Context) error {
		asked++
		if asked%n == 0 {
			return errDown
		}
		return nil
	}
}

func TestReturnOnErrors(t *testing.T) {
	t.Parallel()
	n := build(t, canary.Config{Share: 100, MaxErrors: new(10.0), MinQuestions: 50})
	n.second.then = some(9) // 11 %
	n.calls(t, 0, 49)
	n.expectState(t, "on") // five errors, but too few questions
	n.calls(t, 49, 100)
	n.expectState(t, "left")
	if got := n.counted(t, "sipedge_policy_canary_left_total", "errors"); got != 1 {
		t.Errorf("left %d times", got)
	}
	if log := n.log.String(); !strings.Contains(log, `level=ERROR msg="the canary is left: all calls go to the first policy" reason=errors questions=54 errors=6 `) {
		t.Errorf("the log has %s", log)
	}
	asked := len(n.second.asked)
	if first, _ := n.calls(t, 1000, 1000); first != 1000 || len(n.second.asked) != asked {
		t.Errorf("the first decides %d of 1000, the second was asked %d more", first, len(n.second.asked)-asked)
	}
	if got := n.counted(t, questions, "first"); got != 1000+149-asked {
		t.Errorf("%d went to the first", got)
	}
	n.now = n.now.Add(365 * 24 * time.Hour)
	n.expectState(t, "left") // until somebody brings it back
}

func TestErrorsWithinTheLimit(t *testing.T) {
	t.Parallel()
	n := build(t, canary.Config{Share: 100, MaxErrors: new(10.0)})
	n.second.then = some(10)
	n.calls(t, 0, 1000)
	n.expectState(t, "on")
	if got := n.counted(t, questions, "error"); got != 100 {
		t.Errorf("%d errors", got)
	}
}

// TestNoErrorsAllowed: 0 % is a limit, and not its absence.
func TestNoErrorsAllowed(t *testing.T) {
	t.Parallel()
	n := build(t, canary.Config{Share: 100, MaxErrors: new(0.0)})
	n.calls(t, 0, 20)
	n.expectState(t, "on")
	n.second.then = down
	n.calls(t, 20, 1)
	n.expectState(t, "left")
}

// TestReturnOnErrorsInARow: at a call an hour no window ever has enough.
func TestReturnOnErrorsInARow(t *testing.T) {
	t.Parallel()
	n := build(t, canary.Config{Share: 100})
	n.second.then = down
	for i := range 5 {
		n.expectState(t, "on")
		n.calls(t, i, 1)
		n.now = n.now.Add(time.Hour)
	}
	n.expectState(t, "left")
}

// TestWindowForgets: errors of long ago do not count.
func TestWindowForgets(t *testing.T) {
	t.Parallel()
	n := build(t, canary.Config{Share: 100, Window: 10 * time.Second, MinQuestions: 10})
	for i := range 100 { // 1 of 12 fails, and the 12 are spread over more than a window
		n.second.then = nil
		n.calls(t, i*20, 8)
		n.now = n.now.Add(11 * time.Second)
		n.second.then = down
		n.calls(t, i*20+8, 1)
		n.now = n.now.Add(11 * time.Second)
	}
	n.expectState(t, "on") // never ten in ten seconds
	n.second.then = nil
	n.calls(t, 5000, 9)
	n.now = n.now.Add(8 * time.Second)
	n.second.then = down
	n.calls(t, 5010, 1) // one of ten
	n.expectState(t, "left")
}

func TestReturnOnLatency(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		took  time.Duration
		every int // so many answers take that long
		want  string
	}{
		"all slow":          {51 * time.Millisecond, 1, "left"},
		"as slow as may be": {50 * time.Millisecond, 1, "on"},
		"one in twenty":     {time.Second, 20, "on"},
		"one in fifteen":    {time.Second, 15, "left"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := build(t, canary.Config{Share: 100, MaxLatency: 50 * time.Millisecond, Window: time.Hour})
			asked := 0
			n.second.then = func(context.Context) error {
				if asked++; asked%c.every == 0 {
					n.now = n.now.Add(c.took)
				}
				return nil
			}
			if _, second := n.calls(t, 0, 100); c.want == "on" && second != 100 {
				t.Errorf("the second decides %d", second)
			}
			n.expectState(t, c.want)
			if got := n.counted(t, "sipedge_policy_canary_left_total", "latency"); (got == 1) != (c.want == "left") {
				t.Errorf("left %d times", got)
			}
			if n.counted(t, questions, "answered") != len(n.second.asked) {
				t.Error("a slow answer was not used")
			}
		})
	}
}

// TestBackAfter: a tenth of the share first, and all of it when that goes well.
func TestBackAfter(t *testing.T) {
	t.Parallel()
	n := build(t, canary.Config{Share: 50, BackAfter: time.Minute, Window: 10 * time.Second})
	n.second.then = down
	n.calls(t, 0, 100)
	n.expectState(t, "left")
	n.now = n.now.Add(time.Minute - 1)
	n.expectState(t, "left")
	if _, second := n.calls(t, 1000, 1000); second != 0 {
		t.Errorf("%d before the time", second)
	}
	n.now = n.now.Add(1)
	n.expectState(t, "trial")

	before := len(n.second.asked)
	n.calls(t, 2000, 1000) // it is down still
	n.expectState(t, "left")
	if asked := len(n.second.asked) - before; asked != 5 {
		t.Errorf("it was asked %d times", asked)
	}

	n.second.then = nil
	n.now = n.now.Add(time.Minute)
	if _, second := n.calls(t, 3000, 1000); second < 25 || second > 80 { // 5 %
		t.Errorf("%d of 1000 in trial", second)
	}
	n.expectState(t, "trial")
	n.now = n.now.Add(10 * time.Second)
	n.calls(t, 4000, 20)
	n.expectState(t, "trial") // a window with these few only
	n.calls(t, 4100, 300)
	n.expectState(t, "on")
	if _, second := n.calls(t, 5000, 1000); second < 437 || second > 563 {
		t.Errorf("%d of 1000 afterwards", second)
	}
	for _, line := range []string{
		`level=WARN msg="the canary is tried again" share=5`,
		`level=INFO msg="the canary has its share again" share=50`,
	} {
		if !strings.Contains(n.log.String(), line) {
			t.Errorf("the log has no %s", line)
		}
	}
}

// TestTrialEndsAtOneError: a fifth of five.
func TestTrialEndsAtOneError(t *testing.T) {
	t.Parallel()
	n := build(t, canary.Config{Share: 100, BackAfter: time.Minute})
	n.second.then = down
	n.calls(t, 0, 5)
	n.now = n.now.Add(time.Minute)
	n.second.then = some(7)
	before := len(n.second.asked)
	n.calls(t, 100, 1000)
	n.expectState(t, "left")
	if asked := len(n.second.asked) - before; asked != 7 {
		t.Errorf("it was asked %d times in trial", asked)
	}
}
