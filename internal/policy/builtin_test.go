package policy_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/policytest"
)

func TestBuiltin(t *testing.T) {
	policytest.Run(t, func(_ *testing.T, cfg *policy.Config) policy.Policy { return policy.NewBuiltin(cfg) })
}

func TestErrorsNameWhatIsWrong(t *testing.T) {
	cfg, err := policy.ParseConfig("t.yaml", []byte("profiles: [{name: a}, {name: b}]"))
	if err != nil {
		t.Fatal(err)
	}
	p := policy.NewBuiltin(cfg)
	ask := policytest.Redirected(302, "", policytest.Contact("sip:a@h"))
	ask.Call.Profile = "gold"
	if _, err := p.Decide(t.Context(), ask); err == nil || err.Error() != `unknown profile "gold"; there are: a, b` {
		t.Errorf("got %v", err)
	}
	ask.Call.Profile = ""
	ask.Attempts = nil
	if _, err := p.Decide(t.Context(), ask); err == nil || !strings.HasPrefix(err.Error(), "invalid request: attempts is empty") {
		t.Errorf("got %v", err)
	}
}

func TestCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ask := policytest.Redirected(302, "", policytest.Contact("sip:a@h"))
	if resp, err := policy.NewBuiltin(nil).Decide(ctx, ask); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, %v", resp, err)
	}
}

func TestNoProfiles(t *testing.T) {
	ask := policytest.Redirected(302, "", policytest.Contact("sip:a@h"))
	resp, err := policy.NewBuiltin(&policy.Config{}).Decide(t.Context(), ask)
	if !errors.Is(err, policy.ErrUnknownProfile) {
		t.Errorf("got %v, %v", resp, err)
	}
}

func TestInfo(t *testing.T) {
	info := policy.NewBuiltin(nil).Info()
	if info.GetName() != "redirectd" || info.GetVersion() == "" || info.GetConfigRevision() != "built-in" || info.GetContractRevision() != "1.0" {
		t.Errorf("got %v", info)
	}
}

// TestAdviceWithoutEdge: a question may leave out who asks; it once panicked.
func TestAdviceWithoutEdge(t *testing.T) {
	ask := policytest.Redirected(302, "")
	ask.Edge = nil
	ask.Event = &redirectv1.DecideRequest_Advice{Advice: &redirectv1.Advice{Response: &redirectv1.SipResponse{Status: 404}}}
	resp, err := policy.NewBuiltin(nil).Decide(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	if got := policytest.Summary(resp); got != "try sip:+15550100@edge.test at onward" {
		t.Errorf("decided %s", got)
	}
}
