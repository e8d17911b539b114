package main

import (
	"errors"
	"testing"
)

// TestHighest finds the edge of what a system carries, from above and from below.
func TestHighest(t *testing.T) {
	t.Parallel()
	c := search{first: 2000, fine: 1.1}
	for _, carries := range []int{10, 100, 700, 1999, 2000, 5000, 9000} {
		tries := 0
		got, limited, err := c.highest(func(rate int) (step, error) {
			tries++
			return step{clean: rate <= carries}, nil
		})
		if carries < 50 && got == 0 && err == nil {
			continue // fewer than it looks for
		}
		if err != nil || limited || got > float64(carries) || got*1.1 < float64(carries)*0.999 || tries > 12 {
			t.Errorf("%d: %v after %d tries, %v", carries, got, tries, err)
		}
	}
	gone := errors.New("gone")
	if _, _, err := c.highest(func(int) (step, error) { return step{}, gone }); !errors.Is(err, gone) {
		t.Errorf("%v", err)
	}
	_, limited, err := c.highest(func(rate int) (step, error) { return step{clean: rate < 5000, callerLimited: rate >= 5000}, nil })
	if !limited || err != nil {
		t.Errorf("not limited by the caller, %v", err)
	}
}
