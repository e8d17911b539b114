package main

import (
	"io"
	"log/slog"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// settings are what the flags say. One that is given sets the key of the same
// name in the file.
type settings struct {
	config, nextHop, policy, policyConfig string
	profile, admin, advertise, records    string
	listen                                []string
}

func (s *settings) addTo(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&s.config, "config", "", "`FILE` with the configuration of the edge (YAML)")
	f.StringArrayVar(&s.listen, "listen", nil, "`ADDRESS` to listen on: udp, tcp, tls, ws or wss, as in\nudp://HOST:PORT; may be repeated\n(default udp and tcp at 127.0.0.1:5060)")
	f.StringVar(&s.advertise, "advertise", "", "`HOST` that stands in Via and Record-Route\n(default: the local address)")
	f.StringVar(&s.nextHop, "next-hop", "", "`SIP-URI` that requests outside a dialog go to\n(default: their Route or Request-URI)")
	f.StringVar(&s.policy, "policy", "", "`TARGET` of the policy: embedded, HOST:PORT, dns:///NAME:PORT\nor unix:///PATH (default embedded)")
	f.StringVar(&s.policyConfig, "policy-config", "", "`FILE` with the profiles of the embedded policy (YAML)")
	f.StringVar(&s.profile, "profile", "", "`NAME` of the policy's profile (default: the policy's own default)")
	f.StringVar(&s.records, "records", "", "`FILE` that records of redirected calls go to, or stdout\n(default: none are written)")
	f.StringVar(&s.admin, "admin", "", "`HOST:PORT` of /metrics, /healthz, /readyz and, on loopback,\n/debug/pprof (default 127.0.0.1:9060)")
}

// logOptions are the flags about the log, which goes to stderr.
type logOptions struct{ format, level string }

func (o *logOptions) addTo(f *pflag.FlagSet) {
	f.StringVar(&o.format, "log-format", "text", "`FORMAT` of the log on standard error: text or json")
	f.StringVar(&o.level, "log-level", "info", "lowest `LEVEL` logged: debug, info, warn or error")
}

func (o *logOptions) logger(w io.Writer) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(o.level)); err != nil {
		return nil, usagef("--log-level %q is not allowed; want debug, info, warn or error", o.level)
	}
	options := &slog.HandlerOptions{Level: level}
	switch o.format {
	case "text":
		return slog.New(slog.NewTextHandler(w, options)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, options)), nil
	}
	return nil, usagef("--log-format %q is not allowed; want text or json", o.format)
}
