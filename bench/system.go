package main

import (
	"path/filepath"
	"strings"

	"github.com/redirectd/redirectd/bench/kamailio"
	"github.com/redirectd/redirectd/bench/report"
)

// programs is what is needed to start systems.
type programs struct {
	self, sipedge, redirectd string
	kamailio, sipp           string
	modules                  string // of kamailio
}

// setup is how a system is to be started for a work.
type setup struct {
	tcp, recordRoute bool
}

// commandLine is how a program is started.
type commandLine struct {
	program string
	args    []string
	env     []string
	admin   string // HOST:PORT of the metrics of our programs
}

// traced makes Go say what its garbage collector took.
var traced = []string{"GODEBUG=gctrace=1"}

// edge is the command line of a system's edge; none for [report.None].
func (p *programs) edge(system, dir string, s setup) *commandLine {
	switch {
	case system == report.None:
		return nil
	case system == report.Floor:
		return &commandLine{program: p.self, args: []string{"floor"}}
	case strings.HasPrefix(system, report.Kamailio):
		return &commandLine{program: p.kamailio, args: kamailio.Args(dir, p.modules, kamailio.Options{
			HTTP: system == report.KamailioHTTP, TCP: s.tcp, RecordRoute: s.recordRoute, Accounting: system == report.KamailioLogged,
		})}
	}
	next := "sip:127.0.0.1:5070"
	if s.tcp {
		next += ";transport=tcp"
	}
	args := []string{"--next-hop", next}
	if target := policyTarget(system, dir); target != "" {
		args = append(args, "--policy", target)
	}
	if system != report.SipedgeLogged && system != report.RedirectdLogged {
		args = append(args, "--log-level", "error")
	}
	return &commandLine{program: p.sipedge, args: args, env: traced, admin: edgeAdmin}
}

// policyTarget is where an edge of ours finds its policy; "" in process.
func policyTarget(system, dir string) string {
	switch system {
	case report.SipedgeTCP, report.RedirectdLogged:
		return policyAddress
	case report.SipedgeUnix:
		return "unix://" + filepath.Join(dir, "policy.sock")
	}
	return ""
}

// policy is the command line of a system's policy process; nil without one.
func (p *programs) policy(system, dir string) *commandLine {
	if system == report.KamailioHTTP {
		return &commandLine{program: p.self, args: []string{"httppolicy"}}
	}
	target := policyTarget(system, dir)
	if target == "" {
		return nil
	}
	c := p.redirectdAt(target)
	if system != report.RedirectdLogged {
		c.args = append(c.args, "--log-sample", "0")
	}
	return c
}

func (p *programs) redirectdAt(listen string) *commandLine {
	return &commandLine{program: p.redirectd, args: []string{"--listen", listen}, env: traced, admin: policyAdmin}
}
