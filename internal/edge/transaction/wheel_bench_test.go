package transaction

import (
	"testing"
	"time"
)

func BenchmarkWheelSet(b *testing.B) {
	w := NewWheel(epoch)
	timers := make([]Timer, 1<<16)
	fire := func() {}
	for i := range timers {
		w.Set(&timers[i], epoch.Add(time.Duration(i)*ms), fire)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		w.Set(&timers[i&(1<<16-1)], epoch.Add(time.Duration(i&(1<<15-1))*ms), fire)
	}
}

// BenchmarkWheelAdvance is the cost of one timer from Set to fire.
func BenchmarkWheelAdvance(b *testing.B) {
	w, now := NewWheel(epoch), epoch
	timers := make([]Timer, 1000)
	fire := func() {}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		w.Set(&timers[i%len(timers)], now.Add(32*s), fire)
		if i%len(timers) == len(timers)-1 {
			now = now.Add(32*s + Tick)
			w.Advance(now)
		}
	}
}
