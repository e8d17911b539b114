package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/redirectd/redirectd/internal/policy"
)

func newSchema() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of policy files, by which editors complete and check them",
		Long: `Print the JSON Schema (draft 2020-12) of policy files, by which editors complete
and check them. Whatever it refuses, check refuses too; check alone sees the whole.`,
		Example: `  redirectd schema > policy.schema.json`,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			schema, err := policy.Schema()
			if err != nil {
				return failure{err}
			}
			if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%s\n", schema); err != nil {
				return failure{err}
			}
			return nil
		},
	}
}
