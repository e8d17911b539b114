package main

import (
	"log/slog"

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
func hangup(o *serveOptions, reloader *reload.Reloader) ossignal.Hangup {
	return ossignal.Hangup{
		Restart: "flags",
		Read: func() []string {
			if !reloader.Again() {
				return nil
			}
			return []string{o.config}
		},
	}
}
