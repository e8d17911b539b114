package main

import (
	"context"
	"fmt"
	"time"

	"github.com/redirectd/redirectd/bench/report"
	"github.com/redirectd/redirectd/bench/responder"
	"github.com/redirectd/redirectd/bench/sipp"
)

// rest is how long calls ring before the memory is read: a collector has been
// through then.
const rest = 3 * time.Second

// runRinging lets calls ring, reads the memory that they take, and measures other
// calls beside them.
func (b *bench) runRinging(ctx context.Context, ringing int, l load, system string, r *report.Result) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	s, err := b.open(ctx, system, setup{})
	if err != nil {
		return err
	}
	defer s.close()
	if err := s.ring(ctx, 1); err != nil {
		return err
	}
	one, err := s.pss()
	if err != nil {
		return err
	}
	if err := s.ring(ctx, ringing-1); err != nil {
		return err
	}
	all, err := s.pss()
	if err != nil {
		return err
	}
	if err := s.measure(ctx, l, r); err != nil {
		return err
	}
	r.PSS = all
	if ringing > 1 {
		r.RingingBytes = (all - one) / float64(ringing-1)
	}
	return nil
}

// ring adds ringing calls. Each must ring: the memory is for that many.
func (s *session) ring(ctx context.Context, n int) error {
	if n == 0 {
		return nil
	}
	got, err := s.place(ctx, sipp.Load{Scenario: "ring", Number: responder.Ring.Number(), Rate: min(n, 2000), Calls: n, Limit: time.Minute})
	if err != nil {
		return err
	}
	if got.OK != n {
		return fmt.Errorf("%d of %d calls ring", got.OK, n)
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(rest):
	}
	return nil
}
