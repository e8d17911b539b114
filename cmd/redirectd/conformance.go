package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"

	"github.com/redirectd/redirectd/internal/policy/conformance"
	"github.com/redirectd/redirectd/internal/policy/policyrpc"
)

// maxKnown is the longest list of known failures, in bytes.
const maxKnown = 64 << 10

// conformanceOptions are the flags of conformance.
type conformanceOptions struct {
	only, known, junit, profile string
	replicas                    []string
	timeout                     time.Duration
	asJSON, list                bool
}

func newConformance(ctx context.Context) *cobra.Command {
	var o conformanceOptions
	cmd := &cobra.Command{
		Use:   "conformance TARGET [TARGET...]",
		Short: "Say whether a policy at an address keeps the contract",
		Long: `Ask a policy over gRPC, as an edge does, and say which sentences of the contract
redirect.v1 it breaks: what was asked, what came, and what to change. TARGET is where
sipedge would ask it: HOST:PORT, dns:///NAME:PORT or unix:///PATH, without TLS. Further
TARGETs, and those of --replica, are replicas, which must have the same answers; the same
one twice will do.

A policy needs no configuration for it; with --profile the calls name a profile of its.
What the contract only recommends is a warning. A list of known failures has the name
of a case on each line, and comments after #.

Exit codes: 0 it conforms, but for warnings and known failures; 1 it does not, or a
known failure passed; 2 nothing was found out: bad usage, or no connection.`,
		Example: `  redirectd conformance 127.0.0.1:50052
  redirectd conformance --known-failures known.txt --junit report.xml 127.0.0.1:50052 127.0.0.1:50053
  redirectd conformance --only ^sanity/ --profile gold unix:///run/policy.sock
  redirectd conformance --list`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.list {
				return listCases(cmd.OutOrStdout())
			}
			return conform(ctx, &o, append(args, o.replicas...), cmd.OutOrStdout())
		},
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 && !o.list {
				return usagef("TARGET is missing: where is the policy?")
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&o.replicas, "replica", nil, "another `target` that must have the same answers; may be repeated")
	f.StringVar(&o.profile, "profile", "", "`name` of the profile that the calls name; without it the policy's default")
	f.DurationVar(&o.timeout, "timeout", conformance.DefaultTimeout, "deadline of each question, 10ms to 1m")
	f.StringVar(&o.only, "only", "", "run the cases alone whose name matches this regular `expression`")
	f.StringVar(&o.known, "known-failures", "", "`file` with the names of cases that are known to fail")
	f.StringVar(&o.junit, "junit", "", "write a report as JUnit XML into this `file` too")
	f.BoolVar(&o.asJSON, "json", false, "print the report as a JSON object")
	f.BoolVar(&o.list, "list", false, "print the cases and what they demand, and ask nobody")
	return cmd
}

func listCases(w io.Writer) error {
	var b strings.Builder
	for _, c := range conformance.Cases() {
		should := ""
		if c.Should {
			should = " (recommended)"
		}
		fmt.Fprintf(&b, "%-32s%s%s\n", c.Name, c.Demand, should)
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return failure{err}
	}
	return nil
}

// conform runs the cases, and tells each result when there is one.
func conform(ctx context.Context, o *conformanceOptions, targets []string, w io.Writer) error {
	run, err := o.read()
	if err != nil {
		return err
	}
	var lost error // what could not be printed
	if !o.asJSON {
		run.Progress = func(r *conformance.Result) { lost = errors.Join(lost, r.WriteText(w)) }
	}
	connections, err := connectAll(targets)
	defer closeAll(connections)
	if err != nil {
		return usage{err}
	}
	run.Policy, run.Replicas = connections[0], connections[1:]
	report, err := conformance.Run(ctx, run)
	switch {
	case errors.Is(err, conformance.ErrUnreachable):
		return err
	case err != nil:
		return failure{err}
	case len(report.Results) == 0:
		return fmt.Errorf("--only %s matches none of %d cases", o.only, len(conformance.Cases()))
	}
	if o.asJSON {
		lost = report.WriteJSON(w)
	} else {
		lost = errors.Join(lost, report.WriteSummary(w))
	}
	if err := errors.Join(lost, o.writeJUnit(report)); err != nil {
		return failure{err}
	}
	if !report.Conforms() {
		return failure{errors.New("the policy does not keep the contract")}
	}
	return nil
}

// read makes options of the flags.
func (o *conformanceOptions) read() (run conformance.Options, err error) {
	if o.timeout < 10*time.Millisecond || o.timeout > time.Minute {
		return run, usagef("--timeout %s is out of range (10ms to 1m)", o.timeout)
	}
	run.Profile, run.Timeout = o.profile, o.timeout
	if run.Only, err = regexp.Compile(o.only); err != nil {
		return run, usagef("--only: %w", err)
	}
	if o.known == "" {
		return run, nil
	}
	file, err := os.Open(o.known)
	if err != nil {
		return run, fmt.Errorf("read the known failures: %w", err)
	}
	defer func() { _ = file.Close() }() // only read
	data, err := io.ReadAll(io.LimitReader(file, maxKnown+1))
	switch {
	case err != nil:
		return run, failure{fmt.Errorf("read the known failures: %w", err)}
	case len(data) > maxKnown:
		return run, fmt.Errorf("%s has more than %d bytes", o.known, maxKnown)
	}
	run.Known, err = conformance.ParseKnown(o.known, data)
	return run, err
}

func connectAll(targets []string) (all []*grpc.ClientConn, err error) {
	for _, target := range targets {
		conn, err := policyrpc.Connect(target)
		if err != nil {
			return all, err
		}
		all = append(all, conn)
	}
	return all, nil
}

func closeAll(connections []*grpc.ClientConn) {
	for _, c := range connections {
		_ = c.Close() // it was looked at, and is not needed any more
	}
}

func (o *conformanceOptions) writeJUnit(report *conformance.Report) error {
	if o.junit == "" {
		return nil
	}
	file, err := os.Create(o.junit)
	if err != nil {
		return fmt.Errorf("write the JUnit report: %w", err)
	}
	if err := errors.Join(report.WriteJUnit(file), file.Close()); err != nil {
		return fmt.Errorf("write the JUnit report: %w", err)
	}
	return nil
}
