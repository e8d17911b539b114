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
	img2020, _ := policy.NewProfile("gateway", policy.PresetIMG2020)
	cfg := policy.DefaultConfig()
	cfg.Profiles = append(cfg.Profiles, img2020)
	p := policy.NewBuiltin(cfg)
	f.Fuzz(func(t *testing.T, data []byte) {
		var req redirectv1.DecideRequest
		if proto.Unmarshal(data, &req) != nil {
			return
		}
		resp, err := p.Decide(t.Context(), &req)
		if err != nil {
			if !errors.Is(err, policy.ErrInvalidRequest) && !errors.Is(err, policy.ErrUnknownProfile) {
				t.Errorf("error %v", err)
			}
			return
		}
		if err := policytest.Sound(&req, resp); err != nil {
			t.Errorf("%v\nasked %v\nanswer %v", err, &req, resp)
		}
		sent := 0
		for _, a := range req.GetAttempts()[1:] {
			if a.GetOutcome() != redirectv1.Outcome_OUTCOME_REFUSED {
				sent++
			}
		}
		if n := len(resp.GetTryTargets().GetTargets()); n > 0 && sent+n > 10 {
			t.Errorf("%d targets after %d attempts, max_attempts is 10", n, sent)
		}
		if _, err := proto.Marshal(resp); err != nil {
			t.Errorf("the answer cannot be sent: %v", err)
		}
	})
}

// FuzzParseConfig reads anything: what is taken for good is within its ranges.
func FuzzParseConfig(f *testing.F) {
	f.Add("profiles:\n  - name: default\n    preset: img2020\n    follow: [302]\n    map: {302: 480, default: 410}\n")
	f.Add("profiles: [{name: a, redirect: disabled, max_attempts: 64, after_ringing: stop, register: map}]")
	f.Add("profiles: []")
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
