package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"github.com/redirectd/redirectd/internal/edge"
	"github.com/redirectd/redirectd/internal/policy"
)

// settings are what the flags say. One that is given sets the key of the same
// name in the file.
type settings struct {
	config, nextHop, policy, policyConfig string
	profile, admin, advertise             string
	listen                                []string
	logFormat, logLevel                   string
}

func (s *settings) addTo(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&s.config, "config", "", "`FILE` with the configuration of the edge (YAML)")
	f.StringArrayVar(&s.listen, "listen", nil, "address to listen on, udp://HOST:PORT or tcp://HOST:PORT; may be repeated\n(default udp://127.0.0.1:5060 and tcp://127.0.0.1:5060)")
	f.StringVar(&s.advertise, "advertise", "", "`HOST` that stands in Via and Record-Route (default: the local address)")
	f.StringVar(&s.nextHop, "next-hop", "", "`SIP-URI` that requests outside a dialog go to (default: their Route or Request-URI)")
	f.StringVar(&s.policy, "policy", "", "`TARGET` of the policy: embedded, HOST:PORT, dns:///NAME:PORT or unix:///PATH (default embedded)")
	f.StringVar(&s.policyConfig, "policy-config", "", "`FILE` with the profiles of the embedded policy (YAML)")
	f.StringVar(&s.profile, "profile", "", "`NAME` of the policy's profile (default: the policy's own default)")
	f.StringVar(&s.admin, "admin", "", "`HOST:PORT` of the admin listener: metrics, health (default 127.0.0.1:9060)")
	f.StringVar(&s.logFormat, "log-format", "text", "format of the log on standard error: text or json")
	f.StringVar(&s.logLevel, "log-level", "info", "lowest level that is logged: debug, info, warn or error")
}

const defaultAdmin = "127.0.0.1:9060"

// load reads the files that the flags name, and lets the flags have the last
// word.
func (s *settings) load() (*edge.Config, *policy.Config, error) {
	c := &edge.Config{}
	if s.config != "" {
		var err error
		if c, err = edge.LoadConfig(s.config); err != nil {
			return nil, nil, err
		}
	}
	if len(s.listen) > 0 {
		if err := c.SetListen(s.listen); err != nil {
			return nil, nil, err
		}
	}
	for _, flag := range []struct {
		value string
		into  *string
	}{
		{s.advertise, &c.Advertise},
		{s.nextHop, &c.NextHop},
		{s.policy, &c.Policy.Target},
		{s.policyConfig, &c.Policy.File},
		{s.profile, &c.Profile},
		{s.admin, &c.Admin},
	} {
		if flag.value != "" {
			*flag.into = flag.value
		}
	}
	if c.Admin == "" {
		c.Admin = defaultAdmin
	}
	profiles := policy.DefaultConfig()
	if c.Policy.File != "" {
		var err error
		if profiles, err = policy.LoadConfig(c.Policy.File); err != nil {
			return nil, nil, err
		}
	}
	if err := c.Validate(); err != nil {
		return nil, nil, errors.Join(prefixed(s.config, err), checkProfiles(c, profiles))
	}
	return c, profiles, checkProfiles(c, profiles)
}

// prefixed names the file that an error is about, if there is one.
func prefixed(file string, err error) error {
	if file == "" {
		return err
	}
	return fmt.Errorf("%s: %w", file, err)
}

// checkProfiles says which profile is named but not there. Those of a remote
// policy are not known.
func checkProfiles(c *edge.Config, profiles *policy.Config) error {
	if isRemote(c) {
		return nil
	}
	known := make(map[string]bool)
	var names []string
	for _, p := range profiles.Profiles {
		known[p.Name] = true
		names = append(names, p.Name)
	}
	wanted := []string{c.Profile}
	for _, t := range c.Trunks {
		wanted = append(wanted, t.Profile)
	}
	for _, name := range wanted {
		if name != "" && !known[name] {
			return fmt.Errorf("profile %q is not in the policy: it has %s", name, strings.Join(names, ", "))
		}
	}
	return nil
}

func isRemote(c *edge.Config) bool { return c.Policy.Target != "" && c.Policy.Target != "embedded" }

func (s *settings) logger(w io.Writer) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(s.logLevel)); err != nil {
		return nil, fmt.Errorf("--log-level: %q is none of debug, info, warn, error", s.logLevel)
	}
	options := &slog.HandlerOptions{Level: level}
	switch s.logFormat {
	case "text":
		return slog.New(slog.NewTextHandler(w, options)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, options)), nil
	}
	return nil, fmt.Errorf("--log-format: %q is none of text, json", s.logFormat)
}
