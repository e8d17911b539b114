// Package policyhttp is the door for programs that speak no gRPC: the contract over
// HTTP by the Connect protocol, and POST /v1/next, which takes SIP as text and answers
// with one target at a time (see package next). Both pass the interceptors of the gRPC
// server that it is made for.
package policyhttp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/net/netutil"

	"github.com/redirectd/redirectd/internal/next"
	"github.com/redirectd/redirectd/internal/policy/policyrpc"
)

const (
	// A client has this long to send the header, and the whole, of a request.
	headerTimeout = 5 * time.Second
	readTimeout   = 10 * time.Second
	// A decision takes less than a millisecond; this is for clients that do not read.
	writeTimeout = 15 * time.Second
	// A connection may be kept for the next call for this long.
	idleTimeout = time.Minute
	maxHeader   = 16 << 10
)

// Options are the knobs of a [Server]. The zero value works.
type Options struct {
	// Logger gets what goes wrong while serving; nil discards it.
	Logger *slog.Logger
	// Registerer takes the metrics; nil keeps none.
	Registerer prometheus.Registerer
	// Secrets sign the tokens of /v1/next: the first one signs, all of them are
	// accepted. None: one of this process.
	Secrets [][]byte
	// MaxConnections is how many connections there may be at a time, each with one
	// request at a time; others wait to be accepted. 0 is
	// [policyrpc.DefaultMaxConnections].
	MaxConnections int
	// MaxConnectionAge is how long a connection is kept, give or take 10 %: then the
	// client has to make another one, which may lead to a new replica. 0 is
	// [policyrpc.DefaultMaxConnectionAge].
	MaxConnectionAge time.Duration
	// Now is the clock of /v1/next; nil: the system's.
	Now func() time.Time
}

// Server serves a policy over HTTP. Its methods are safe for concurrent use.
type Server struct {
	http           *http.Server
	next           *next.Server
	logger         *slog.Logger
	maxConnections int
}

// New returns a server of what rpc serves. The error is about metrics that the
// Registerer has already.
func New(rpc *policyrpc.Server, o Options) (*Server, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.MaxConnections == 0 {
		o.MaxConnections = policyrpc.DefaultMaxConnections
	}
	if o.MaxConnectionAge == 0 {
		o.MaxConnectionAge = policyrpc.DefaultMaxConnectionAge
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	metrics, err := newMetrics(o.Registerer)
	if err != nil {
		return nil, err
	}
	s := &Server{
		next:           &next.Server{Policy: rpc.Policy(policyrpc.ProtocolNext), Sealer: next.NewSealer(o.Secrets), Now: o.Now},
		logger:         o.Logger,
		maxConnections: o.MaxConnections,
	}
	s.http = &http.Server{
		Handler:           aged(o.MaxConnectionAge, recovered(rpc, http.MaxBytesHandler(s.routes(rpc, metrics), policyrpc.MaxRequestBytes))),
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(o.Logger.Handler(), slog.LevelWarn),
		ConnContext:       born,
	}
	return s, nil
}

// routes are the paths that are served.
func (s *Server) routes(rpc *policyrpc.Server, m *metrics) http.Handler {
	mux := http.NewServeMux()
	contract := rpc.HTTP()
	mux.Handle("/redirect.v1.RedirectPolicyService/Decide", m.around("decide", contract))
	mux.Handle("/redirect.v1.RedirectPolicyService/GetPolicyInfo", m.around("get_policy_info", contract))
	mux.Handle("POST /v1/next", m.around("next", http.HandlerFunc(s.serveNext)))
	mux.Handle("/", m.around("other", http.HandlerFunc(s.serveNothing)))
	return mux
}

// serveNothing says what there is.
func (s *Server) serveNothing(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/v1/next" {
		w.Header().Set("Allow", http.MethodPost)
		s.respond(w, asJSON, http.StatusMethodNotAllowed, &problem{"unimplemented", "want POST"})
		return
	}
	s.respond(w, asJSON, http.StatusNotFound, &problem{
		"unimplemented",
		"want POST /v1/next, /redirect.v1.RedirectPolicyService/Decide or /redirect.v1.RedirectPolicyService/GetPolicyInfo",
	})
}

// recovered turns a panic outside the policy into a 500.
func recovered(rpc *policyrpc.Server, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func(ctx context.Context) {
			if p := recover(); p != nil {
				_ = rpc.Recovered(ctx, p) // it is counted and logged; the status says all to the client
				w.WriteHeader(http.StatusInternalServerError)
			}
		}(r.Context())
		h.ServeHTTP(w, r)
	})
}

type bornKey struct{}

func born(ctx context.Context, _ net.Conn) context.Context {
	return context.WithValue(ctx, bornKey{}, time.Now())
}

// aged ends connections that are too old with their next answer.
func aged(limit time.Duration, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		at, ok := r.Context().Value(bornKey{}).(time.Time)
		jittered := time.Duration(float64(limit) * (0.9 + 0.2*rand.Float64()))
		if ok && time.Since(at) > jittered {
			w.Header().Set("Connection", "close")
		}
		h.ServeHTTP(w, r)
	})
}

// Serve answers on a listener until [Server.Drain], and then returns nil.
func (s *Server) Serve(l net.Listener) error {
	if err := s.http.Serve(netutil.LimitListener(l, s.maxConnections)); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the policy over HTTP on %s: %w", l.Addr(), err)
	}
	return nil
}

// Drain takes no new requests and waits for those in progress until ctx ends; then it
// cuts them off and returns the error of ctx.
func (s *Server) Drain(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	if err != nil {
		_ = s.http.Close() // what it can't close is gone
	}
	return err
}
