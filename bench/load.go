package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"time"

	"github.com/redirectd/redirectd/bench/probe"
	"github.com/redirectd/redirectd/bench/report"
	"github.com/redirectd/redirectd/bench/responder"
	"github.com/redirectd/redirectd/bench/sipp"
)

// load is what the callers do for a while.
type load struct {
	work    responder.Work
	rate    int // calls/s
	seconds float64
	probe   bool
}

// settle is how long a system gets for what it does after the last answer.
const settle = 300 * time.Millisecond

// place has SIPp place calls and returns what became of them.
func (s *session) place(ctx context.Context, l sipp.Load) (sipp.Statistics, error) {
	p, dir, err := s.startCaller(l)
	if err != nil {
		return sipp.Statistics{}, err
	}
	return s.placed(ctx, p, dir)
}

func (s *session) startCaller(l sipp.Load) (*process, string, error) {
	s.callers++
	dir, err := subdirectory(s.dir, "caller-", s.callers)
	if err != nil {
		return nil, "", err
	}
	if err := sipp.Write(dir); err != nil {
		return nil, "", err
	}
	l.Server, l.TCP = loopback(s.server()).String(), s.setup.tcp
	p, err := start("sipp", dir, nil, s.programs.sipp, l.Args(dir)...)
	if err == nil {
		s.all = append(s.all, p)
	}
	return p, dir, err
}

// placed waits for a SIPp. That calls failed is in its statistics, and no error.
func (s *session) placed(ctx context.Context, p *process, dir string) (sipp.Statistics, error) {
	_, err := p.wait(ctx)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return sipp.Statistics{}, err
	}
	s.all = s.all[:len(s.all)-1]
	statistics, err := sipp.Read(dir)
	if err != nil {
		return statistics, fmt.Errorf("%w: %s", err, p.tail())
	}
	statistics.Failed = max(statistics.Failed, statistics.Created-statistics.OK) // SIPp doesn't count what it gave up
	return statistics, s.alive()
}

// calls describes a load for SIPp. Without an edge nobody follows a 3xx for SIPp,
// so its calls are plain ones then.
func (s *session) calls(l load) sipp.Load {
	work, scenario := l.work, "direct"
	if s.system == report.None {
		work = responder.Plain
	}
	if s.setup.recordRoute {
		scenario = "route"
	}
	return sipp.Load{
		Scenario: scenario, Number: work.Number(), Rate: l.rate, Calls: int(float64(l.rate) * l.seconds),
		Limit: time.Duration(l.seconds)*time.Second + patience,
	}
}

// patience is how long calls may take beyond the time of a load. What is open
// then has failed.
const patience = 10 * time.Second

const probeRate = 200 // calls/s

// both places the calls of SIPp, and those of the probe amid them.
func (s *session) both(ctx context.Context, l load) (sipp.Statistics, *probe.Result, error) {
	caller, dir, err := s.startCaller(s.calls(l))
	if err != nil {
		return sipp.Statistics{}, nil, err
	}
	if !l.probe {
		statistics, err := s.placed(ctx, caller, dir)
		return statistics, nil, err
	}
	select {
	case <-ctx.Done():
	case <-time.After(500 * time.Millisecond):
	}
	p, err := start("probe", dir, nil, s.programs.self, "probe", "-server", loopback(s.server()).String(),
		"-number", l.work.Number(), "-rate", strconv.Itoa(probeRate), "-calls", strconv.Itoa(max(1, int((l.seconds-1)*probeRate))))
	if err != nil {
		return sipp.Statistics{}, nil, err
	}
	defer p.stop()
	statistics, err := s.placed(ctx, caller, dir)
	if err != nil {
		return statistics, nil, err
	}
	out, err := p.wait(ctx)
	result := &probe.Result{}
	if err == nil {
		err = json.Unmarshal(out, result)
	}
	return statistics, result, err
}
