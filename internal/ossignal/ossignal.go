// Package ossignal is what signals mean to a program that serves.
package ossignal

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
)

// Hangup is what SIGHUP does.
type Hangup struct {
	// Read reads again what can be read again, logs what came of it, and returns
	// what it was, in words for people. Calls do not overlap.
	Read func() []string
	// Restart is what of the configuration is not read again, for people.
	Restart string
}

// Until returns a context that ends at SIGTERM or SIGINT; a second one of them
// ends the process at once. SIGHUP, which would end it too, reads again what can
// be read again; a line in the log says what that was, and what needs a restart.
// The function gives signals their usual meaning back.
func Until(ctx context.Context, log *slog.Logger, hangup Hangup) (context.Context, func()) {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, os.Interrupt)
	context.AfterFunc(ctx, stop)
	hup, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(hup, syscall.SIGHUP)
	go func() {
		for {
			select {
			case <-hup:
				hangup.run(log)
			case <-done:
				return
			}
		}
	}()
	return ctx, sync.OnceFunc(func() {
		stop()
		signal.Stop(hup)
		close(done)
	})
}

func (h Hangup) run(log *slog.Logger) {
	if read := h.Read(); len(read) > 0 {
		log.Info("SIGHUP: read again", "what", strings.Join(read, ", "), "needs_restart", h.Restart)
		return
	}
	log.Warn("SIGHUP: there is nothing to read again", "needs_restart", h.Restart)
}
