package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/encoding/protojson"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
)

// maxInput is the longest request that decide reads, in bytes: JSON takes more
// than the 256 KiB that the server takes.
const maxInput = 1 << 20

func newDecide(ctx context.Context) *cobra.Command {
	var config string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "decide [--config FILE] [FILE]",
		Short: "Decide one request, and say why (a dry run)",
		Long: `Decide one DecideRequest of the contract, read as JSON from FILE or, without one,
from standard input, and say what became of each contact and why.
Exit code 2 if the request or the policy file makes no sense.`,
		Example: `  redirectd decide --config policy.yaml ask.json
  redirectd decide --json < ask.json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := loadConfig(config)
			if err != nil {
				return err
			}
			req, err := readRequest(args, cmd.InOrStdin())
			if err != nil {
				return err
			}
			resp, err := policy.NewBuiltin(cfg).Decide(ctx, req)
			if err != nil {
				return err
			}
			write := writeText
			if asJSON {
				write = writeJSON
			}
			if err := write(cmd.OutOrStdout(), req, resp); err != nil {
				return failure{err}
			}
			return nil
		},
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("one FILE is read, not %d: %s", len(args), strings.Join(args, " "))
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&config, "config", "", "policy `file` (YAML); without it the default policy")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the DecideResponse as JSON")
	return cmd
}

// readRequest reads from the file in args, or from stdin if there is none or it
// is "-".
func readRequest(args []string, stdin io.Reader) (*redirectv1.DecideRequest, error) {
	name, from := "standard input", stdin
	if len(args) == 1 && args[0] != "-" {
		name = args[0]
		file, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("read the request: %w", err)
		}
		defer func() { _ = file.Close() }() // only read
		from = file
	}
	data, err := io.ReadAll(io.LimitReader(from, maxInput+1))
	if err != nil {
		return nil, failure{fmt.Errorf("read the request: %w", err)}
	}
	if len(data) > maxInput {
		return nil, fmt.Errorf("%s has more than %d bytes", name, maxInput)
	}
	req := &redirectv1.DecideRequest{}
	if err := protojson.Unmarshal(data, req); err != nil {
		return nil, fmt.Errorf("%s is no DecideRequest: %w", name, jsonError(err))
	}
	return req, nil
}

// jsonError takes off the prefix of the library, whose blank is now a space and
// now a no-break space, so that nobody relies on it.
func jsonError(err error) error {
	text := strings.ReplaceAll(err.Error(), "\u00a0", " ")
	return errors.New(strings.TrimPrefix(text, "proto: "))
}

// writeJSON indents by itself: the library varies its blanks on purpose.
func writeJSON(w io.Writer, _ *redirectv1.DecideRequest, resp *redirectv1.DecideResponse) error {
	data, err := protojson.Marshal(resp)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := json.Indent(&out, data, "", "  "); err != nil {
		return err
	}
	out.WriteByte('\n')
	_, err = w.Write(out.Bytes())
	return err
}
