package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/redirectd/redirectd/internal/callrecord"
)

// recordsGrace is how long the records of the last calls may take to be written.
const recordsGrace = 2 * time.Second

// openRecords opens what call records go to; nil if there are to be none.
func openRecords(cfg *callrecord.Config, options callrecord.Options) (*callrecord.Writer, error) {
	if cfg.File == "" {
		return nil, nil
	}
	return callrecord.Open(*cfg, options)
}

func closeRecords(ctx context.Context, w *callrecord.Writer, log *slog.Logger) {
	ctx, cancel := context.WithTimeout(ctx, recordsGrace)
	defer cancel()
	if err := w.Close(ctx); err != nil {
		log.Error("the last call records are lost", "error", err)
	}
}
