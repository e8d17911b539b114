package tracing

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// reportEvery is how often the log says that spans are lost: a collector that is
// down fails every batch, of which there is one in 5 s or more.
const reportEvery = time.Minute

// errorHandler logs what the SDK could not do.
type errorHandler struct {
	log *slog.Logger

	mu      sync.Mutex
	last    time.Time
	skipped int
}

// Handle logs an error, unless one was logged within the last minute.
func (h *errorHandler) Handle(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if now := time.Now(); now.Sub(h.last) >= reportEvery {
		h.log.Warn("tracing", "error", err, "errors_not_logged", h.skipped)
		h.last, h.skipped = now, 0
		return
	}
	h.skipped++
}

// atLeastWarn drops what the SDK says of itself when all is well: it speaks at
// levels of its own, and of internals.
type atLeastWarn struct{ slog.Handler }

func (h atLeastWarn) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && h.Handler.Enabled(ctx, level)
}
