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
// ends the process at once. SIGHUP, which would end it too, only makes a line in
// the log. The function gives signals their usual meaning back.
func Until(ctx context.Context, log *slog.Logger) (context.Context, func()) {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, os.Interrupt)
	context.AfterFunc(ctx, stop)
	hangup, done := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(hangup, syscall.SIGHUP)
	go func() {
		for {
			select {
			case <-hangup:
				log.Warn("reload is not there yet: restart to use a new configuration")
			case <-done:
				return
			}
		}
	}()
	return ctx, sync.OnceFunc(func() {
		stop()
		signal.Stop(hangup)
		close(done)
	})
}
