// Package admin is the HTTP listener for operators that both programs have:
//
//	/metrics       Prometheus
//	/healthz       200 while the process runs
//	/readyz        200 when it takes traffic, 503 with the reason when not
//	/debug/pprof/  Go's profiles, only when the listener is on a loopback address
package admin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

const (
	// A client has this long to send its request, header and all.
	readTimeout = 5 * time.Second
	idleTimeout = 2 * time.Minute
	// A profile takes as long as asked for; 30 s is the default of pprof.
	writeTimeout = 5 * time.Minute
	maxHeader    = 16 << 10
)

// Options of [Listen]. The zero value works.
type Options struct {
	// Logger gets what goes wrong while serving; nil discards it.
	Logger *slog.Logger
	// Note returns what else /readyz says while the program is ready, in one
	// line; "" if there is nothing to say. Nil: there never is.
	Note func() string
}

// Server is the admin listener. Its methods are safe for concurrent use.
type Server struct {
	listener net.Listener
	registry *prometheus.Registry
	mux      *http.ServeMux
	http     *http.Server
	note     func() string
	state    atomic.Pointer[readiness]
}

type readiness struct {
	ready  bool
	detail string
}

// Listen binds addr ("127.0.0.1:9050"; port 0 takes a free one). Requests are
// answered once [Server.Serve] runs. It is not ready until [Server.SetReady].
func Listen(addr string, o Options) (*Server, error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("admin listener: %w", err)
	}
	s := &Server{listener: listener, registry: prometheus.NewRegistry(), mux: http.NewServeMux(), note: o.Note}
	s.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	s.SetReady(false, "starting")
	s.mux.Handle("GET /metrics", promhttp.HandlerFor(s.registry, promhttp.HandlerOpts{Registry: s.registry}))
	s.mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "ok") })
	s.mux.HandleFunc("GET /readyz", s.readyz)
	if onLoopback(listener.Addr()) {
		s.handlePprof()
	}
	logger := o.Logger
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	s.http = &http.Server{
		Handler:        s.mux,
		ReadTimeout:    readTimeout,
		WriteTimeout:   writeTimeout,
		IdleTimeout:    idleTimeout,
		MaxHeaderBytes: maxHeader,
		ErrorLog:       slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
	return s, nil
}

// Addr returns the address that it listens on, with the port that was taken.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Registry returns what /metrics shows, to register metrics with: it has those
// of the Go runtime and of the process already.
func (s *Server) Registry() *prometheus.Registry { return s.registry }

// SetReady says what /readyz answers, with a detail for people.
func (s *Server) SetReady(ready bool, detail string) {
	s.state.Store(&readiness{ready, detail})
}

// Serve answers requests until [Server.Shutdown], and then returns nil.
func (s *Server) Serve() error {
	if err := s.http.Serve(s.listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("admin listener %s: %w", s.Addr(), err)
	}
	return nil
}

// Shutdown takes no new requests and waits for those in progress, until ctx
// ends; then it cuts them off.
func (s *Server) Shutdown(ctx context.Context) error {
	if err := s.http.Shutdown(ctx); err != nil {
		return errors.Join(err, s.http.Close())
	}
	// A listener that was never served is not known to the HTTP server.
	if err := s.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

func (s *Server) readyz(w http.ResponseWriter, _ *http.Request) {
	state := s.state.Load()
	if !state.ready {
		answer(w, http.StatusServiceUnavailable, state.detail)
		return
	}
	detail := state.detail
	if s.note != nil {
		if note := s.note(); note != "" {
			detail += "; " + note
		}
	}
	answer(w, http.StatusOK, detail)
}

// handlePprof is for a developer on the machine itself: profiles show memory,
// and taking them costs.
func (s *Server) handlePprof() {
	s.mux.HandleFunc("/debug/pprof/", pprof.Index)
	s.mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	s.mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	s.mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	s.mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
}

func onLoopback(addr net.Addr) bool {
	tcp, ok := addr.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// An error means that the client has gone: there is nobody to tell.
	_, _ = w.Write([]byte(text + "\n"))
}
