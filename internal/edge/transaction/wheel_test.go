package transaction

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// running returns a wheel that runs until the test ends. Call it in a bubble.
func running(t *testing.T) *Wheel {
	t.Helper()
	w := NewWheel(time.Now())
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.Run(ctx, time.Now)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return w
}

// sleep lets the clock of a bubble run, and everything that it sets off finish.
func sleep(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// TestWheelIsPunctual: never early, and less than a tick late, also beyond a turn
// of the wheel (41 s), and when Run began in the middle of a tick.
func TestWheelIsPunctual(t *testing.T) {
	for _, lag := range []time.Duration{0, 1, 9999 * time.Microsecond, 25 * ms} {
		synctest.Test(t, func(t *testing.T) {
			w := NewWheel(time.Now())
			time.Sleep(lag)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			go w.Run(ctx, time.Now)
			synctest.Wait()
			start := time.Now()
			delays := []time.Duration{
				-time.Hour, -1, 0, 1, ms, 5 * ms, 10*ms - 1, 10 * ms, 10*ms + 1, 15 * ms, 500 * ms, 999 * ms, 4 * s, 32 * s,
				slots*Tick - 1, slots * Tick, slots*Tick + 1, slots*Tick + Tick, 41 * s, 3 * slots * Tick, 181 * s,
			}
			timers := make([]Timer, len(delays))
			var fired atomic.Int64
			for i, delay := range delays {
				at := start.Add(delay)
				w.Set(&timers[i], at, func() {
					fired.Add(1)
					late := time.Since(at)
					if delay < 0 {
						late = time.Since(start)
					}
					if late < 0 || late > Tick || late == Tick && delay > 0 {
						t.Errorf("lag %v: the timer for %v fired %v late", lag, delay, late)
					}
				})
			}
			sleep(181*s + Tick)
			if got := fired.Load(); got != int64(len(delays)) {
				t.Errorf("lag %v: %d timers fired, want %d", lag, got, len(delays))
			}
		})
	}
}

func TestWheelSetAnew(t *testing.T) {
	for _, tt := range []struct {
		name string
		then time.Duration
	}{
		{"later", 3 * s},
		{"earlier", 200 * ms},
		{"to the same time", 1 * s},
		{"to the same tick", 1*s - 1},
		{"to the same slot a turn later", 1*s + slots*Tick},
	} {
		synctest.Test(t, func(t *testing.T) {
			w, start := running(t), time.Now()
			var timer Timer
			var times []time.Duration
			w.Set(&timer, start.Add(1*s), func() { t.Errorf("%s: the first function was called", tt.name) })
			w.Set(&timer, start.Add(tt.then), func() { times = append(times, time.Since(start)) })
			sleep(2 * time.Minute)
			if len(times) != 1 || times[0] < tt.then || times[0] >= tt.then+Tick {
				t.Errorf("%s: fired at %v, want once at %v", tt.name, times, tt.then)
			}
		})
	}
}

func TestWheelStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := running(t)
		var timer, never Timer
		w.Stop(&never) // was not set
		w.Set(&timer, time.Now().Add(1*s), func() { t.Error("a stopped timer fired") })
		sleep(1*s - 1)
		w.Stop(&timer)
		w.Stop(&timer)
		sleep(time.Minute)
		fired := 0
		w.Set(&timer, time.Now().Add(1*s), func() { fired++ })
		sleep(time.Minute)
		w.Stop(&timer) // has fired
		if fired != 1 {
			t.Errorf("a timer set after Stop fired %d times, want once", fired)
		}
	})
}

// TestWheelSetFromWithinFire: a timer that sets itself fires each time, and never
// twice in a tick.
func TestWheelSetFromWithinFire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, start := running(t), time.Now()
		var timer, past Timer
		var times, ofPast []time.Duration
		var fire, firePast func()
		fire = func() {
			times = append(times, time.Since(start))
			if len(times) < 4 {
				w.Set(&timer, time.Now().Add(time.Duration(len(times))*slots*Tick), fire) // the same slot each time
			}
		}
		firePast = func() {
			ofPast = append(ofPast, time.Since(start))
			if len(ofPast) < 3 {
				w.Set(&past, start, firePast)
			}
		}
		w.Set(&timer, start.Add(1*s), fire)
		w.Set(&past, start, firePast)
		sleep(10 * time.Minute)
		turn := slots * Tick
		want := []time.Duration{1 * s, 1*s + turn, 1*s + 3*turn, 1*s + 6*turn}
		if len(times) != len(want) {
			t.Fatalf("fired at %v, want %v", times, want)
		}
		for i := range want {
			if times[i] != want[i] {
				t.Errorf("fired at %v, want %v", times, want)
			}
		}
		if len(ofPast) != 3 || ofPast[0] != Tick || ofPast[1] != 2*Tick || ofPast[2] != 3*Tick {
			t.Errorf("set to the past it fired at %v, want one tick after the other", ofPast)
		}
	})
}

// TestWheelWithinATick: of timers that are due in one tick, the one that fires
// first can still stop the others, or set them anew.
func TestWheelWithinATick(t *testing.T) {
	w := NewWheel(epoch)
	var first, stopped, moved, last Timer
	var order []string
	note := func(name string) func() { return func() { order = append(order, name) } }
	at := epoch.Add(1 * s)
	w.Set(&first, at, func() {
		order = append(order, "first")
		w.Stop(&stopped)
		w.Set(&moved, at.Add(2*s), note("moved"))
	})
	w.Set(&stopped, at, note("stopped"))
	w.Set(&moved, at, note("too early"))
	w.Set(&last, at, note("last"))
	w.Advance(at.Add(-1))
	if len(order) != 0 {
		t.Fatalf("%v fired early", order)
	}
	w.Advance(at)
	w.Advance(at) // again: nothing
	if len(order) != 2 || order[0] != "first" || order[1] != "last" {
		t.Errorf("fired %v, want first, last", order)
	}
	w.Advance(at.Add(2 * s))
	if len(order) != 3 || order[2] != "moved" {
		t.Errorf("fired %v, want first, last, moved", order)
	}
}

