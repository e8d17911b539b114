package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/redirectd/redirectd/internal/admin"
	"github.com/redirectd/redirectd/internal/edge"
	"github.com/redirectd/redirectd/internal/policy/record"
)

// recordPolicy lets everything be recorded that the policy is asked, if it is to
// be. The policy that stands in for one that is unavailable is not recorded: its
// answers are another's. Close ends the recorder; nil if there is none.
func recordPolicy(o *edge.Options, stdout io.Writer, adm *admin.Server, log *slog.Logger) (*record.Recorder, error) {
	cfg := &o.Config.Policy
	if cfg.Record.File == "" {
		return nil, nil
	}
	asked := &o.Policy
	if o.Policy == nil {
		asked = &o.Embedded
	}
	who := cmp.Or(cfg.Target, string(edge.Embedded))
	r, err := record.Open(cfg.Record, record.Options{
		Program: "sipedge", Policy: who, Stdout: stdout, Logger: log, Registerer: adm.Registry(),
	})
	if err != nil {
		return nil, fmt.Errorf("policy.record.file: %w", err)
	}
	*asked = r.Wrap(*asked)
	return r, nil
}

func closeRecording(ctx context.Context, r *record.Recorder, log *slog.Logger) {
	ctx, cancel := context.WithTimeout(ctx, recordsGrace)
	defer cancel()
	if err := r.Close(ctx); err != nil {
		log.Error("the last recordings are lost", "error", err)
	}
}
