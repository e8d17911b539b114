package main

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/trace"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/callrecord"
	"github.com/redirectd/redirectd/internal/decision"
	"github.com/redirectd/redirectd/internal/edge"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/canary"
	"github.com/redirectd/redirectd/internal/policy/policyrpc"
	"github.com/redirectd/redirectd/internal/policy/shadow"
)

// shadowGrace is how long the last questions may take that a shadow is asked.
const shadowGrace = time.Second

// policies are those that an edge asks: the first, one that decides a share of its
// calls, and one that is asked, too.
type policies struct {
	config   *edge.Config
	embedded policy.Policy
	registry prometheus.Registerer
	traces   trace.TracerProvider
	log      *slog.Logger
	stdout   io.Writer
	records  *callrecord.Writer // of calls; nil if there are none

	opened []func(context.Context) // how they end, in the order that they were opened
	own    *callrecord.Writer      // of disagreements; nil if they have no file of their own
}

// open puts them together. Nil is for the embedded policy alone. Close ends them,
// after an error too.
func (p *policies) open() (policy.Policy, error) {
	cfg := &p.config.Policy
	if edge.IsEmbedded(cfg.Target) && cfg.Shadow == nil && cfg.Canary == nil {
		return nil, nil
	}
	asked, err := p.dial(cfg.Target, p.registry)
	if err == nil && cfg.Shadow != nil {
		asked, err = p.shadow(asked, cfg.Shadow)
	}
	if err == nil && cfg.Canary != nil { // outside: what the canary decides is not compared
		asked, err = p.canary(asked, cfg.Canary)
	}
	return asked, err
}

// dial connects a policy. Its own metrics are those of the client of the first one
// only: the others have their own.
func (p *policies) dial(target string, registry prometheus.Registerer) (policy.Policy, error) {
	if edge.IsEmbedded(target) {
		return p.embedded, nil
	}
	client, err := policyrpc.Dial(target, policyrpc.ClientOptions{
		Timeout: p.config.Policy.Timeout, Registerer: registry, TracerProvider: p.traces,
	})
	if err != nil {
		return nil, err
	}
	p.opened = append(p.opened, func(context.Context) { _ = client.Close() }) // nothing is in flight any more
	return client, nil
}

func (p *policies) canary(first policy.Policy, cfg *canary.Config) (policy.Policy, error) {
	second, err := p.dial(cfg.Target, nil)
	if err != nil {
		return nil, err
	}
	return canary.New(canary.Options{
		Config: *cfg, First: first, Second: second, Check: checkDecision, Logger: p.log, Registerer: p.registry,
	}), nil
}

func (p *policies) shadow(first policy.Policy, cfg *shadow.Config) (policy.Policy, error) {
	second, err := p.dial(cfg.Target, nil)
	if err != nil {
		return nil, err
	}
	if err := p.openOwn(cfg.File); err != nil {
		return nil, err
	}
	shadowed := shadow.New(shadow.Options{
		Config: *cfg, First: first, Second: second, Check: checkDecision, Disagree: p.disagree(),
		Logger: p.log, Registerer: p.registry,
	})
	p.opened = append(p.opened, func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, shadowGrace)
		defer cancel()
		shadowed.Close(ctx)
	})
	return shadowed, nil
}

// openOwn opens a file of disagreements alone. It is rotated, kept and redacted as
// that of call records.
func (p *policies) openOwn(file string) error {
	if file == "" {
		return nil
	}
	cfg := p.config.Records
	cfg.File = file
	w, err := callrecord.Open(cfg, callrecord.Options{
		Stdout: p.stdout, Logger: p.log, Registerer: p.registry, Key: "policy.shadow.file", Metrics: "sipedge_policy_shadow_records",
	})
	if err != nil {
		return failedError{err}
	}
	p.own = w
	p.opened = append(p.opened, func(ctx context.Context) { closeRecords(ctx, w, p.log) })
	return nil
}

// disagree says where disagreements go: to records, or, where there are none, to the
// log.
func (p *policies) disagree() func(*shadow.Disagreement) {
	to := p.own
	if to == nil {
		to = p.records
	}
	if to != nil {
		return func(d *shadow.Disagreement) { to.Add(d.Record(time.Now())) }
	}
	return func(d *shadow.Disagreement) {
		p.log.Info("the shadow disagrees", "call_id", d.Request.GetCall().GetCallId(), "result", string(d.Difference.Kind),
			"difference", d.Difference.String(), "first", d.First.Decision.GetExplanation().GetText(), "second", d.Second.Decision.GetExplanation().GetText())
	}
}

// close ends what was opened, the last first.
func (p *policies) close(ctx context.Context) {
	for _, end := range slices.Backward(p.opened) {
		end(ctx)
	}
}

// checkTargets says what is wrong with the names of remote policies, not whether
// they are there: a client connects later than it is closed.
func (l *loaded) checkTargets() (wrong mistakes) {
	for _, target := range l.targets() {
		client, err := policyrpc.Dial(target, policyrpc.ClientOptions{})
		if err == nil {
			err = client.Close()
		}
		if err != nil {
			wrong = append(wrong, err)
		}
	}
	return wrong
}

// targets are the remote policies that are asked.
func (l *loaded) targets() (remote []string) {
	for _, target := range l.allTargets() {
		if !edge.IsEmbedded(target) {
			remote = append(remote, target)
		}
	}
	return remote
}

func (l *loaded) allTargets() []string {
	p := &l.edge.Policy
	all := []string{p.Target}
	if p.Shadow != nil {
		all = append(all, p.Shadow.Target)
	}
	if p.Canary != nil {
		all = append(all, p.Canary.Target)
	}
	return all
}

// asksEmbedded reports whether the embedded policy is ever asked.
func (l *loaded) asksEmbedded() bool {
	return l.asksProfiles() || l.edge.Policy.OnUnavailable == edge.Embedded
}

// checkDecision says why an answer to a question is no decision, as the edge would
// find it.
func checkDecision(req *redirectv1.DecideRequest, answer *redirectv1.DecideResponse) error {
	return decision.Check(answer, req.GetCall().GetMethod())
}
