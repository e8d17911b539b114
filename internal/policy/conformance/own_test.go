package conformance_test

import (
	"testing"

	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/conformance"
	"github.com/redirectd/redirectd/internal/policy/policytest"
)

// expectAll reports every case that did not pass.
func expectAll(t *testing.T, report *conformance.Report) {
	t.Helper()
	if len(report.Results) != len(conformance.Cases()) {
		t.Errorf("%d cases of %d ran", len(report.Results), len(conformance.Cases()))
	}
	for _, r := range report.Results {
		if r.Status == conformance.Passed || r.Case.Name == "contract/decides-failure" && r.Skipped != "" { // it never asks for it
			continue
		}
		t.Errorf("%s: %s %s", r.Case.Name, r.Status, r.Skipped)
		for _, f := range r.Failures[:min(3, len(r.Failures))] {
			t.Errorf("  asked %s\n  came %s", f.Asked, f.Came)
		}
	}
}

// TestOwnPolicy: the built-in policy passes all of it, over TCP and over a unix
// socket, and with two replicas.
func TestOwnPolicy(t *testing.T) {
	t.Parallel()
	tcp := serve(t, builtin(t, ""), listenTCP(t))
	unix := serve(t, builtin(t, ""), listenUnix(t))
	expectAll(t, run(t, conformance.Options{Policy: connect(t, tcp), Replicas: replicas(t, unix)}))
	expectAll(t, run(t, conformance.Options{Policy: connect(t, unix), Replicas: replicas(t, unix, tcp)}))
}

// TestOwnPolicyWithEverything: so does one in which each setting and each kind of
// rule stands, with each of its profiles.
func TestOwnPolicyWithEverything(t *testing.T) {
	t.Parallel()
	cfg, err := policy.ParseConfig("policy.yaml", []byte(policytest.EverythingYAML))
	if err != nil {
		t.Fatal(err)
	}
	for _, preset := range policy.Presets() {
		profile, _ := policy.NewProfile(preset, preset)
		cfg.Profiles = append(cfg.Profiles, profile)
	}
	p := policy.NewBuiltin(cfg)
	first, second := connect(t, serve(t, p, listenTCP(t))), connect(t, serve(t, p, listenUnix(t)))
	for _, profile := range cfg.Profiles {
		t.Run(profile.Name, func(t *testing.T) {
			t.Parallel()
			o := quick(first, second)
			o.Profile = profile.Name
			expectAll(t, run(t, o))
		})
	}
}
