// Package policytest is the test suite of the built-in policy: questions and
// the decisions that must answer them. It runs on any [policy.Policy] made from
// a configuration, so that the policy behind a wire is held to the same answers
// as the one in process.
package policytest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
)

// Case is one question and its answer.
type Case struct {
	Name   string
	Config string // YAML; empty: [policy.DefaultConfig]
	Ask    *redirectv1.DecideRequest
	Want   string   // the decision as [Summary] has it, or its first word
	Rule   string   // Explanation.rule; empty: not looked at
	Text   string   // Explanation.text; empty: not looked at
	Says   []string // each contact's verdict and text, in the order of the header; nil: not looked at
	Err    error    // instead of a decision
}

// Run asks the policy every question of [Cases].
func Run(t *testing.T, newPolicy func(t *testing.T, cfg *policy.Config) policy.Policy) {
	t.Helper()
	for _, c := range Cases() {
		t.Run(c.Name, func(t *testing.T) {
			cfg := policy.DefaultConfig()
			if c.Config != "" {
				var err error
				if cfg, err = policy.ParseConfig("policy.yaml", []byte(c.Config)); err != nil {
					t.Fatal(err)
				}
			}
			c.check(t, newPolicy(t, cfg), cfg.Revision)
		})
	}
}

func (c *Case) check(t *testing.T, p policy.Policy, revision string) {
	t.Helper()
	asked := proto.CloneOf(c.Ask)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	resp, err := p.Decide(ctx, c.Ask)
	if c.Err != nil {
		if !errors.Is(err, c.Err) {
			t.Errorf("got %v and error %v, want error %v", resp, err, c.Err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if !proto.Equal(asked, c.Ask) {
		t.Error("the request was modified")
	}
	again, err := p.Decide(ctx, c.Ask)
	if err != nil || !proto.Equal(resp, again) {
		t.Errorf("asked again: got %v, %v; before that %v", again, err, resp)
	}
	if err := Sound(c.Ask, resp); err != nil {
		t.Error(err)
	}
	c.compare(t, resp, revision)
}

func (c *Case) compare(t *testing.T, resp *redirectv1.DecideResponse, revision string) {
	t.Helper()
	if got := Summary(resp); got != c.Want && (strings.Contains(c.Want, " ") || !strings.HasPrefix(got, c.Want)) {
		t.Errorf("decision\n got %s\nwant %s", got, c.Want)
	}
	e := resp.GetExplanation()
	if c.Rule != "" && e.GetRule() != c.Rule {
		t.Errorf("rule\n got %s\nwant %s", e.GetRule(), c.Rule)
	}
	if c.Text != "" && e.GetText() != c.Text {
		t.Errorf("text\n got %s\nwant %s", e.GetText(), c.Text)
	}
	if e.GetConfigRevision() != revision || e.GetPolicyVersion() == "" {
		t.Errorf("by version %q, revision %q; want a version and %q", e.GetPolicyVersion(), e.GetConfigRevision(), revision)
	}
	if says := Verdicts(resp); c.Says != nil && !slices.Equal(says, c.Says) {
		t.Errorf("contacts\n got %q\nwant %q", says, c.Says)
	}
}
