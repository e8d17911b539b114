package tracing

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestErrorsAreReportedSometimes: a collector that is down fills no log.
func TestErrorsAreReportedSometimes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		h := &errorHandler{log: slog.New(slog.NewTextHandler(&log, nil))}
		for range 61 {
			h.Handle(errors.New("connection refused"))
			time.Sleep(time.Second)
		}
		lines := strings.Split(strings.TrimSpace(log.String()), "\n")
		if len(lines) != 2 || !strings.Contains(lines[0], "errors_not_logged=0") || !strings.Contains(lines[1], `level=WARN msg=tracing error="connection refused" errors_not_logged=59`) {
			t.Errorf("61 errors in as many seconds are logged as\n%s", log.String())
		}
	})
}
