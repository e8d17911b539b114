package grpcload

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"

	"github.com/redirectd/redirectd/bench/probe"
)

// Asker asks a policy the same question again and again.
type Asker struct {
	Target   string        // gRPC target
	Request  string        // file with the question
	Save     string        // file for the first answer; empty: none
	InFlight int           // questions at a time
	Time     time.Duration // how long; 0: one question
}

// Answered is what an [Asker] got.
type Answered struct {
	Decisions int64
	Failed    int64
	Seconds   float64
	P50, P99  float64 // ms
}

// Ask asks, over one connection, as an edge does.
func (a Asker) Ask(ctx context.Context) (Answered, error) {
	question := new(redirectv1.DecideRequest)
	if err := Load(a.Request, question); err != nil {
		return Answered{}, err
	}
	conn, err := grpc.NewClient(a.Target, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return Answered{}, fmt.Errorf("policy %s: %w", a.Target, err)
	}
	defer func() { _ = conn.Close() }() // all answers are in
	client := redirectv1.NewRedirectPolicyServiceClient(conn)
	first, err := a.first(ctx, client, question)
	if err != nil {
		return Answered{}, fmt.Errorf("policy %s: %w", a.Target, err)
	}
	if a.Save != "" {
		return Answered{Decisions: 1}, Save(a.Save, first)
	}
	return a.load(ctx, client, question)
}

// first waits until the policy is there.
func (a Asker) first(ctx context.Context, client redirectv1.RedirectPolicyServiceClient, question *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return client.Decide(ctx, question, grpc.WaitForReady(true))
}

func (a Asker) load(ctx context.Context, client redirectv1.RedirectPolicyServiceClient, question *redirectv1.DecideRequest) (Answered, error) {
	var failed atomic.Int64
	var wait sync.WaitGroup
	took := make([][]float64, a.InFlight)
	began := time.Now()
	for i := range took {
		wait.Go(func() {
			for time.Since(began) < a.Time && ctx.Err() == nil {
				sent := time.Now()
				if _, err := client.Decide(ctx, question); err != nil {
					failed.Add(1)
					continue
				}
				took[i] = append(took[i], float64(time.Since(sent).Nanoseconds())/1e6)
			}
		})
	}
	wait.Wait()
	seconds := time.Since(began).Seconds()
	all := slices.Sorted(slices.Values(slices.Concat(took...)))
	if len(all) == 0 && a.Time > 0 {
		return Answered{}, errors.New("no question was answered")
	}
	return Answered{int64(len(all)), failed.Load(), seconds, probe.Quantile(all, 0.5), probe.Quantile(all, 0.99)}, nil
}
