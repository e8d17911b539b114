package policyhttp

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/policyrpc"
)

// TestPanicOutsideThePolicy is a 500 that says nothing, and is logged.
func TestPanicOutsideThePolicy(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	builtin := policy.NewBuiltin(nil)
	rpc, err := policyrpc.NewServer(builtin, builtin.Info, policyrpc.ServerOptions{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	recovered(rpc, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("the key is 1234") })).
		ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody))
	if w.Code != http.StatusInternalServerError || w.Body.Len() > 0 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if !strings.Contains(log.String(), "the key is 1234") {
		t.Errorf("the log is %s", &log)
	}
}
