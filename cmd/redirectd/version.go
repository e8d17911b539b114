package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/version"
)

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "redirectd %s, contract redirect.v1 %s, %s %s/%s\n",
				version.String(), policy.ContractRevision, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			if err != nil {
				return failure{err}
			}
			return nil
		},
	}
}
