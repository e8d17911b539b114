// Package ossignal is what signals mean to a program that serves.
package ossignal

import (
	"context"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// Until returns a context that ends at SIGTERM or SIGINT; a second one of them
// ends the process at once. SIGHUP, which would end it too, calls hangup, one
// call at a time; if that is nil or reports that there was nothing to read again, a
// line in the log says so. The function gives
// signals their usual meaning back.
func Until(ctx context.Context, log *slog.Logger, hangup func() bool) (context.Context, func()) {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, os.Interrupt)
	context.AfterFunc(ctx, stop)
	hup, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(hup, syscall.SIGHUP)
	go func() {
		for {
			select {
			case <-hup:
				if hangup == nil || !hangup() {
					log.Warn("the configuration is not read again yet: restart to use a new one")
				}
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
