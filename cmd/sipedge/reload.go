package main

import (
	"log/slog"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/redirectd/redirectd/internal/callrecord"
	"github.com/redirectd/redirectd/internal/edge"
	"github.com/redirectd/redirectd/internal/edge/transport"
	"github.com/redirectd/redirectd/internal/linelog"
	"github.com/redirectd/redirectd/internal/ossignal"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/record"
	"github.com/redirectd/redirectd/internal/reload"
)

// rereading is what a running edge reads again: the file of the embedded policy,
// and certificates. The files of call records and of recordings are opened again.
type rereading struct {
	loaded   *loaded
	log      *slog.Logger
	policy   *reload.Reloader
	edge     atomic.Pointer[edge.Edge]         // nil until it runs
	records  atomic.Pointer[callrecord.Writer] // nil if there are none
	shadow   atomic.Pointer[callrecord.Writer] // of disagreements; nil if they have no file of their own
	recorder atomic.Pointer[record.Recorder]   // nil if there is none
}

func newRereading(l *loaded, log *slog.Logger) *rereading {
	file := ""
	if l.asksEmbedded() {
		file = l.edge.Policy.File
	}
	return &rereading{loaded: l, log: log, policy: reload.New(l.profiles, reload.Options{
		Program: "sipedge", File: file, Load: l.reloadPolicy, Logger: log,
	})}
}

// reloadPolicy reads the file of the embedded policy. The error is everything
// that would be wrong with it at a start.
func (l *loaded) reloadPolicy() (*policy.Config, error) {
	cfg, err := policy.LoadConfig(l.edge.Policy.File)
	if err != nil {
		return nil, err
	}
	if wrong := l.checkProfiles(cfg); len(wrong) > 0 {
		return nil, wrong
	}
	return cfg, nil
}

// register exports the metrics of the embedded policy, if that decides.
func (r *rereading) register(registry prometheus.Registerer) error {
	if !r.loaded.asksEmbedded() {
		return nil
	}
	return r.policy.Register(registry)
}

// hangup is what SIGHUP does.
func (r *rereading) hangup() ossignal.Hangup {
	restart := "flags"
	if r.loaded.edgeFile != "" {
		restart = r.loaded.edgeFile + ", flags"
	}
	return ossignal.Hangup{Restart: restart, Read: func() (read []string) {
		if r.certificates() {
			read = append(read, "certificates")
		}
		if r.policy.Again() {
			read = append(read, r.loaded.edge.Policy.File)
		}
		if w := r.records.Load(); w != nil && r.loaded.edge.Records.File != linelog.Stdout {
			w.Reopen()
			read = append(read, r.loaded.edge.Records.File)
		}
		if w := r.shadow.Load(); w != nil && r.loaded.edge.Policy.Shadow.File != linelog.Stdout {
			w.Reopen()
			read = append(read, r.loaded.edge.Policy.Shadow.File)
		}
		if w := r.recorder.Load(); w != nil && r.loaded.edge.Policy.Record.File != linelog.Stdout {
			w.Reopen()
			read = append(read, r.loaded.edge.Policy.Record.File)
		}
		return read
	}}
}

// certificates reads the certificates again, if there are any.
func (r *rereading) certificates() bool {
	e := r.edge.Load()
	if e == nil || r.loaded.edge.TLS == (transport.TLSConfig{}) {
		return false
	}
	if err := e.ReloadTLS(); err != nil {
		r.log.Error("the certificates stay as they were", "error", err)
		return true
	}
	r.log.Info("certificates read again")
	return true
}
