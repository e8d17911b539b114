package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	redirectv1 "github.com/redirectd/redirectd/gen/redirect/v1"
	"github.com/redirectd/redirectd/internal/policy"
)

// errSpoiled is over gRPC INVALID_ARGUMENT.
var errSpoiled = fmt.Errorf("spoiled: %w", policy.ErrInvalidRequest)

// errCrash is over gRPC INTERNAL.
var errCrash = errors.New("crash")

// spoiled is one question to a policy that breaks something.
type spoiled struct {
	ctx    context.Context //nolint:containedctx // that of the call, for its time alone
	req    *redirectv1.DecideRequest
	memory *memory
}

// memory is what a policy should not have.
type memory struct {
	mu       sync.Mutex
	last     string         // request_id of the question before
	most     map[string]int // attempts seen of each call
	inFlight atomic.Int32
	slots    chan struct{}
}

// decide asks the built-in policy. The answer is the caller's own.
func (p *spoiled) decide() (*redirectv1.DecideResponse, error) {
	resp, err := policy.NewBuiltin(nil).Decide(p.ctx, p.req)
	return proto.CloneOf(resp), err
}

// served makes a policy of a function.
func served(decide func(*spoiled) (*redirectv1.DecideResponse, error)) policy.Policy {
	m := &memory{most: make(map[string]int), slots: make(chan struct{}, 8)}
	return policy.Func(func(ctx context.Context, req *redirectv1.DecideRequest) (*redirectv1.DecideResponse, error) {
		return decide(&spoiled{ctx, req, m})
	})
}

// policyThat breaks something by what it answers.
func policyThat(breaks, how string, decide func(*spoiled) (*redirectv1.DecideResponse, error)) broken {
	return broken{breaks: breaks, how: how, serve: func(t *testing.T) (target, replica string) {
		t.Helper()
		return serve(t, served(decide), listenTCP(t)), ""
	}}
}

// within gives the questions another deadline.
func (b broken) within(patience time.Duration) broken {
	b.patience = patience
	return b
}

// remembers breaks something by what it remembers; its replica is a good one.
func remembers(breaks, how string, decide func(*spoiled) (*redirectv1.DecideResponse, error)) broken {
	return broken{breaks: breaks, how: how, serve: func(t *testing.T) (target, replica string) {
		t.Helper()
		return serve(t, served(decide), listenTCP(t)), serve(t, policy.NewBuiltin(nil), listenTCP(t))
	}}
}

// atOnce reports whether the question is one of several that are asked at a time.
func (p *spoiled) atOnce() bool { return strings.HasPrefix(p.req.GetRequestId(), "at-once-") }

// because decides, with another reason if that is not the same each time.
func (p *spoiled) because(differs bool) (*redirectv1.DecideResponse, error) {
	resp, err := p.decide()
	if differs && err == nil {
		resp.Explanation.Text += " this time"
	}
	return resp, err
}

func brokenState() []broken {
	const own = "state of its own"
	return []broken{
		remembers("stateless/again", "says that it was asked before", func(p *spoiled) (*redirectv1.DecideResponse, error) {
			p.memory.mu.Lock()
			defer p.memory.mu.Unlock()
			same := p.memory.last == p.req.GetRequestId()
			p.memory.last = p.req.GetRequestId()
			return p.because(same && !p.atOnce()) // of those the first may be the last one before
		}),
		remembers("stateless/order", "remembers the call before", func(p *spoiled) (*redirectv1.DecideResponse, error) {
			p.memory.mu.Lock()
			defer p.memory.mu.Unlock()
			after := p.memory.last == "a-301"
			p.memory.last = p.req.GetRequestId()
			return p.because(after && about(p.req, "a 300"))
		}),
		remembers("stateless/calls", "remembers the attempts of a call", func(p *spoiled) (*redirectv1.DecideResponse, error) {
			p.memory.mu.Lock()
			defer p.memory.mu.Unlock()
			id, n := p.req.GetCall().GetCallId(), len(p.req.GetAttempts())
			p.memory.most[id] = max(p.memory.most[id], n)
			return p.because(n < p.memory.most[id])
		}),
		{breaks: "stateless/replicas", how: "another configuration", serve: func(t *testing.T) (target, replica string) {
			t.Helper()
			return serve(t, builtin(t, ""), listenTCP(t)), serve(t, builtin(t, "profiles: [{name: default, max_attempts: 2}]"), listenTCP(t))
		}},
		policyThat("stateless/state-garbage", "takes what comes for its own", func(p *spoiled) (*redirectv1.DecideResponse, error) {
			resp, err := p.decide()
			if state := string(p.req.GetPolicyState()); state != "" && state != own {
				return nil, errCrash
			} else if err == nil {
				resp.PolicyState = []byte(own)
			}
			return resp, err
		}),
		policyThat("stateless/state-dropped", "needs its own", func(p *spoiled) (*redirectv1.DecideResponse, error) {
			resp, err := p.decide()
			if about(p.req, "call-turns") && len(p.req.GetAttempts()) > 1 && len(p.req.GetPolicyState()) == 0 {
				return nil, errSpoiled
			} else if err == nil {
				resp.PolicyState = []byte(own)
			}
			return resp, err
		}),
		spoil("stateless/shadow", "nothing in the shadow", func(req *redirectv1.DecideRequest, resp *redirectv1.DecideResponse) {
			if req.GetEdge().GetShadow() {
				rejecting(resp, &redirectv1.FinalResponse{Status: 480})
			}
		}),
	}
}

