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
// ends the process at once. SIGHUP, which would end it too, makes a line in the
// log and calls hangup, one call at a time; nil: nothing. The function gives
// signals their usual meaning back.
func Until(ctx context.Context, log *slog.Logger, hangup func()) (context.Context, func()) {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, os.Interrupt)
	context.AfterFunc(ctx, stop)
	hup, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(hup, syscall.SIGHUP)
	go func() {
		for {
			select {
			case <-hup:
				log.Warn("the configuration is not read again yet: restart to use a new one")
				if hangup != nil {
					hangup()
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
