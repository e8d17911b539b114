package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/redirectd/redirectd/bench/grpcload"
	"github.com/redirectd/redirectd/bench/probe"
	"github.com/redirectd/redirectd/bench/report"
	"github.com/redirectd/redirectd/bench/responder"
)

//go:embed rules.yaml
var twentyRules []byte

// decisions is the load on a policy alone.
type decisions struct {
	systems  []string
	inFlight []int
	time     time.Duration
}

// record has an edge ask a question, and redirectd answer it: what the echo and
// the asker send is what goes over the wire in earnest.
func (b *bench) record(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	dir, err := b.directory()
	if err != nil {
		return err
	}
	b.question, b.answer = filepath.Join(dir, "question"), filepath.Join(dir, "answer")
	s := &session{programs: b.programs, system: report.SipedgeTCP, dir: dir}
	defer s.close()
	if err := b.asked(ctx, s); err != nil {
		return err
	}
	s.close()
	s.all = nil
	if _, err := s.run("policy", b.programs.redirectdAt(policyAddress)); err != nil {
		return err
	}
	_, err = s.ask(ctx, b.question, "-save", b.answer)
	return err
}

// asked has an edge ask an echo that notes the question.
func (b *bench) asked(ctx context.Context, s *session) error {
	for name, c := range map[string]*commandLine{
		"responder": {program: b.programs.self, args: []string{"responder"}},
		"policy":    {program: b.programs.self, args: []string{"echo", "-record", b.question}},
		"edge":      b.programs.edge(s.system, s.dir, setup{}),
	} {
		if _, err := s.run(name, c); err != nil {
			return err
		}
	}
	for {
		if _, err := os.Stat(b.question); err == nil {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("the edge asks nothing: %w", err)
		}
		_, err := probe.Run(ctx, probe.Options{
			Server: loopback(edgePort), Target: loopback(responder.Target), Number: responder.One.Number(), Calls: 1, Rate: 100, Wait: 100 * time.Millisecond,
		})
		if err != nil {
			return err
		}
	}
}

// ask runs the asker.
func (s *session) ask(ctx context.Context, question string, args ...string) (a grpcload.Answered, err error) {
	p, err := start("asker", s.dir, nil, s.programs.self, append([]string{"asker", "-request", question}, args...)...)
	if err != nil {
		return a, err
	}
	defer p.stop()
	out, err := p.wait(ctx)
	if err != nil {
		return a, fmt.Errorf("asker: %w: %s", err, p.tail())
	}
	return a, json.Unmarshal(out, &a)
}

// runDecision measures a policy alone.
func (b *bench) runDecision(ctx context.Context, d decisions, inFlight int, system string, r *report.Result) error {
	ctx, cancel := context.WithTimeout(ctx, d.time+time.Minute)
	defer cancel()
	dir, err := b.directory()
	if err != nil {
		return err
	}
	s := &session{programs: b.programs, system: system, dir: dir}
	defer s.close()
	c := b.programs.redirectdAt(policyAddress)
	switch system {
	case report.Echo:
		c = &commandLine{program: b.programs.self, args: []string{"echo", "-response", b.answer}}
	case report.RedirectdQuiet:
		c.args = append(c.args, "--log-sample", "0")
	}
	if system == report.RedirectdRules {
		if err := os.WriteFile(filepath.Join(dir, "rules.yaml"), twentyRules, 0o600); err != nil {
			return err
		}
		c.args = append(c.args, "--config", "rules.yaml") // it runs in dir
	}
	policy, err := s.run("policy", c)
	if err != nil {
		return err
	}
	if _, err := s.ask(ctx, b.question, "-time", "500ms", "-in-flight", strconv.Itoa(inFlight)); err != nil {
		return err
	}
	before, err := policy.read(ctx, true)
	if err != nil {
		return err
	}
	got, err := s.ask(ctx, b.question, "-time", d.time.String(), "-in-flight", strconv.Itoa(inFlight))
	if err != nil {
		return err
	}
	after, err := policy.read(ctx, false)
	if err != nil {
		return err
	}
	n := float64(got.Decisions)
	r.Calls, r.Failed = int(got.Decisions), int(got.Failed)
	r.DecisionRate, r.DecisionCPU = n/got.Seconds, (after.cpu-before.cpu).Seconds()*1e6/n
	r.Allocations = (after.mallocs - before.mallocs) / n
	r.Probe = &probe.Result{Calls: r.Calls, OK: r.Calls, P50: got.P50, P99: got.P99}
	return nil
}
