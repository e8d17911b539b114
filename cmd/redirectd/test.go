package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"regexp"

	"github.com/spf13/cobra"

	"github.com/redirectd/redirectd/internal/policy/rehearse"
)

// testOptions are the flags of test.
type testOptions struct {
	config, run     string
	asJSON, verbose bool
	pattern         *regexp.Regexp // run, read
}

func newTest(ctx context.Context) *cobra.Command {
	var o testOptions
	cmd := &cobra.Command{
		Use:   "test [--config FILE] FILE...",
		Short: "Run the unit tests of a policy file",
		Long: `Run the unit tests of a policy file: given this call and this 3xx, expect these
targets in this order. Each FILE has tests in YAML; of a directory all files
*_test.yaml below it are taken. A file of tests names the policy file that it is
about, from its own directory; --config names another one for all.

A test that failed is printed with what is different and why the policy decided so.
Exit code 0 if all passed, 1 if one failed, 2 if a file or the command is wrong.`,
		Example: `  redirectd test policy_test.yaml
  redirectd test --config new.yaml --run premium tests/
  redirectd test --json policy_test.yaml`,
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if o.pattern, err = regexp.Compile(o.run); err != nil {
				return usagef("--run: %w", err)
			}
			return test(ctx, &o, args, cmd.OutOrStdout())
		},
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("FILE is missing: which tests?")
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.config, "config", "", "policy `file` (YAML); without it the one that each file of tests names")
	f.StringVar(&o.run, "run", "", "run the tests alone whose name matches this regular `expression`")
	f.BoolVar(&o.verbose, "verbose", false, "print the decision of tests that passed too")
	f.BoolVar(&o.asJSON, "json", false, "print a JSON object for each test, one on a line")
	return cmd
}

// test loads everything, and then runs the tests in the order of the files.
func test(ctx context.Context, o *testOptions, paths []string, w io.Writer) error {
	suites, err := loadSuites(o.config, paths)
	if err != nil {
		return err
	}
	all, ran, failed := 0, 0, 0
	for _, s := range suites {
		for _, t := range s.file.Tests {
			all++
			if !o.pattern.MatchString(t.Name) {
				continue
			}
			ran++
			r := t.Run(ctx, s.policy)
			if !r.Passed() {
				failed++
			}
			if err := o.print(w, r); err != nil {
				return failure{err}
			}
		}
	}
	if ran == 0 {
		return fmt.Errorf("--run %s matches none of %d tests", o.run, all)
	}
	if failed > 0 {
		return failure{fmt.Errorf("%d of %d tests failed", failed, ran)}
	}
	return o.summary(w, ran, all)
}

func (o *testOptions) print(w io.Writer, r *rehearse.Result) error {
	if !o.asJSON {
		return r.WriteText(w, o.verbose)
	}
	return json.NewEncoder(w).Encode(r)
}

func (o *testOptions) summary(w io.Writer, ran, all int) error {
	if o.asJSON {
		return nil
	}
	noun, rest := "tests", ""
	if ran == 1 {
		noun = "test"
	}
	if ran < all {
		rest = fmt.Sprintf(", %d not run", all-ran)
	}
	if _, err := fmt.Fprintf(w, "%d %s passed%s\n", ran, noun, rest); err != nil {
		return failure{err}
	}
	return nil
}
