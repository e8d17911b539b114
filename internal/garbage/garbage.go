// Package garbage sets how the garbage collector works in both programs.
//
// What they allocate is gone a few milliseconds later, or stays for the 32 s that a
// finished transaction absorbs retransmissions: collecting less often than Go does
// by default saves CPU time, for memory that a machine with calls to carry has. See
// docs/performance.md for the figures.
package garbage

import (
	"errors"
	"log/slog"
	"os"
	"runtime/debug"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// Percent is how much the heap grows between two collections, in per cent of what
// is alive, where GOGC does not say otherwise.
const Percent = 400

// limitShare of a container's memory is the goal that the collector works harder
// for: the rest is for what it does not count, socket buffers and stacks among it.
const limitShare = 0.9

// Tune sets the collector once, at the start of a program. What GOGC and
// GOMEMLIMIT say stands.
func Tune(log *slog.Logger) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(Percent)
	}
	limit, err := memlimit.Set(memlimit.WithProvider(memlimit.FromCgroup), memlimit.WithRatio(limitShare))
	switch {
	case errors.Is(err, memlimit.ErrNoCgroup), errors.Is(err, memlimit.ErrNoLimit):
	case err != nil:
		log.Warn("memory limit of the container unknown", "error", err)
	case limit > 0:
		log.Debug("memory limit", "bytes", limit)
	}
}
