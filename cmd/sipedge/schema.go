package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/redirectd/redirectd/internal/edge"
)

func newSchema() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of edge files, by which editors complete and check them",
		Long: `Print the JSON Schema (draft 2020-12) of the files of --config, by which editors
complete and check them. Whatever it refuses, check refuses too; check alone sees
the whole. That of policy files is printed by redirectd schema.`,
		Example: `  sipedge schema > edge.schema.json`,
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			schema, err := edge.Schema()
			if err != nil {
				return failedError{err}
			}
			if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%s\n", schema); err != nil {
				return failedError{err}
			}
			return nil
		},
	}
}
