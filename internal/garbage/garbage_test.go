package garbage

import (
	"log/slog"
	"runtime/debug"
	"testing"
)

// percent returns how the collector is set, and leaves it so.
func percent() int {
	p := debug.SetGCPercent(100)
	debug.SetGCPercent(p)
	return p
}

func TestTune(t *testing.T) {
	before, limit := percent(), debug.SetMemoryLimit(-1)
	defer func() {
		debug.SetGCPercent(before)
		debug.SetMemoryLimit(limit)
	}()
	for _, c := range []struct {
		gogc string
		want int
	}{
		{"", Percent},
		{"100", before}, // the runtime has read it, and it stands
	} {
		debug.SetGCPercent(before)
		t.Setenv("GOGC", c.gogc)
		Tune(slog.New(slog.DiscardHandler))
		if got := percent(); got != c.want {
			t.Errorf("GOGC=%q: the collector is at %d %%, want %d", c.gogc, got, c.want)
		}
	}
}

// TestMemoryLimitOfTheUserStands whatever the container allows.
func TestMemoryLimitOfTheUserStands(t *testing.T) {
	before, percentBefore := debug.SetMemoryLimit(1<<40), percent()
	defer func() {
		debug.SetMemoryLimit(before)
		debug.SetGCPercent(percentBefore)
	}()
	t.Setenv("GOMEMLIMIT", "1TiB") // as the runtime would have read it
	Tune(slog.New(slog.DiscardHandler))
	if got := debug.SetMemoryLimit(-1); got != 1<<40 {
		t.Errorf("the limit is %d bytes, not what GOMEMLIMIT says", got)
	}
}
