package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/redirectd/redirectd/internal/policy"
)

func newCheck() *cobra.Command {
	var config string
	cmd := &cobra.Command{
		Use:   "check --config FILE",
		Short: "Say whether a policy file is good",
		Long: `Say whether a policy file is good. Every problem is named with its file, line and
column, the key, and what is allowed. A rule that nothing can reach is warned of.
Exit code 0 if the file is good, 2 if not.`,
		Example: `  redirectd check --config policy.yaml`,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if config == "" {
				return usagef("--config is missing: which file?")
			}
			cfg, err := policy.LoadConfig(config)
			if err != nil {
				return err
			}
			for _, w := range cfg.Warnings {
				_, _ = fmt.Fprintln(cmd.ErrOrStderr(), w.Warning()) // nobody is left to tell if stderr is gone
			}
			noun := "profiles"
			if len(cfg.Profiles) == 1 {
				noun = "profile"
			}
			if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%s: ok: %d %s, revision %s\n", config, len(cfg.Profiles), noun, cfg.Revision); err != nil {
				return failure{err}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&config, "config", "", "policy `file` (YAML)")
	return cmd
}
