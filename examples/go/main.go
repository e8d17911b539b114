// A redirect policy that sends numbers to the cheapest gateway. A 3xx whose
// contact is a number (sip:+4930123456@anything, tel:+4930123456) does not say
// where to go: the number goes to the gateways that have a route for it, the
// cheapest first. Contacts that are no numbers are tried as they are.
//
//	go run . --routes ../routes.csv --listen 127.0.0.1:50051
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

type policy struct {
	redirectv1.UnimplementedRedirectPolicyServiceServer
	routes *Routes
}

// Decide answers a question. To refuse a call is a decision; an error says that
// there is none.
func (p *policy) Decide(_ context.Context, q *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
	if q.GetEvent() == nil || q.GetCall() == nil || len(q.GetAttempts()) == 0 {
		return nil, status.Error(codes.InvalidArgument, "want call, attempts and one of redirect, failure and advice")
	}
	if r := q.GetRedirect(); r != nil && (r.GetResponse().GetStatus() < 300 || r.GetResponse().GetStatus() > 399) {
		return nil, status.Error(codes.InvalidArgument, "a redirect has a status from 300 to 399")
	}
	if profile := q.GetCall().GetProfile(); profile != "" && profile != "default" {
		return nil, status.Error(codes.FailedPrecondition, "there is no profile but default")
	}
	return decide(p.routes, q), nil
}

func (p *policy) GetPolicyInfo(context.Context, *redirectv1.GetPolicyInfoRequest) (*redirectv1.GetPolicyInfoResponse, error) {
	return &redirectv1.GetPolicyInfoResponse{Name: "least-cost", Version: version, ConfigRevision: p.routes.Revision, ContractRevision: "1.0"}, nil
}

func main() {
	file := flag.String("routes", "routes.csv", "`FILE` with prefix, gateway, price and carrier")
	listen := flag.String("listen", "127.0.0.1:50051", "`ADDRESS` to listen on")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	err := run(ctx, *file, *listen)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "least-cost:", err)
		os.Exit(1)
	}
}

// run serves until the context ends, and then until the questions that are on
// their way are answered.
func run(ctx context.Context, file, listen string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	routes, err := ParseRoutes(file, string(text))
	if err != nil {
		return err
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", listen)
	if err != nil {
		return err
	}
	healthy, server := health.NewServer(), grpc.NewServer()
	redirectv1.RegisterRedirectPolicyServiceServer(server, &policy{routes: routes})
	healthv1.RegisterHealthServer(server, healthy)
	context.AfterFunc(ctx, func() {
		healthy.Shutdown() // the edge leaves this instance
		time.AfterFunc(time.Second, server.Stop)
		server.GracefulStop()
	})
	fmt.Fprintf(os.Stderr, "listening addr=%s\n", l.Addr())
	return server.Serve(l)
}
