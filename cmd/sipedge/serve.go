package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/redirectd/redirectd/internal/admin"
	"github.com/redirectd/redirectd/internal/edge"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/policyrpc"
	"github.com/redirectd/redirectd/internal/version"
)

func newServe() *cobra.Command {
	var s settings
	var drain time.Duration
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the proxy (the default)",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return serve(cmd, &s, drain)
		},
	}
	s.addTo(cmd)
	cmd.Flags().DurationVar(&drain, "drain", 10*time.Second, "how long to wait for unanswered requests after SIGTERM")
	return cmd
}

// serve runs an edge until the context of cmd ends.
func serve(cmd *cobra.Command, s *settings, drain time.Duration) error {
	c, profiles, err := s.load()
	if err != nil {
		return err
	}
	log, err := s.logger(cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	adm, err := admin.Listen(c.Admin, admin.Options{Logger: log})
	if err != nil {
		return failedError{fmt.Errorf("admin listener: %w", err)}
	}
	options := edge.Options{
		Config: *c, Embedded: policy.NewBuiltin(profiles), Version: version.String(),
		Logger: log, Registerer: adm.Registry(),
	}
	if isRemote(c) {
		client, err := policyrpc.Dial(c.Policy.Target, policyrpc.ClientOptions{Timeout: c.Policy.Timeout, Registerer: adm.Registry()})
		if err != nil {
			return fmt.Errorf("policy: %w", err)
		}
		defer func() { _ = client.Close() }() // nothing is in flight any more
		options.Policy = client
	}
	e, err := edge.Start(options)
	if err != nil {
		return failedError{err}
	}
	defer e.Close()
	for _, l := range e.Listeners() {
		log.Info("listening", "addr", l.Kind.String()+"://"+l.Addr.String())
	}
	if len(c.Trunks) == 0 {
		log.Info("no trunks are configured: loopback only")
	}
	log.Info("admin", "addr", adm.Addr().String())
	served := make(chan error, 1)
	go func() { served <- adm.Serve() }()
	adm.SetReady(true, "serving")
	return wait(cmd.Context(), e, adm, served, drain)
}

// wait returns when the edge has drained after a signal, or its admin listener
// has failed.
func wait(ctx context.Context, e *edge.Edge, adm *admin.Server, served <-chan error, drain time.Duration) error {
	select {
	case err := <-served:
		return failedError{fmt.Errorf("admin listener: %w", err)}
	case <-ctx.Done():
	}
	adm.SetReady(false, "draining")
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	e.Drain(limit)
	if err := adm.Shutdown(limit); err != nil {
		return failedError{fmt.Errorf("admin listener: %w", err)}
	}
	return nil
}
