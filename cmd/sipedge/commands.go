package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/redirectd/redirectd/internal/demo"
	"github.com/redirectd/redirectd/internal/version"
)

func newCheck() *cobra.Command {
	var s settings
	cmd := &cobra.Command{
		Use:   "check [--config FILE] [--policy-config FILE]",
		Short: "Say whether a configuration is good, or every mistake with its line",
		Long: `Say whether a configuration is good: the file of the edge, the file of the
embedded policy, and the flags with both. Exit code 0 if it is, 2 if not. With
both files, profiles that no trunk uses are warned of on standard error.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if s.config == "" && s.policyConfig == "" {
				return usagef("which file? Name one with --config or --policy-config")
			}
			l, err := s.load()
			if err != nil {
				return err
			}
			for _, w := range l.profiles.Warnings {
				_, _ = fmt.Fprintln(cmd.ErrOrStderr(), w.Warning()) // nobody is left to tell if stderr is gone
			}
			for _, w := range l.unused() {
				_, _ = fmt.Fprintln(cmd.ErrOrStderr(), w) // nobody is left to tell if stderr is gone
			}
			return l.describe(cmd.OutOrStdout())
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
		Args:  noArgs,
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
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, err := fmt.Fprintln(cmd.OutOrStdout(), "sipedge", version.String()); err != nil {
				return failedError{err}
			}
			return nil
		},
	}
}
