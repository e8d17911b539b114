package main

import (
	"context"
	"time"

	"github.com/redirectd/redirectd/bench/report"
	"github.com/redirectd/redirectd/bench/responder"
)

// search is the one for the highest rate.
type search struct {
	first   int     // calls/s to begin with
	seconds float64 // of each step
	fine    float64 // it ends when the lowest bad rate is so many times the highest good one
}

// step is what came of a rate.
type step struct {
	clean         bool
	callerLimited bool // the caller could not offer more than the rate it reached
}

// runHighest searches the highest rate at which nothing is lost or repeated. A
// step that is not clean gets a second try: on a shared machine one stumble says
// little.
func (b *bench) runHighest(ctx context.Context, c search, system string, r *report.Result) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Minute)
	defer cancel()
	var err error
	r.HighestRate, r.CallerLimited, err = c.highest(func(rate int) (step, error) {
		first, err := b.try(ctx, c, system, rate)
		if err != nil || first.clean || first.callerLimited {
			return first, err
		}
		return b.try(ctx, c, system, rate)
	})
	return err
}

// highest doubles or halves the rate until it has a good and a bad one, and then
// halves what lies between.
func (c search) highest(try func(rate int) (step, error)) (rate float64, callerLimited bool, err error) {
	good, bad := 0, 0
	for at := c.first; at >= 50; {
		got, err := try(at)
		if err != nil {
			return 0, false, err
		}
		switch {
		case got.clean:
			good = at
		default:
			bad = at
			callerLimited = got.callerLimited
		}
		switch {
		case bad == 0:
			at = good * 2
		case good == 0:
			at = bad / 2
		case float64(bad) <= c.fine*float64(good):
			return float64(good), callerLimited, nil
		default:
			at = (good + bad) / 2
		}
	}
	return 0, false, nil
}

// try carries one rate, on a system that is new: an earlier flood leaves traces.
func (b *bench) try(ctx context.Context, c search, system string, rate int) (step, error) {
	s, err := b.open(ctx, system, setup{})
	if err != nil {
		return step{}, err
	}
	defer s.close()
	l := load{work: responder.One, rate: rate, seconds: c.seconds}
	if _, err := s.place(ctx, s.calls(load{work: responder.One, rate: 400, seconds: 0.5})); err != nil {
		return step{}, err
	}
	var r report.Result
	if err := s.measure(ctx, l, &r); err != nil {
		return step{}, err
	}
	// A SIPp at its end offers less than the rate it is told.
	late := r.Offered < 0.9*float64(rate)
	return step{clean: r.Clean() && !late, callerLimited: r.Clean() && late}, nil
}
