package main

import (
	"context"
	"time"

	"github.com/redirectd/redirectd/bench/report"
	"github.com/redirectd/redirectd/bench/responder"
)

// row is calls that several systems carry in turn.
type row struct {
	kind        report.Kind
	name        string // of the work, in the tables
	load        load
	setup       setup
	systems     []string
	repetitions int
}

// runCalls measures one system with one load.
func (b *bench) runCalls(ctx context.Context, w row, system string, r *report.Result) error {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(w.load.seconds)*time.Second+time.Minute)
	defer cancel()
	s, err := b.open(ctx, system, w.setup)
	if err != nil {
		return err
	}
	defer s.close()
	warm := load{work: w.load.work, rate: 400, seconds: 0.5}
	if _, err := s.place(ctx, s.calls(warm)); err != nil {
		return err
	}
	return s.measure(ctx, w.load, r)
}

// measure puts a load on a system that runs and notes what it cost.
func (s *session) measure(ctx context.Context, l load, r *report.Result) error {
	before, err := s.costs(ctx, true)
	if err != nil {
		return err
	}
	statistics, probed, err := s.both(ctx, l)
	if err != nil {
		return err
	}
	time.Sleep(settle)
	after, err := s.costs(ctx, false)
	if err != nil {
		return err
	}
	calls, invites := statistics.OK, int64(statistics.Created*l.work.Invites())
	if s.system == report.None {
		invites = int64(statistics.Created)
	}
	if probed != nil {
		calls += probed.OK
		invites += int64(probed.Calls * l.work.Invites())
	}
	r.Offered = statistics.Rate
	r.Calls, r.Failed, r.Retransmissions, r.Probe = calls, statistics.Failed, statistics.Retransmissions, probed
	r.Repeats = int(max(0, after.counts.Invite-before.counts.Invite-invites))
	after.minus(before, calls, r)
	r.PSS, err = s.pss()
	return err
}

// costs are all readings at one time.
type costs struct {
	edge, policy reading
	counts       responder.Totals
}

func (s *session) costs(ctx context.Context, first bool) (c costs, err error) {
	if c.counts, err = responder.Query(ctx); err != nil {
		return c, err
	}
	if c.edge, err = s.edge.read(ctx, first); err != nil {
		return c, err
	}
	c.policy, err = s.policy.read(ctx, first)
	return c, err
}

// minus notes what was spent since an earlier time, for each call.
func (c costs) minus(before costs, calls int, r *report.Result) {
	n := float64(max(1, calls))
	edge, policy := c.edge.cpu-before.edge.cpu, c.policy.cpu-before.policy.cpu
	r.EdgeCPU, r.PolicyCPU = edge.Seconds()*1000/n, policy.Seconds()*1000/n
	r.Allocations = (c.edge.mallocs - before.edge.mallocs + c.policy.mallocs - before.policy.mallocs) / n
	if r.Allocations > 0 {
		collector := c.edge.collector - before.edge.collector + c.policy.collector - before.policy.collector
		r.Collector = collector.Seconds() / (edge + policy).Seconds()
	}
}

// pss is the memory of the edge and the policy.
func (s *session) pss() (float64, error) {
	edge, err := s.edge.pss()
	if err != nil {
		return 0, err
	}
	policy, err := s.policy.pss()
	return edge + policy, err
}
