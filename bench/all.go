package main

import (
	"context"

	"github.com/redirectd/redirectd/bench/report"
)

// all runs the plan. In each repetition every system has its turn at every work,
// so that what else the machine does goes by all of them.
func (b *bench) all(ctx context.Context) {
	most := b.plan.repetitions
	for _, w := range b.plan.rows {
		most = max(most, w.repetitions)
	}
	for repetition := 1; repetition <= most; repetition++ {
		for _, w := range b.plan.rows {
			if repetition <= w.repetitions {
				b.allCalls(ctx, w, repetition)
			}
		}
		if repetition <= b.plan.repetitions {
			b.allDecisions(ctx, repetition)
		}
		if repetition == 1 {
			b.allRinging(ctx)
			b.allHighest(ctx)
		}
	}
}

func (b *bench) allCalls(ctx context.Context, w row, repetition int) {
	for _, system := range w.systems {
		r := report.Result{Kind: w.kind, System: system, Work: w.name, Rate: w.load.rate, Repetition: repetition}
		b.add(ctx, r, func(r *report.Result) error { return b.runCalls(ctx, w, system, r) })
	}
}

func (b *bench) allRinging(ctx context.Context) {
	for _, n := range b.plan.ringing {
		for _, system := range b.plan.ringingSystems {
			r := report.Result{Kind: report.Ringing, System: system, Work: "302", Rate: b.plan.ringingLoad.rate, Ringing: n, Repetition: 1}
			b.add(ctx, r, func(r *report.Result) error { return b.runRinging(ctx, n, b.plan.ringingLoad, system, r) })
		}
	}
}

func (b *bench) allHighest(ctx context.Context) {
	for _, system := range b.plan.highestSystems {
		r := report.Result{Kind: report.Highest, System: system, Work: "302", Repetition: 1}
		b.add(ctx, r, func(r *report.Result) error { return b.runHighest(ctx, b.plan.search, system, r) })
	}
}

func (b *bench) allDecisions(ctx context.Context, repetition int) {
	for _, inFlight := range b.plan.decisions.inFlight {
		for _, system := range b.plan.decisions.systems {
			r := report.Result{Kind: report.Decision, System: system, Work: "302", Rate: inFlight, Repetition: repetition}
			b.add(ctx, r, func(r *report.Result) error {
				if b.question == "" {
					if err := b.record(ctx); err != nil {
						return err
					}
				}
				return b.runDecision(ctx, b.plan.decisions, inFlight, system, r)
			})
		}
	}
}
