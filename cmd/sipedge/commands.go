package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/redirectd/redirectd/internal/demo"
	"github.com/redirectd/redirectd/internal/version"
)

func newCheck() *cobra.Command {
	var s settings
	cmd := &cobra.Command{
		Use:   "check --config FILE [--policy-config FILE]",
		Short: "Say whether a configuration is good, or every mistake with its line",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if s.config == "" && s.policyConfig == "" {
				return errors.New("check: name a file with --config")
			}
			c, _, err := s.load()
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: ok: %d listeners, %d trunks\n", s.config, len(c.Listen), len(c.Trunks))
			return nil
		},
	}
	s.addTo(cmd)
	return cmd
}

func newDemo() *cobra.Command {
	var options demo.Options
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Redirect calls through every row of the 3xx table, on loopback, and show them",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := demo.Run(cmd.Context(), cmd.OutOrStdout(), options); err != nil {
				return failedError{err}
			}
			return nil
		},
	}
	return cmd
}

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "sipedge", version.String())
			return err
		},
	}
}
