package main

import (
	"log/slog"
	"sync/atomic"

	"github.com/redirectd/redirectd/internal/linelog"
	"github.com/redirectd/redirectd/internal/ossignal"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/reload"
)

// newReloader returns what reads the policy file again, if there is one.
func newReloader(o *serveOptions, cfg *policy.Config, logger *slog.Logger) *reload.Reloader {
	return reload.New(cfg, reload.Options{
		Program: "redirectd",
		File:    o.config,
		Load:    func() (*policy.Config, error) { return policy.LoadConfig(o.config) },
		Logger:  logger,
	})
}

// hangup is what SIGHUP does.
func hangup(o *serveOptions, reloader *reload.Reloader, recorded *atomic.Pointer[recording]) ossignal.Hangup {
	return ossignal.Hangup{
		Restart: "flags",
		Read: func() (read []string) {
			if reloader.Again() {
				read = append(read, o.config)
			}
			if r := recorded.Load(); r != nil && o.record.file != linelog.Stdout {
				r.Reopen()
				read = append(read, o.record.file)
			}
			return read
		},
	}
}
