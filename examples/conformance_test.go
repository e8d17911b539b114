package examples_test

import (
	"testing"

	"google.golang.org/grpc"

	"github.com/redirectd/redirectd/internal/policy/conformance"
	"github.com/redirectd/redirectd/internal/policy/policyrpc"
	"github.com/redirectd/redirectd/internal/proctest"
)

// conform runs the conformance suite on a policy and a replica of it. What the
// contract only recommends is demanded too: these are examples.
func conform(t *testing.T, target, replica string) {
	t.Helper()
	report, err := conformance.Run(t.Context(), conformance.Options{
		Policy: connect(t, target), Replicas: []*grpc.ClientConn{connect(t, replica)},
		Timeout: proctest.Timeout, // of one question, on a machine that does much else
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Results) != len(conformance.Cases()) {
		t.Errorf("%d cases of %d ran", len(report.Results), len(conformance.Cases()))
	}
	for _, r := range report.Results {
		if r.Status == conformance.Passed {
			continue
		}
		t.Errorf("%s: %s %s", r.Case.Name, r.Status, r.Skipped)
		for _, f := range r.Failures[:min(3, len(r.Failures))] {
			t.Errorf("  asked %s\n  came %s", f.Asked, f.Came)
		}
	}
}

func connect(t *testing.T, target string) *grpc.ClientConn {
	t.Helper()
	conn, err := policyrpc.Connect(target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() }) // nobody is left to tell
	return conn
}
