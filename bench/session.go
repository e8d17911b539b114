package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/redirectd/redirectd/bench/kamailio"
	"github.com/redirectd/redirectd/bench/probe"
	"github.com/redirectd/redirectd/bench/report"
	"github.com/redirectd/redirectd/bench/responder"
	"github.com/redirectd/redirectd/bench/sipp"
)

// session is a system that runs, with the responder behind it.
type session struct {
	programs     *programs
	system       string
	setup        setup
	dir          string
	all          []*process // in the order of their start
	callers      int        // how many SIPps there were
	edge, policy *measured  // nil: there is none
}

// open starts a system and waits until a call comes through.
func open(ctx context.Context, p *programs, dir, system string, s setup) (*session, error) {
	o := &session{programs: p, system: system, setup: s, dir: dir}
	if err := o.start(ctx); err != nil {
		o.close()
		return nil, err
	}
	return o, nil
}

func (s *session) start(ctx context.Context) error {
	for _, write := range []func(string) error{kamailio.Write, sipp.Write} {
		if err := write(s.dir); err != nil {
			return err
		}
	}
	if _, err := s.run("responder", &commandLine{program: s.programs.self, args: []string{"responder"}}); err != nil {
		return err
	}
	var err error
	if c := s.programs.policy(s.system, s.dir); c != nil {
		if s.policy, err = s.run("policy", c); err != nil {
			return err
		}
	}
	if c := s.programs.edge(s.system, s.dir, s.setup); c != nil {
		if s.edge, err = s.run("edge", c); err != nil {
			return err
		}
	}
	if _, err := responder.Query(ctx); err != nil {
		return errors.Join(err, s.alive())
	}
	return s.await(ctx)
}

func (s *session) run(name string, c *commandLine) (*measured, error) {
	p, err := start(name, s.dir, c.env, c.program, c.args...)
	if err != nil {
		return nil, err
	}
	s.all = append(s.all, p)
	return &measured{process: p, admin: c.admin}, nil
}

// server is what gets the INVITEs.
func (s *session) server() uint16 {
	if s.system == report.None {
		return responder.Redirect
	}
	return edgePort
}

// await places redirected calls until one is answered: then everything is up.
func (s *session) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	for ctx.Err() == nil {
		if err := s.alive(); err != nil {
			return err
		}
		result, err := probe.Run(ctx, probe.Options{
			Server: loopback(s.server()), Target: loopback(responder.Target), Number: responder.One.Number(), Calls: 1, Rate: 100, Wait: 100 * time.Millisecond,
		})
		if err != nil || result.OK == 1 {
			return err
		}
	}
	return fmt.Errorf("%s answers no call: %w", s.system, ctx.Err())
}

// alive says which process has ended, and what it said.
func (s *session) alive() error {
	var problems []error
	for _, p := range s.all {
		problems = append(problems, p.alive())
	}
	return errors.Join(problems...)
}

// close ends the system: the edge before what it asks.
func (s *session) close() {
	for _, p := range slices.Backward(s.all) {
		p.stop()
	}
}

// subdirectory makes one for a run.
func subdirectory(parent string, parts ...any) (string, error) {
	dir := filepath.Join(parent, fmt.Sprint(parts...))
	return dir, os.MkdirAll(dir, 0o750)
}
