package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/redirectd/redirectd/internal/edge"
	"github.com/redirectd/redirectd/internal/edge/transport"
	"github.com/redirectd/redirectd/internal/linelog"
	"github.com/redirectd/redirectd/internal/policy"
)

const defaultAdmin = "127.0.0.1:9060"

// loaded is a configuration that is good.
type loaded struct {
	edgeFile string // where it was read, if anywhere
	edge     *edge.Config
	profiles *policy.Config // of the embedded policy
}

// load reads the files that the flags name, and lets the flags have the last
// word. The error is everything that is wrong with them.
func (s *settings) load() (*loaded, error) {
	l := &loaded{edgeFile: s.config, edge: &edge.Config{}, profiles: policy.DefaultConfig()}
	var wrong mistakes
	if s.config != "" {
		c, err := edge.LoadConfig(s.config)
		if err != nil {
			wrong = append(wrong, err)
		} else {
			l.edge = c
		}
	}
	if err := s.override(l.edge); err != nil {
		wrong = append(wrong, err)
	}
	if file := l.edge.Policy.File; file != "" {
		profiles, err := policy.LoadConfig(file)
		if err != nil {
			wrong = append(wrong, err)
		} else {
			l.profiles = profiles
		}
	}
	if len(wrong) == 0 { // what follows would only repeat it
		wrong = l.check()
	}
	if len(wrong) > 0 {
		return nil, wrong
	}
	return l, nil
}

// override lets the flags set their keys.
func (s *settings) override(c *edge.Config) error {
	for _, flag := range []struct {
		value string
		into  *string
	}{
		{s.advertise, &c.Advertise},
		{s.policy, &c.Policy.Target},
		{s.policyConfig, &c.Policy.File},
		{s.profile, &c.Profile},
		{s.admin, &c.Admin},
		{s.records, &c.Records.File},
	} {
		if flag.value != "" {
			*flag.into = flag.value
		}
	}
	if s.nextHop != "" {
		c.NextHop = []string{s.nextHop}
	}
	if c.Admin == "" {
		c.Admin = defaultAdmin
	}
	if len(s.listen) == 0 {
		return nil
	}
	return c.SetListen(s.listen)
}

// joined is what errors.Join makes.
type joined interface {
	error
	Unwrap() []error
}

// check finds what is wrong with the whole, where every value is good.
func (l *loaded) check() (wrong mistakes) {
	if all, ok := errors.AsType[joined](l.edge.Validate()); ok { // each is a line of its own
		wrong = append(wrong, all.Unwrap()...)
	}
	if err := transport.CheckTLS(l.edge.TLS); err != nil {
		wrong = append(wrong, err)
	}
	if err := l.edge.Records.Check(); err != nil {
		wrong = append(wrong, fmt.Errorf("records.file: %w", err))
	}
	if s := l.edge.Policy.Shadow; s != nil {
		if err := (&linelog.Config{File: s.File}).Check(); err != nil {
			wrong = append(wrong, fmt.Errorf("policy.shadow.file: %w", err))
		}
	}
	wrong = append(wrong, l.checkTargets()...)
	wrong = append(wrong, l.checkRecording()...)
	if _, _, err := net.SplitHostPort(l.edge.Admin); err != nil {
		wrong = append(wrong, fmt.Errorf("admin: %q is no HOST:PORT: %w", l.edge.Admin, err))
	}
	return append(wrong, l.checkProfiles(l.profiles)...)
}

// checkRecording says why nothing can be recorded where that is wanted.
func (l *loaded) checkRecording() (wrong mistakes) {
	file := l.edge.Policy.Record.File
	if file == "" {
		return nil
	}
	if err := l.edge.Policy.Record.Check(); err != nil {
		wrong = append(wrong, fmt.Errorf("policy.record.file: %w", err))
	}
	if file == l.edge.Records.File {
		wrong = append(wrong, fmt.Errorf("policy.record.file: %s is where records.file goes; want another one", file))
	}
	if s := l.edge.Policy.Shadow; s != nil && file == s.File {
		wrong = append(wrong, fmt.Errorf("policy.record.file: %s is where policy.shadow.file goes; want another one", file))
	}
	return wrong
}

// checkProfiles finds the profiles that are wanted here and that a policy does
// not have.
func (l *loaded) checkProfiles(c *policy.Config) (wrong mistakes) {
	if !l.asksProfiles() {
		return nil // and the profiles of others are not known
	}
	var names []string
	known := make(map[string]bool)
	for _, p := range c.Profiles {
		names = append(names, p.Name)
		known[p.Name] = true
	}
	wanted := func(by, name string) {
		if name != "" && !known[name] {
			wrong = append(wrong, fmt.Errorf("%s: the policy has no profile %q; it has %s", by, name, strings.Join(names, ", ")))
		}
	}
	wanted("profile", l.edge.Profile)
	for _, t := range l.edge.Trunks {
		wanted("trunk "+t.Name+": profile", t.Profile)
	}
	return wrong
}

// asksProfiles reports whether the embedded policy is asked about calls as they
// come, and not only when another one is unavailable.
func (l *loaded) asksProfiles() bool { return len(l.targets()) < len(l.allTargets()) }

// describe writes one line for each file.
func (l *loaded) describe(w io.Writer) error {
	var lines []string
	if l.edgeFile != "" {
		listeners := "the default listeners"
		if n := len(l.edge.Listen); n > 0 {
			listeners = count(n, "listener")
		}
		lines = append(lines, fmt.Sprintf("%s: ok: %s, %s", l.edgeFile, listeners, count(len(l.edge.Trunks), "trunk")))
	}
	if file := l.edge.Policy.File; file != "" {
		lines = append(lines, fmt.Sprintf("%s: ok: %s, revision %s", file,
			count(len(l.profiles.Profiles), "profile"), l.profiles.Revision))
	}
	if _, err := fmt.Fprintln(w, strings.Join(lines, "\n")); err != nil {
		return failedError{err}
	}
	return nil
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
