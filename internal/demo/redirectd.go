package demo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"

	"google.golang.org/grpc"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/policyrpc"
)

// policies is the configuration of redirectd, and of the embedded policy.
const policies = `
profiles:
  - name: default
  - name: no-redirect
    redirect: disabled
`

// redirectd is the program of that name in this process: the built-in policy
// behind a gRPC server on a socket.
type redirectd struct {
	server  *policyrpc.Server
	addr    string
	decided atomic.Int64 // questions that came over the wire
	served  chan error
	stopped bool
}

func startRedirectd(builtin *policy.Builtin) (*redirectd, error) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("redirectd: %w", err)
	}
	r := &redirectd{addr: listener.Addr().String(), served: make(chan error, 1)}
	counted := policy.Func(func(ctx context.Context, req *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
		r.decided.Add(1)
		return builtin.Decide(ctx, req)
	})
	server, err := policyrpc.NewServer(counted, builtin.Info, policyrpc.ServerOptions{})
	if err != nil {
		_ = listener.Close()
		return nil, fmt.Errorf("redirectd: %w", err)
	}
	r.server = server
	go func() { r.served <- server.Serve(listener) }()
	return r, nil
}

// stop ends the server at once, as if the process had died. It may be called
// again.
func (r *redirectd) stop(ctx context.Context) error {
	if r.stopped {
		return nil
	}
	r.stopped = true
	gone, cancel := context.WithCancel(ctx)
	cancel()
	_ = r.server.Drain(gone) // the error is that of gone
	if err := <-r.served; err != nil && !errors.Is(err, grpc.ErrServerStopped) {
		return fmt.Errorf("redirectd: %w", err)
	}
	return nil
}
