package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/netip"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/redirectd/redirectd/internal/admin"
	"github.com/redirectd/redirectd/internal/callrecord"
	"github.com/redirectd/redirectd/internal/edge"
	"github.com/redirectd/redirectd/internal/edge/transport"
	"github.com/redirectd/redirectd/internal/goruntime"
	"github.com/redirectd/redirectd/internal/ossignal"
	"github.com/redirectd/redirectd/internal/sipuri"
	"github.com/redirectd/redirectd/internal/tracing"
	"github.com/redirectd/redirectd/internal/version"
)

const (
	maxDrain   = 10 * time.Minute
	adminGrace = time.Second // for a scrape in progress at the end
)

func newServe() *cobra.Command {
	var s settings
	var logs logOptions
	var drain time.Duration
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the proxy (the default)",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if drain < 0 || drain > maxDrain {
				return usagef("--drain %s is out of range (0s to 10m)", drain)
			}
			log, err := logs.logger(cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			l, err := s.load()
			if err != nil {
				return err
			}
			again := newRereading(l, log)
			ctx, stop := ossignal.Until(cmd.Context(), log, again.hangup())
			defer stop()
			goruntime.Tune(cmd.Context(), log) // in a drain too
			return serve(ctx, l, cmd.OutOrStdout(), drain, log, again)
		},
	}
	s.addTo(cmd)
	logs.addTo(cmd.Flags())
	cmd.Flags().DurationVar(&drain, "drain", 10*time.Second, "`TIME` that calls may wait for their answer after SIGTERM,\n0s to 10m")
	return cmd
}

// serve runs an edge until ctx ends, and then drains.
func serve(ctx context.Context, l *loaded, stdout io.Writer, drain time.Duration, log *slog.Logger, again *rereading) error {
	traces, err := tracing.Start(ctx, tracing.Options{Service: "sipedge", Version: version.String(), Stdout: stdout, Logger: log})
	if err != nil {
		return err
	}
	defer traces.Stop(ctx) // after the edge, which has the last spans
	adm, err := admin.Listen(l.edge.Admin, admin.Options{Logger: log, Note: again.policy.Note})
	if err != nil {
		return failedError{err}
	}
	if err := again.register(adm.Registry()); err != nil {
		return failedError{errors.Join(err, adm.Shutdown(ctx))}
	}
	options := edge.Options{
		Config: *l.edge, Embedded: again.policy.Live(), Version: version.String(),
		Logger: log, Registerer: adm.Registry(), Tracer: traces.Tracer("github.com/redirectd/redirectd/internal/edge"),
	}
	records, err := openRecords(&l.edge.Records, callrecord.Options{Stdout: stdout, Logger: log, Registerer: adm.Registry()})
	if err != nil {
		return failedError{errors.Join(err, adm.Shutdown(ctx))}
	}
	if records != nil {
		defer closeRecords(context.WithoutCancel(ctx), records, log) // after the edge, which has the last ones
		options.Records = records
		again.records.Store(records)
	}
	asked := policies{
		config: l.edge, embedded: options.Embedded, registry: adm.Registry(), traces: traces.Provider(),
		log: log, stdout: stdout, records: records,
	}
	defer asked.close(context.WithoutCancel(ctx)) // after the edge, which asks them
	if options.Policy, err = asked.open(); err != nil {
		return errors.Join(err, adm.Shutdown(ctx))
	}
	again.shadow.Store(asked.own)
	recorder, err := recordPolicy(&options, stdout, adm, log)
	if err != nil {
		return failedError{errors.Join(err, adm.Shutdown(ctx))}
	}
	if recorder != nil {
		defer closeRecording(context.WithoutCancel(ctx), recorder, log)
		again.recorder.Store(recorder)
	}
	e, err := edge.Start(options)
	if err != nil {
		return failedError{errors.Join(err, adm.Shutdown(ctx))}
	}
	defer e.Close()
	again.edge.Store(e)
	defer again.policy.Watch(ctx)()
	served := make(chan error, 1)
	go func() { served <- adm.Serve() }()
	adm.SetReady(true, "serving")
	announce(log, l, e, adm)
	return awaitEnd(ctx, e, adm, served, drain, log)
}

func announce(log *slog.Logger, l *loaded, e *edge.Edge, adm *admin.Server) {
	for _, listener := range e.Listeners() {
		log.Info("listening", "addr", listener.Kind.String()+"://"+listener.Addr.String())
	}
	if len(l.edge.Trunks) == 0 {
		log.Info("no trunks are configured: loopback only")
	}
	for _, hop := range l.edge.NextHop {
		if beyondLoopback(hop, e.Listeners()) {
			log.Warn("listeners on loopback reach this machine only: is the next hop here?", "next_hop", hop)
		}
	}
	log.Info("admin", "addr", adm.Addr().String())
}

// beyondLoopback reports whether a next hop has an address that is not on
// loopback while all listeners are: the kernel refuses to send there, unless the
// address is one of this machine.
func beyondLoopback(nextHop string, listeners []transport.Listener) bool {
	uri, err := sipuri.Parse(nextHop)
	if err != nil { // there is none: it was checked
		return false
	}
	addr, err := netip.ParseAddr(uri.Host)
	return err == nil && !addr.IsLoopback() && !slices.ContainsFunc(listeners, func(l transport.Listener) bool {
		return !l.Addr.Addr().IsLoopback()
	})
}

// awaitEnd waits for ctx, or for the admin listener to fail, and then drains.
func awaitEnd(ctx context.Context, e *edge.Edge, adm *admin.Server, served <-chan error, drain time.Duration, log *slog.Logger) error {
	select {
	case err := <-served:
		return failedError{err}
	case <-ctx.Done():
		log.Info("draining", "at_most", drain)
	}
	adm.SetReady(false, "draining")
	ctx = context.WithoutCancel(ctx)
	limit, cancel := context.WithTimeout(ctx, drain)
	defer cancel()
	e.Drain(limit)
	if limit.Err() != nil {
		log.Warn("calls cut off", "after", drain)
	}
	grace, cancelGrace := context.WithTimeout(ctx, adminGrace)
	defer cancelGrace()
	if err := adm.Shutdown(grace); err != nil {
		log.Warn("admin requests cut off", "error", err)
	}
	log.Info("stopped")
	return nil
}