// TestWheelCatchesUp: after a pause everything fires once, in order.
func TestWheelCatchesUp(t *testing.T) {
	w := NewWheel(epoch)
	timers := make([]Timer, 1000)
	var order []int
	for _, i := range rand.Perm(len(timers)) {
		w.Set(&timers[i], epoch.Add(time.Duration(i)*100*ms), func() { order = append(order, i) })
	}
	w.Advance(epoch.Add(time.Hour))
	if len(order) != len(timers) {
		t.Fatalf("%d fired, want %d", len(order), len(timers))
	}
	for i, got := range order {
		if got != i {
			t.Fatalf("timer %d fired in place %d", got, i)
		}
	}
	w.Advance(epoch) // a clock that goes back
	if len(order) != len(timers) {
		t.Error("a timer fired twice")
	}
}

// TestWheelFarAway: the end of time is not the past.
func TestWheelFarAway(t *testing.T) {
	w := NewWheel(epoch)
	var far, zero Timer
	fired := 0
	w.Set(&far, epoch.AddDate(1000, 0, 0), func() { t.Error("a timer in 1,000 years fired") })
	w.Set(&zero, time.Time{}, func() { fired++ })
	w.Advance(epoch.Add(Tick))
	if fired != 1 {
		t.Errorf("a time in the past fired %d times, want once at the next tick", fired)
	}
	w.Advance(epoch.Add(5 * time.Minute))
}

func TestWheelRunEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := NewWheel(time.Now())
		var timer Timer
		w.Set(&timer, time.Now().Add(1*s), func() { t.Error("a timer fired after Run") })
		for _, after := range []time.Duration{0, 1, 500 * ms} {
			ctx, cancel := context.WithCancel(t.Context())
			ended := false
			go func() {
				w.Run(ctx, time.Now)
				ended = true
			}()
			sleep(after)
			cancel()
			synctest.Wait()
			if !ended {
				t.Fatalf("Run goes on after its context ended (%v)", after)
			}
		}
		sleep(2 * s)
	})
}

// TestWheelManyTimers: 100,000 timers, of which every third is set anew and every
// fifth stopped.
func TestWheelManyTimers(t *testing.T) {
	const n = 100_000
	w := NewWheel(epoch)
	timers, fired, want := make([]Timer, n), make([]int, n), make([]int, n)
	var now time.Time
	for i := range timers {
		at := epoch.Add(time.Duration(rand.Int64N(int64(100 * s))))
		if i%3 == 0 {
			w.Set(&timers[i], at, func() { t.Errorf("timer %d fired as first set", i) })
			at = at.Add(7 * s)
		}
		w.Set(&timers[i], at, func() {
			fired[i]++
			if now.Before(at) || now.Sub(at) >= Tick {
				t.Errorf("timer %d fired %v late", i, now.Sub(at))
			}
		})
		want[i] = 1
		if i%5 == 0 {
			w.Stop(&timers[i])
			want[i] = 0
		}
	}
	for now = epoch; now.Before(epoch.Add(108 * s)); now = now.Add(Tick) {
		w.Advance(now)
	}
	for i := range timers {
		if fired[i] != want[i] {
			t.Fatalf("timer %d fired %d times, want %d", i, fired[i], want[i])
		}
	}
}

// TestWheelConcurrently is for the race detector: everything at once, and what
// was set last fires.
func TestWheelConcurrently(t *testing.T) {
	w := NewWheel(epoch)
	var now atomic.Int64
	stop := make(chan struct{})
	var advancing, setting sync.WaitGroup
	advancing.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				w.Advance(epoch.Add(time.Duration(now.Add(int64(Tick)))))
			}
		}
	})
	const workers, each = 4, 100
	var fired [workers * each]atomic.Bool
	timers := make([]Timer, workers*each)
	for worker := range workers {
		setting.Go(func() {
			for round := range 50 {
				for i := worker * each; i < (worker+1)*each; i++ {
					at := epoch.Add(time.Duration(now.Load()) + time.Duration(round%7)*Tick)
					w.Set(&timers[i], at, func() {})
					if round%3 == 0 {
						w.Stop(&timers[i])
					}
				}
			}
			for i := worker * each; i < (worker+1)*each; i++ {
				w.Set(&timers[i], epoch.Add(time.Duration(now.Load())), func() { fired[i].Store(true) })
			}
		})
	}
	setting.Wait()
	close(stop)
	advancing.Wait()
	w.Advance(epoch.Add(time.Duration(now.Load()) + 10*Tick))
	for i := range fired {
		if !fired[i].Load() {
			t.Fatalf("timer %d did not fire", i)
		}
	}
}

func TestWheelKeepsNothing(t *testing.T) {
	w := NewWheel(epoch)
	var fired, stopped Timer
	w.Set(&fired, epoch, func() {})
	w.Set(&stopped, epoch, func() {})
	w.Stop(&stopped)
	w.Advance(epoch.Add(Tick))
	for _, timer := range []*Timer{&fired, &stopped} {
		if timer.fire != nil || timer.next != nil || timer.prev != nil {
			t.Error("a timer that is over keeps its function or its neighbours in memory")
		}
	}
}