func brokenErrors() []broken {
	return []broken{
		policyThat("errors/unknown-profile", "a crash", func(p *spoiled) (*redirectv1.DecideResponse, error) {
			resp, err := p.decide()
			if errors.Is(err, policy.ErrUnknownProfile) {
				return nil, errCrash
			}
			return resp, err
		}),
		policyThat("errors/refuses-unknown-profile", "takes any", func(p *spoiled) (*redirectv1.DecideResponse, error) {
			if p.req.GetCall() != nil {
				p.req.Call.Profile = ""
			}
			return p.decide()
		}),
		policyThat("errors/nonsense", "a panic", func(p *spoiled) (*redirectv1.DecideResponse, error) {
			if len(p.req.GetAttempts()) == 0 {
				panic("index out of range")
			}
			return p.decide()
		}),
		policyThat("errors/refuses-nonsense", "480 to all", func(p *spoiled) (*redirectv1.DecideResponse, error) {
			resp, err := p.decide()
			if errors.Is(err, policy.ErrInvalidRequest) {
				resp = &redirectv1.DecideResponse{}
				rejecting(resp, &redirectv1.FinalResponse{Status: 480})
				return resp, nil
			}
			return resp, err
		}),
	}
}

func brokenWire() []broken {
	return append(brokenServers(),
		policyThat("wire/in-time", "too slow", func(p *spoiled) (*redirectv1.DecideResponse, error) {
			if about(p.req, "a 399") {
				<-p.ctx.Done()
				return nil, p.ctx.Err()
			}
			return p.decide()
		}).within(short),
		policyThat("wire/cancelled", "never gives a slot back", func(p *spoiled) (*redirectv1.DecideResponse, error) {
			select {
			case p.memory.slots <- struct{}{}:
			case <-p.ctx.Done():
				return nil, p.ctx.Err()
			}
			if about(p.req, "cancelled") {
				<-p.ctx.Done()
				return nil, p.ctx.Err() // and keeps it
			}
			defer func() { <-p.memory.slots }()
			return p.decide()
		}).within(short),
		policyThat("wire/concurrent", "shares a variable", func(p *spoiled) (*redirectv1.DecideResponse, error) {
			n := p.memory.inFlight.Add(1)
			defer p.memory.inFlight.Add(-1)
			if p.atOnce() {
				time.Sleep(30 * time.Millisecond) // so that others come
			}
			return p.because(n > 1)
		}),
		spoil("wire/unknown-fields", "another decision", func(req *redirectv1.DecideRequest, resp *redirectv1.DecideResponse) {
			if len(req.GetCall().ProtoReflect().GetUnknown()) > 0 {
				rejecting(resp, &redirectv1.FinalResponse{Status: 500})
			}
		}),
		policyThat("wire/unknown-fields", "refused", func(p *spoiled) (*redirectv1.DecideResponse, error) {
			if len(p.req.ProtoReflect().GetUnknown()) > 0 {
				return nil, errSpoiled
			}
			return p.decide()
		}),
		policyThat("wire/unknown-enums", "a crash", func(p *spoiled) (*redirectv1.DecideResponse, error) {
			for _, a := range p.req.GetAttempts() {
				if a.GetOutcome() > redirectv1.Outcome_OUTCOME_REFUSED {
					return nil, errCrash
				}
			}
			return p.decide()
		}),
		policyThat("wire/minimal", "needs a From", func(p *spoiled) (*redirectv1.DecideResponse, error) {
			if p.req.GetCall() != nil && p.req.GetCall().GetCaller() == nil {
				return nil, errCrash
			}
			return p.decide()
		}),
	)
}
