// Package grpcload holds the ends of a gRPC connection for the benchmark of a
// policy: bare grpc-go with the messages of the contract and an empty handler,
// and a client that asks as fast as it is answered.
package grpcload

import (
	"context"
	"fmt"
	"net"
	"os"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
)

// Echo is the empty handler: redirectd's floor.
type Echo struct {
	redirectv1.UnimplementedRedirectPolicyServiceServer

	// Record is a file that gets the first request; empty: none.
	Record string
	// Response is the file with what is answered; empty: Unavailable.
	Response string

	once   sync.Once
	answer *redirectv1.DecideResponse
}

// Serve answers at an address of TCP until the context ends.
func (e *Echo) Serve(ctx context.Context, address string) error {
	if e.Response != "" {
		e.answer = new(redirectv1.DecideResponse)
		if err := Load(e.Response, e.answer); err != nil {
			return err
		}
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp4", address)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	server := grpc.NewServer()
	redirectv1.RegisterRedirectPolicyServiceServer(server, e)
	stop := context.AfterFunc(ctx, server.Stop)
	defer stop()
	return server.Serve(listener)
}

// Decide answers the same every time.
func (e *Echo) Decide(_ context.Context, request *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
	if e.Record != "" {
		var err error
		e.once.Do(func() { err = Save(e.Record, request) })
		if err != nil {
			return nil, status.Error(codes.Internal, err.Error())
		}
	}
	if e.answer == nil {
		return nil, status.Error(codes.Unavailable, "nothing to answer with")
	}
	return e.answer, nil
}

// Save writes a message to a file, whole or not at all: somebody waits for it.
func Save(file string, m proto.Message) error {
	b, err := proto.Marshal(m)
	if err != nil {
		return fmt.Errorf("encode %s: %w", file, err)
	}
	if err := os.WriteFile(file+".part", b, 0o600); err != nil {
		return err
	}
	return os.Rename(file+".part", file)
}

// Load reads what [Save] wrote.
func Load(file string, m proto.Message) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := proto.Unmarshal(b, m); err != nil {
		return fmt.Errorf("decode %s: %w", file, err)
	}
	return nil
}
