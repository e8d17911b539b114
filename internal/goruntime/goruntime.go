// Package goruntime sets the Go runtime for what both programs do: little work for
// each of many events, and waiting for the next one. The figures are in
// docs/performance.md.
//
//	collector.go   how often garbage is collected
//	processors.go  on how many processors goroutines run
//	latencies.go   how long they wait for one
package goruntime

import (
	"context"
	"log/slog"
	"os"
	"time"
)

// interval is how often the settings are looked at.
const interval = 250 * time.Millisecond

// Tune sets the runtime, and follows the load until ctx is done. What the
// environment says of GOGC, GOMEMLIMIT or GOMAXPROCS stands. It is called once, at
// the start of a program.
func Tune(ctx context.Context, log *slog.Logger) {
	limitMemory(log)
	var each []func(now time.Time)
	if os.Getenv("GOGC") == "" {
		each = append(each, newCollector().adjust)
	}
	if os.Getenv("GOMAXPROCS") == "" {
		each = append(each, newProcessors().adjust)
	}
	go follow(ctx, each)
}

func follow(ctx context.Context, each []func(now time.Time)) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			for _, adjust := range each {
				adjust(now)
			}
		}
	}
}
