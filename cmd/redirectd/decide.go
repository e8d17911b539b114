package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/encoding/protojson"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/decisiontext"
)

// decideOptions are the flags of decide.
type decideOptions struct {
	config string
	asJSON bool
	input  decideInput
	call   callOptions
}

func newDecide(ctx context.Context) *cobra.Command {
	var o decideOptions
	cmd := &cobra.Command{
		Use:   "decide [--config FILE] [--profile NAME] [FILE]",
		Short: "Decide one request, and say why (a dry run)",
		Long: `Decide one question and say what became of each contact, by which rule and why.
It is read from FILE or, without one, from standard input, as one of these:

  a DecideRequest of the contract as JSON
  an INVITE (or another request) and the 3xx that answered it as text, one after the
    other; lines may end with LF
  the 3xx alone: the call is then what its To, From, Call-ID and CSeq say

--invite and --response read the two messages from files of their own. The policy is
shown all header fields of the INVITE but those that are its edge's business; an edge
shows those of its shown_headers. What a message does not say, flags do; given with
JSON they replace what stands there.
Exit code 2 if the question or the policy file makes no sense.`,
		Example: `  redirectd decide --config policy.yaml call.sip
  redirectd decide --invite invite.sip --response 302.sip --trunk carrier-a
  redirectd decide --json < ask.json`,
		RunE: func(cmd *cobra.Command, args []string) error { return decide(ctx, cmd, &o, args) },
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("one FILE is read, not %d: %s", len(args), strings.Join(args, " "))
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.config, "config", "", "policy `file` (YAML); without it the default policy")
	f.BoolVar(&o.asJSON, "json", false, "print the DecideResponse as JSON")
	o.input.flags(f)
	o.call.flags(f)
	return cmd
}

func decide(ctx context.Context, cmd *cobra.Command, o *decideOptions, args []string) error {
	if err := o.call.validate(); err != nil {
		return err
	}
	cfg, err := loadConfig(o.config)
	if err != nil {
		return err
	}
	q, err := o.input.read(args, cmd.InOrStdin())
	if err != nil {
		return err
	}
	o.call.apply(q.req)
	if q.isSIP {
		q.note("asked at " + q.req.GetAskedAt().AsTime().UTC().Format(time.RFC3339Nano))
	}
	resp, err := policy.NewBuiltin(cfg).Decide(ctx, q.req)
	if err != nil {
		return err
	}
	if o.asJSON {
		for _, note := range q.notes {
			fmt.Fprintf(cmd.ErrOrStderr(), "%s: %s\n", cmd.CommandPath(), note)
		}
		err = writeJSON(cmd.OutOrStdout(), resp)
	} else {
		err = writeText(cmd.OutOrStdout(), q, resp)
	}
	if err != nil {
		return failure{err}
	}
	return nil
}

// writeText writes a decision for a person at a terminal, and what was assumed.
func writeText(w io.Writer, q *question, resp *redirectv1.DecideResponse) error {
	if err := decisiontext.Write(w, q.req, resp); err != nil {
		return err
	}
	for i, note := range q.notes {
		before := ""
		if i == 0 {
			before = "\n"
		}
		if _, err := fmt.Fprintf(w, "%s%s\n", before, decisiontext.Shown(note)); err != nil {
			return err
		}
	}
	return nil
}

// writeJSON indents by itself: the library varies its blanks on purpose.
func writeJSON(w io.Writer, resp *redirectv1.DecideResponse) error {
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
