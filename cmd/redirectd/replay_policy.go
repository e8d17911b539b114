package main

import (
	"context"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
	"github.com/redirectd/redirectd/internal/policy/policyrpc"
	"github.com/redirectd/redirectd/internal/policy/replay"
)

// parallelRemote is how many questions are asked of a TARGET at once, unless the
// flags say otherwise: some wait while others are on their way.
const parallelRemote = 32

// askedPolicy is the policy that a replay asks.
type askedPolicy struct {
	policy.Policy

	info  *redirectv1.GetPolicyInfoResponse // nil if it does not say
	name  string                            // in some words
	close func()
	// remote is true of one at a TARGET.
	remote bool
}

// ask returns the policy that the flags name. One at a TARGET has to be there.
func (o *replayOptions) ask(ctx context.Context) (*askedPolicy, error) {
	if o.target != "" {
		return o.askTarget(ctx)
	}
	cfg, err := loadConfig(o.config)
	if err != nil {
		return nil, err
	}
	p := policy.NewBuiltin(cfg)
	name := "the default policy"
	if o.config != "" {
		name = o.config
	}
	return &askedPolicy{p, p.Info(), name + ", " + identity(p.Info()), func() {}, false}, nil
}

func (o *replayOptions) askTarget(ctx context.Context) (*askedPolicy, error) {
	client, err := policyrpc.Dial(o.target, policyrpc.ClientOptions{Timeout: o.timeout})
	if err != nil {
		return nil, err
	}
	closeClient := func() { _ = client.Close() } // nothing is in flight any more
	info, err := client.Info(ctx)
	if err != nil && status.Code(err) != codes.Unimplemented {
		closeClient()
		return nil, failure{err}
	}
	name := o.target
	if info != nil {
		name += ", " + identity(info)
	}
	return &askedPolicy{client, info, name, closeClient, true}, nil
}

// identity says who a policy says it is.
func identity(info *redirectv1.GetPolicyInfoResponse) string {
	return fmt.Sprintf("%s %s, configuration %s", info.GetName(), info.GetVersion(), info.GetConfigRevision())
}

// options say how to ask it. To one at a TARGET, which may be in use, it is said
// that nobody acts on its answers.
func (a *askedPolicy) options(o *replayOptions) replay.Options {
	options := replay.Options{Policy: a, Info: a.info, Parallel: o.parallel}
	if a.remote {
		options.Unavailable, options.Shadow = policyrpc.Unavailable, true
		if o.parallel == 0 {
			options.Parallel = parallelRemote
		}
	}
	return options
}
