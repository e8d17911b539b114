package policy_test

import (
	"errors"
	"testing"

	"google.golang.org/protobuf/proto"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/policytest"
)

// FuzzDecide asks anything: the answer is an error that says what is wrong with
// the question, or a sound decision.
func FuzzDecide(f *testing.F) {
	for _, c := range policytest.Cases() {
		data, err := proto.Marshal(c.Ask)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	p, names := everything(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		var req redirectv1.DecideRequest
		if proto.Unmarshal(data, &req) != nil {
			return
		}
		decideSoundly(t, p, &req)
		for _, name := range names {
			if req.GetCall() != nil {
				req.Call.Profile = name
				decideSoundly(t, p, &req)
			}
		}
	})
}

// everything is a policy with a profile for each preset, and one in which each
// setting and each kind of rule stands.
func everything(tb testing.TB) (p policy.Policy, names []string) {
	tb.Helper()
	cfg, err := policy.ParseConfig("everything.yaml", []byte(policytest.EverythingYAML))
	if err != nil {
		tb.Fatal(err)
	}
	for _, preset := range policy.Presets() {
		profile, _ := policy.NewProfile(preset, preset)
		cfg.Profiles = append(cfg.Profiles, profile)
	}
	for i := range cfg.Profiles {
		names = append(names, cfg.Profiles[i].Name)
	}
	return policy.NewBuiltin(cfg), names
}

func decideSoundly(t *testing.T, p policy.Policy, req *redirectv1.DecideRequest) {
	t.Helper()
	resp, err := p.Decide(t.Context(), req)
	if err != nil {
		if !errors.Is(err, policy.ErrInvalidRequest) && !errors.Is(err, policy.ErrUnknownProfile) {
			t.Errorf("error %v", err)
		}
		return
	}
	if err := policytest.Sound(req, resp); err != nil {
		t.Errorf("%v\nasked %v\nanswer %v", err, req, resp)
	}
	again, err := p.Decide(t.Context(), req)
	if err != nil || !proto.Equal(resp, again) {
		t.Errorf("asked again it says %v, %v, before that %v", again, err, resp)
	}
	if _, err := proto.Marshal(resp); err != nil {
		t.Errorf("the answer cannot be sent: %v", err)
	}
	sent := 0
	for _, a := range req.GetAttempts()[1:] {
		if a.GetOutcome() != redirectv1.Outcome_OUTCOME_REFUSED {
			sent++
		}
	}
	if n := len(resp.GetTryTargets().GetTargets()); n > 1 && sent+n > 20 {
		t.Errorf("%d targets after %d attempts, max_attempts is 20 at most", n, sent)
	}
}

// FuzzParseConfig reads anything: what is taken for good is within its ranges.
func FuzzParseConfig(f *testing.F) {
	f.Add("profiles:\n  - name: default\n    preset: img2020\n    follow: [302]\n    map: {302: 480, default: 410}\n")
	f.Add("profiles: [{name: a, redirect: disabled, max_attempts: 64, after_ringing: stop, register: map}]")
	f.Add("profiles: []")
	f.Add(policytest.EverythingYAML)
	f.Add(twentyRules(f))
	f.Add("x: &a 1\ny: *a")
	f.Fuzz(func(t *testing.T, data string) {
		cfg, err := policy.ParseConfig("t.yaml", []byte(data))
		if (err == nil) == (cfg == nil) {
			t.Fatalf("got %v and %v", cfg, err)
		}
		if err != nil {
			return
		}
		for _, p := range cfg.Profiles {
			if p.Name == "" || p.MaxAttempts < 1 || p.MaxAttempts > 64 {
				t.Errorf("got %+v", p)
			}
			for status := 300; status < 400; status++ {
				if m := p.Mapped(status); m < 400 || m > 699 || m == 408 {
					t.Errorf("%d is mapped to %d", status, m)
				}
			}
			if p.Follows(380) {
				t.Error("380 is followed")
			}
		}
	})
}
