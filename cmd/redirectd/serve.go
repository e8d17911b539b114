package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/redirectd/redirectd/internal/admin"
	"github.com/redirectd/redirectd/internal/goruntime"
	"github.com/redirectd/redirectd/internal/ossignal"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/policyrpc"
	"github.com/redirectd/redirectd/internal/tracing"
	"github.com/redirectd/redirectd/internal/version"
)

// adminGrace is how long a scrape in progress may take at the end.
const adminGrace = time.Second

// serveOptions are the flags of serve.
type serveOptions struct {
	config, listen, admin string
	http                  httpOptions
	log                   logOptions
	record                recordOptions
	maxConnectionAge      time.Duration
	drain                 time.Duration
}

func newServe(ctx context.Context, name string) *cobra.Command {
	var o serveOptions
	cmd := &cobra.Command{
		Use:   name,
		Short: "Decide where redirected SIP calls go",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.validate(); err != nil {
				return err
			}
			return serve(ctx, &o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.config, "config", "", "policy `file` (YAML); without it the default policy")
	f.StringVar(&o.listen, "listen", "127.0.0.1:50051", "gRPC `address`: HOST:PORT, or unix:///PATH; port 0 takes a free one")
	f.StringVar(&o.admin, "admin", "127.0.0.1:9050", "HTTP `address` of /metrics, /healthz, /readyz (on loopback /debug/pprof)")
	o.http.flags(f)
	o.log.flags(f)
	o.record.flags(f)
	f.DurationVar(&o.maxConnectionAge, "max-connection-age", policyrpc.DefaultMaxConnectionAge,
		"`time` after which a client is told to connect anew, so that new replicas get calls; 1s to 24h")
	f.DurationVar(&o.drain, "drain", 10*time.Second, "`time` that decisions in progress may take after SIGTERM, 0s to 10m")
	return cmd
}

func (o *serveOptions) validate() error {
	if o.maxConnectionAge < time.Second || o.maxConnectionAge > 24*time.Hour {
		return usagef("--max-connection-age %s is out of range (1s to 24h)", o.maxConnectionAge)
	}
	if o.drain < 0 || o.drain > 10*time.Minute {
		return usagef("--drain %s is out of range (0s to 10m)", o.drain)
	}
	if err := checkHostPort(o.admin); err != nil {
		return usagef("--admin %q is no HOST:PORT: %w", o.admin, err)
	}
	_, err := o.record.config()
	return errors.Join(checkListen(o.listen), o.http.validate(), o.log.validate(), err)
}

// serve answers until ctx ends or a signal comes, and then drains.
func serve(ctx context.Context, o *serveOptions, stdout, stderr io.Writer) error {
	cfg, err := loadConfig(o.config)
	if err != nil {
		return err
	}
	secrets, err := readSecrets(o.http.secrets)
	if err != nil {
		return err
	}
	logger := o.log.logger(stderr)
	goruntime.Tune(ctx, logger)
	reloader := newReloader(o, cfg, logger)
	var recorded atomic.Pointer[recording]
	ctx, stop := ossignal.Until(ctx, logger, hangup(o, reloader, &recorded))
	defer stop()
	traces, err := tracing.Start(ctx, tracing.Options{Service: "redirectd", Version: version.String(), Stdout: stdout, Logger: logger})
	if err != nil {
		return err
	}
	defer traces.Stop(ctx)
	adm, err := admin.Listen(o.admin, admin.Options{Logger: logger, Note: reloader.Note})
	if err != nil {
		return failure{err}
	}
	if err := reloader.Register(adm.Registry()); err != nil {
		return failure{errors.Join(err, adm.Shutdown(ctx))}
	}
	p, rec, err := openRecording(&o.record, reloader.Live(), stdout, adm.Registry(), logger)
	if err != nil {
		return errors.Join(err, adm.Shutdown(ctx))
	}
	defer rec.end(ctx)
	recorded.Store(rec)
	server, err := policyrpc.NewServer(p, reloader.Live().Info, policyrpc.ServerOptions{
		Logger:           logger,
		Registerer:       adm.Registry(),
		TracerProvider:   traces.Provider(),
		LogEvery:         o.log.every(),
		MaxConnectionAge: o.maxConnectionAge,
	})
	if err != nil {
		return failure{errors.Join(err, adm.Shutdown(ctx))}
	}
	listener, err := listen(ctx, o.listen)
	if err != nil {
		return failure{errors.Join(err, adm.Shutdown(ctx))}
	}
	door, err := openHTTP(ctx, o, secrets, server, adm.Registry(), logger)
	if err != nil {
		return failure{errors.Join(err, listener.Close(), adm.Shutdown(ctx))}
	}
	defer reloader.Watch(ctx)()
	serving := []func() error{adm.Serve, func() error { return server.Serve(listener) }}
	if door != nil {
		serving = append(serving, door.serve)
	}
	ended := make(chan error, len(serving))
	for _, serve := range serving {
		go func() { ended <- serve() }()
	}
	addr := listenAddr(listener)
	adm.SetReady(true, "serving on "+addr)
	logger.Info("listening", append([]any{
		"addr", addr, "admin", adm.Addr().String(), "version", version.String(),
		"profiles", len(cfg.Profiles), "revision", cfg.Revision,
	}, door.fields(secrets)...)...)
	return awaitEnd(ctx, o, adm, &served{server, door, ended}, logger)
}

// served is what answers questions.
type served struct {
	rpc   *policyrpc.Server
	door  *httpDoor
	ended chan error // as many as serve, the admin listener included
}

// awaitEnd waits for ctx, or for a listener to fail, drains and stops.
func awaitEnd(ctx context.Context, o *serveOptions, adm *admin.Server, server *served, logger *slog.Logger) error {
	var failed error
	running := cap(server.ended)
	select {
	case <-ctx.Done():
		logger.Info("draining", "at_most", o.drain)
	case failed = <-server.ended:
		running--
	}
	adm.SetReady(false, "draining")
	ctx = context.WithoutCancel(ctx)
	drain, cancel := context.WithTimeout(ctx, o.drain)
	defer cancel()
	if err := drainAll(drain, server.rpc, server.door); err != nil {
		logger.Warn("decisions cut off", "after", o.drain)
	}
	grace, cancelGrace := context.WithTimeout(ctx, adminGrace)
	defer cancelGrace()
	if err := adm.Shutdown(grace); err != nil {
		logger.Warn("admin requests cut off", "error", err)
	}
	for range running {
		failed = errors.Join(failed, <-server.ended)
	}
	if failed != nil {
		return failure{failed}
	}
	logger.Info("stopped")
	return nil
}

func loadConfig(path string) (*policy.Config, error) {
	if path == "" {
		return policy.DefaultConfig(), nil
	}
	return policy.LoadConfig(path)
}
