package goruntime

import (
	"log/slog"
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

func TestPercentFor(t *testing.T) {
	for _, c := range []struct {
		live uint64
		want int
	}{
		{0, 400},
		{1 << 20, 400},
		{8 << 20, 400},
		{16 << 20, 200},
		{32 << 20, 100},
		{48 << 20, 65},
		{256 << 20, 25},
		{1 << 40, 25},
	} {
		if got := percentFor(c.live, headroom); got != c.want {
			t.Errorf("%d MB alive: %d %%, want %d", c.live>>20, got, c.want)
		}
	}
}

// TestHeadroomOfASmallContainer is a share of its memory.
func TestHeadroomOfASmallContainer(t *testing.T) {
	before := debug.SetMemoryLimit(64 << 20)
	defer debug.SetMemoryLimit(before)
	percent := debug.SetGCPercent(100)
	defer debug.SetGCPercent(percent)
	if got := newCollector().headroom; got != 16<<20 {
		t.Errorf("%d bytes of 64 MB, want 16 MB", got)
	}
}

// TestCollectorFollowsTheHeap sets less for a heap that has grown.
func TestCollectorFollowsTheHeap(t *testing.T) {
	before := debug.SetGCPercent(100)
	defer debug.SetGCPercent(before)
	c := newCollector()
	small := c.percent
	held := make([]byte, 256<<20)
	runtime.GC()
	c.adjust(time.Now())
	runtime.KeepAlive(held)
	if got := debug.SetGCPercent(100); got != c.percent || got >= small {
		t.Errorf("the collector is at %d %%, and thinks at %d; with a small heap it was at %d", got, c.percent, small)
	}
}

// TestMemoryLimitOfTheUserStands whatever the container allows.
func TestMemoryLimitOfTheUserStands(t *testing.T) {
	before := debug.SetMemoryLimit(1 << 40)
	defer debug.SetMemoryLimit(before)
	t.Setenv("GOMEMLIMIT", "1TiB") // as the runtime would have read it
	limitMemory(slog.New(slog.DiscardHandler))
	if got := debug.SetMemoryLimit(-1); got != 1<<40 {
		t.Errorf("the limit is %d bytes, not what GOMEMLIMIT says", got)
	}
}
